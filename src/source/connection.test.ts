import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Secret } from '../domain/masking.ts';
import { readMssqlUrl, refusePlainLogin } from './mssql-connection.ts';
import { openSource } from './open-source.ts';
import { readPostgresUrl } from './postgres-connection.ts';

const postgres = (text: string): ReturnType<typeof readPostgresUrl> => readPostgresUrl(new Secret('HR', text), 'joinery');
const mssql = (text: string): ReturnType<typeof readMssqlUrl> => readMssqlUrl(new Secret('HR', text), 'joinery', 1000);

describe('a connection string of PostgreSQL', () => {
  test('is taken apart, escapes undone', async () => {
    expect(await postgres('postgres://hr%40x:p%3Aw%2F@db.example:5433/hr%20db?application_name=night&connect_timeout=3')).toMatchObject({
      host: 'db.example',
      port: 5433,
      user: 'hr@x',
      password: 'p:w/',
      database: 'hr db',
      application_name: 'night',
      connectionTimeoutMillis: 3000,
    });
    expect(await postgres('postgresql:///hr?host=/var/run/postgresql')).toMatchObject({
      host: '/var/run/postgresql',
      database: 'hr',
      ssl: false,
    });
  });

  test.each<[string, unknown]>([
    ['postgres://db.example/hr', { rejectUnauthorized: true }],
    ['postgres://db.example/hr?sslmode=require', { rejectUnauthorized: true }],
    ['postgres://db.example/hr?sslmode=no-verify', { rejectUnauthorized: false }],
    ['postgres://db.example/hr?sslmode=disable', false],
    ['postgres://10.0.0.5/hr', { rejectUnauthorized: true }],
    ['postgres://127.0.0.1/hr', false],
    ['postgres://localhost/hr', false],
    ['postgres://[::1]/hr', false],
    ['postgres://127.0.0.1/hr?sslmode=verify-full', { rejectUnauthorized: true }],
    ['postgres://127.example/hr', { rejectUnauthorized: true }],
  ])('decides about TLS: %s', async (text, ssl) => {
    expect((await postgres(text)).ssl).toEqual(ssl);
  });

  test('reads certificates from their files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'joinery-tls-'));
    try {
      await writeFile(join(folder, 'ca.pem'), 'CA');
      const ssl = (await postgres(`postgres://db/hr?sslrootcert=${encodeURIComponent(join(folder, 'ca.pem'))}`)).ssl;
      expect(ssl).toEqual({ rejectUnauthorized: true, ca: 'CA' });
      await expect(postgres(`postgres://db/hr?sslkey=${encodeURIComponent(join(folder, 'none.pem'))}`)).rejects.toMatchObject({
        code: 'SRC-105',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    'host=db dbname=hr',
    'mysql://u:secret-pw@db/hr',
    'postgres://db/hr?sslmode=prefer',
    'postgres://db/hr?sslmodus=disable',
    'postgres://db/hr?connect_timeout=soon',
  ])('refuses %s without repeating a password', async (text) => {
    await expect(postgres(text)).rejects.toMatchObject({ code: 'SRC-105', message: expect.not.stringContaining('secret-pw') });
  });
});

describe('a connection string of SQL Server', () => {
  test('is taken apart, escapes undone', async () => {
    const text =
      'mssql://hr%40x:p%3Aw@db.example:1444/hr?applicationName=night&connectTimeout=3&applicationIntent=ReadWrite&encrypt=false&trustServerCertificate=yes';
    expect(await mssql(text)).toMatchObject({
      server: 'db.example',
      port: 1444,
      user: 'hr@x',
      password: 'p:w',
      database: 'hr',
      connectionTimeout: 3000,
      options: { appName: 'night', readOnlyIntent: false, encrypt: false, trustServerCertificate: true },
    });
  });

  test('may be an ADO.NET string', async () => {
    expect(await mssql('Server=tcp:db.example,1444;Database=hr;User Id=joinery;Password=secret;TrustServerCertificate=true')).toMatchObject(
      {
        server: 'db.example',
        port: 1444,
        database: 'hr',
        user: 'joinery',
        password: 'secret',
        options: { trustServerCertificate: true, encrypt: true },
      },
    );
  });

  test('says in ADO.NET words what it says in a URL, and keeps what quotes hold', async () => {
    const ado = `Data Source=db.example\\HR; Initial Catalog = hr;UID=CORP\\anna;PWD='a;''b';Encrypt=Strict;ApplicationIntent=ReadOnly;HostNameInCertificate=db;App=night;Pooling=true;`;
    expect(await mssql(ado)).toMatchObject({
      server: 'db.example',
      domain: 'CORP',
      user: 'anna',
      password: "a;'b",
      database: 'hr',
      options: { encrypt: 'strict', readOnlyIntent: true, serverName: 'db', appName: 'night', instanceName: 'HR' },
    });
    expect(await mssql("Server=db;User Id=u;Password='a=b")).toMatchObject({ password: "'a=b" });
    const secret =
      'Server=x.database.windows.net;Authentication=Active Directory Service Principal;User Id=app;Password={p}}w};Tenant Id=t';
    expect(await mssql(secret)).toMatchObject({
      authentication: {
        type: 'azure-active-directory-service-principal-secret',
        options: { clientId: 'app', clientSecret: 'p}w', tenantId: 't' },
      },
    });
    expect(await mssql('mssql://x.database.windows.net/hr?authentication=ActiveDirectoryManagedIdentity&encrypt=strict')).toMatchObject({
      authentication: { type: 'azure-active-directory-msi-vm' },
      options: { encrypt: 'strict' },
    });
  });

  test.each([
    ['mssql://db.example/hr', true, false],
    ['mssql://127.0.0.1/hr', false, false],
    ['sqlserver://127.0.0.1/hr?encrypt=true', true, false],
    ['Server=db.example;Database=hr', true, false],
  ])('decides about encryption: %s', async (text, encrypt, trustServerCertificate) => {
    expect((await mssql(text)).options).toMatchObject({ encrypt, trustServerCertificate, readOnlyIntent: true });
  });

  test.each([
    'nothing',
    'http://u:secret-pw@db/hr',
    'mssql://db/hr?encrypted=true',
    'mssql://db/hr?encrypt=maybe',
    'mssql://db/hr?applicationIntent=Both',
    'mssql://db/hr?connectTimeout=0',
    'Database=hr',
    'mssql://db:1444/hr?instanceName=HR',
    'Server=db;Integrated Security=SSPI',
    'Server=db;Password=secret-pw;Column Encryption Setting=Enabled',
    'Server=db;User Id=u;Password=secret-pw;Authentication=Active Directory Interactive',
    'Server=np:\\\\.\\pipe\\sql\\query',
  ])('refuses %s without repeating a password', async (text) => {
    await expect(mssql(text)).rejects.toMatchObject({ code: 'SRC-105', message: expect.not.stringContaining('secret-pw') });
  });

  test('holds each login back until its connection is secure', () => {
    let secure = (): void => undefined;
    let sent = 0;
    const connection = {
      once: (_event: 'secure', listener: () => void) => {
        secure = listener;
      },
      sendLogin7Packet: () => {
        sent++;
      },
    };
    refusePlainLogin(connection);
    expect(() => connection.sendLogin7Packet()).toThrow('the login was not sent');
    secure();
    connection.sendLogin7Packet();
    expect(() => connection.sendLogin7Packet()).toThrow('the login was not sent');
    expect(sent).toBe(1);
    expect(() => refusePlainLogin({ once: () => undefined })).toThrow('tedious');
  });
});

test('a source of another type is refused by name', async () => {
  const declaration = JSON.parse('{"type":"oracle"}');
  await expect(openSource(declaration)).rejects.toMatchObject({ code: 'SRC-106', message: expect.stringContaining('oracle') });
});
