import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../src/domain/clock.ts';
import { Secret } from '../src/domain/masking.ts';
import type { PostgresSource } from '../src/pipeline/pipeline.ts';
import type { Source } from '../src/source/contract.ts';
import { openSource } from '../src/source/open-source.ts';
import { listenToOutbox } from '../src/source/outbox.ts';
import { makeCertificate } from './certificate.ts';
import { freshDatabase } from './database.ts';
import { pgbouncerVersion, startPgBouncer, type PgBouncer } from './pgbouncer.ts';
import { query, readAll } from './postgres-source.ts';
import { openForTest } from './state.ts';

/** Needs `apt-get install pgbouncer`, or JOINERY_PGBOUNCER; without one these sentences are skipped. */
describe.skipIf(pgbouncerVersion === undefined)(`through PgBouncer ${pgbouncerVersion ?? '(none is installed)'}`, () => {
  let url: string;
  let poolers: PgBouncer[] = [];

  beforeAll(async () => {
    url = await freshDatabase('pooled');
  });
  afterEach(async () => {
    await Promise.all(poolers.map((pooler) => pooler.stop()));
    poolers = [];
  });
  /** Which the pooler may enter, too, whatever account it runs as. */
  const freshFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'joinery-pooled-'));
    await chmod(folder, 0o755);
    onTestFinished(() => rm(folder, { recursive: true }));
    return folder;
  };
  const start = async (...[settings, database]: [settings: Readonly<Record<string, string>>, database?: string]): Promise<PgBouncer> => {
    const pooler = await startPgBouncer(url, settings, database);
    poolers.push(pooler);
    return pooler;
  };

  describe('the state', () => {
    test.each([
      ['transaction', {}],
      ['transaction', { ignore_startup_parameters: 'options' }],
      ['transaction', { server_round_robin: '1' }],
      ['statement', {}],
    ])('is refused in mode %s, %o: two processes would hold one lease', async (mode, more) => {
      const pooler = await start({ pool_mode: mode, ...more });
      // Nobody else's session is changed by asking.
      const stranger = new Client({ connectionString: pooler.url });
      await stranger.connect();
      await expect(openForTest(pooler.url)).rejects.toMatchObject({ code: 'STO-107', exit: 'configuration' });
      expect((await stranger.query('show search_path')).rows).toEqual([{ search_path: '"$user", public' }]);
      await stranger.end();
    });

    test('is kept in mode session, in its own schema, with one holder of a lease', async () => {
      const pooler = await start({ pool_mode: 'session', ignore_startup_parameters: 'options' });
      const [one, two] = [await openForTest(pooler.url), await openForTest(pooler.url)];
      const lease = await one.acquireLease('contoso', 'one', 1);
      await expect(two.acquireLease('contoso', 'two', 2)).rejects.toMatchObject({ code: 'STO-201' });
      const direct = await openForTest(url);
      await expect(direct.acquireLease('contoso', 'direct', 3)).rejects.toMatchObject({ code: 'STO-201' });
      await lease.release();
      expect((await direct.acquireLease('contoso', 'direct', 4)).epoch).toBe(2);
    });

    test('gives a lease back where the pooler resets nothing', async () => {
      const pooler = await start({ pool_mode: 'session', server_reset_query: '' });
      const one = await openForTest(pooler.url);
      await (await one.acquireLease('unreset', 'one', 1)).release();
      const direct = await openForTest(url);
      expect((await direct.acquireLease('unreset', 'direct', 2)).epoch).toBe(2);
    });

    test('says of a lease that the pooler ended why it is lost', async () => {
      const pooler = await start({ pool_mode: 'session' });
      const store = await openForTest(pooler.url);
      const lease = await store.acquireLease('killed', 'one', 1);
      const lost = new Promise((resolve) => lease.lost.addEventListener('abort', () => resolve(lease.lost.reason), { once: true }));
      await pooler.command(`KILL ${new URL(url).pathname.slice(1)}`);
      expect(await lost).toMatchObject({ code: 'STO-202', message: expect.stringContaining('was lost: ') });
    });
  });

  describe('a source', () => {
    const place = { file: 'p.yaml', line: 1, column: 1 };
    let sources: Source[] = [];
    let admin: Client;
    beforeAll(async () => {
      admin = new Client({ connectionString: url });
      await admin.connect();
      await admin.query("create table people as select i as id, 'ü' || i as name from generate_series(1, 20000) i");
    });
    afterEach(async () => {
      await Promise.all(sources.map((source) => source.close()));
      sources = [];
    });
    afterAll(() => admin.end());
    const open = async (at: string, over: Partial<PostgresSource> = { table: 'people' }): Promise<Source> => {
      const source = await openSource({ type: 'postgres', connection: new Secret('HR', at), key: 'id', statementTimeout: 60_000, ...over });
      sources.push(source);
      return source;
    };
    const endless = query("select 1 as id, pg_sleep(3600)::text as never from (select 'endless') as t");
    const running = async (): Promise<number> =>
      (
        await admin.query(
          "select 1 from pg_stat_activity where query like 'COPY%endless%' and state = 'active' and pid <> pg_backend_pid()",
        )
      ).rows.length;

    test.each([
      ['session', {}],
      ['session', { auth_type: 'md5' }],
      ['transaction', {}],
      ['transaction', { server_round_robin: '1', server_reset_query_always: '1' }],
    ])('is read in mode %s, %o, whole and by versions', async (mode, more) => {
      const { url: at } = await start({ pool_mode: mode, ...more });
      const source = await open(at, { table: 'people', versions: { fullPass: 86_400_000, place } });
      expect((await readAll(source)).length).toBe(20_000);
      expect(await source.versions?.refusal()).toBeUndefined();
    });

    test.each([
      ['session', 'pool_size=1', {}],
      ['transaction', 'pool_size=1', {}],
      ['transaction', '', { max_client_conn: '1' }],
    ])('is cancelled on the server, mode %s %s %o, though there is no session for whoever cancels', async (mode, database, more) => {
      const { url: at } = await start({ pool_mode: mode, ...more }, database);
      const source = await open(at, endless);
      const stop = new AbortController();
      const abort = async (): Promise<void> => {
        while ((await running()) === 0) continue;
        stop.abort(new Error('enough'));
      };
      await Promise.all([expect(readAll(source, 1n, 100, stop.signal)).rejects.toThrow('enough'), abort()]);
      expect(await running()).toBe(0);
    });

    test.each([
      ['SRC-107', 'statement pooling', { pool_mode: 'statement' }, {}],
      ['SRC-105', 'startup parameter', { pool_mode: 'transaction' }, { search: '?options=-c%20statement_timeout%3D1' }],
      ['SRC-103', 'authentication failed', { pool_mode: 'transaction' }, { password: 'wrong' }],
      ['SRC-103', 'no such database', { pool_mode: 'transaction' }, { pathname: '/nowhere' }],
      ['SRC-104', 'SSL required', { tls: 'yes' }, {}],
    ])('tells %s, %s', async (code, words, settings: Readonly<Record<string, string>>, change) => {
      const { url: at } = await start('tls' in settings ? await encrypted() : settings);
      await expect(open(Object.assign(new URL(at), change).href)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
    });

    test('tells of a pooler that has no place, or that is paused', async () => {
      const full = await start({ max_client_conn: '1' });
      const other = new Client({ connectionString: full.url });
      await other.connect();
      await expect(open(full.url)).rejects.toMatchObject({ code: 'SRC-101', message: expect.stringContaining('no more connections') });
      await other.end();
      const paused = await start({ query_wait_timeout: '1' });
      await paused.command('PAUSE');
      await expect(open(paused.url)).rejects.toMatchObject({ code: 'SRC-101', fix: expect.stringContaining('PAUSE') });
    });

    test('tells of a pooler that ended the read: killed, or after a time of its own', async () => {
      const killing = await start({ pool_mode: 'transaction' });
      const source = await open(killing.url, endless);
      const kill = async (): Promise<void> => {
        while ((await running()) === 0) continue;
        await killing.command(`KILL ${new URL(url).pathname.slice(1)}`);
      };
      await Promise.all([expect(readAll(source)).rejects.toMatchObject({ code: 'SRC-102' }), kill()]);
      const hasty = await start({ pool_mode: 'transaction', query_timeout: '1' });
      await expect(readAll(await open(hasty.url, endless))).rejects.toMatchObject({
        code: 'SRC-102',
        fix: expect.stringContaining('query_timeout'),
      });
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'COPY%endless%' and pid <> pg_backend_pid()",
      );
    });

    test('goes on over RECONNECT', async () => {
      const pooler = await start({ pool_mode: 'transaction' });
      let rows = 0;
      for await (const part of (await open(pooler.url)).read({ seed: 1n })) {
        if (rows === 0) await pooler.command('RECONNECT');
        rows += part.length;
      }
      expect(rows).toBe(20_000);
    });

    /** The certificate is its own authority. */
    const encrypted = async (): Promise<Readonly<Record<string, string>>> => {
      const folder = await freshFolder();
      const { certificate, key } = makeCertificate(new Date(Date.UTC(2020, 0, 1)), new Date(Date.UTC(2100, 0, 1)), 'localhost');
      const file = (name: string): string => join(folder, name);
      await Promise.all([writeFile(file('cert.pem'), certificate), writeFile(file('key.pem'), key)]);
      return {
        pool_mode: 'transaction',
        client_tls_sslmode: 'require',
        client_tls_cert_file: file('cert.pem'),
        client_tls_key_file: file('key.pem'),
      };
    };

    test('is verified by default, read with the authority of the certificate, and cancelled encrypted', async () => {
      const settings = await encrypted();
      const pooler = await start(settings, 'pool_size=1');
      const at = new URL(pooler.url);
      at.hostname = 'localhost';
      at.searchParams.set('sslmode', 'require');
      await expect(open(at.href)).rejects.toMatchObject({ code: 'SRC-104', fix: expect.stringContaining('sslrootcert') });
      at.searchParams.set('sslrootcert', settings['client_tls_cert_file'] ?? '');
      expect((await readAll(await open(at.href))).length).toBe(20_000);
      await expect(readAll(await open(at.href, { ...endless, statementTimeout: 200 }))).rejects.toMatchObject({ code: 'SRC-207' });
      expect(await running()).toBe(0);
    });

    const outbox = { kind: 'notify', channel: 'joinery_workers', place } as const;
    const listen = (at: string, signal: AbortSignal, ready: () => void, changed: () => void): Promise<void> =>
      listenToOutbox({ type: 'postgres', connection: new Secret('HR', at), key: 'id', statementTimeout: 60_000, table: 'people' }, outbox, {
        clock: systemClock,
        signal,
        ready,
        changed,
      });

    test.each(['transaction', 'statement'])('is not listened to in mode %s, where nothing would ever be heard', async (mode) => {
      const { url: at } = await start({ pool_mode: mode });
      const never = (): void => expect.unreachable();
      await expect(listen(at, new AbortController().signal, never, never)).rejects.toMatchObject({ code: 'SRC-107' });
    });

    test('is listened to in mode session, and only its own channel counts', async () => {
      const { url: at } = await start({ pool_mode: 'session' });
      const stop = new AbortController();
      let heard = 0;
      await listen(
        at,
        stop.signal,
        () => void admin.query('notify joinery_workers'),
        () => {
          heard++;
          stop.abort(new Error('enough'));
        },
      );
      expect(heard).toBe(1);
    });
  });
});
