import { describe, expect, test } from 'vitest';
import { JoineryError } from '../domain/error.ts';
import { Secret } from '../domain/masking.ts';
import { explainMssqlError } from './mssql-errors.ts';
import { explainPostgresError } from './postgres-errors.ts';
import { readStatement } from './statement.ts';

const connection = new Secret('HR', 'postgres://hr:hidden-pw@db/hr');
const reported = (members: Readonly<Record<string, unknown>>): Error => Object.assign(new Error('it failed'), members);

describe('what PostgreSQL reports', () => {
  test.each([
    ['42501', 'SRC-203'],
    ['42P01', 'SRC-202'],
    ['57014', 'SRC-207'],
    ['55P03', 'SRC-208'],
    ['25006', 'SRC-209'],
    ['40001', 'SRC-210'],
    ['40P01', 'SRC-210'],
    ['57P01', 'SRC-102'],
    ['08006', 'SRC-102'],
    ['ECONNRESET', 'SRC-102'],
    ['53300', 'SRC-101'],
    ['57P03', 'SRC-101'],
    ['ENOTFOUND', 'SRC-101'],
    ['28P01', 'SRC-103'],
    ['3D000', 'SRC-103'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'SRC-104'],
    ['22P02', 'SRC-211'],
    ['XX000', 'SRC-211'],
  ])('%s is %s', (code, expected) => {
    expect(explainPostgresError(reported({ code }), connection).code).toBe(expected);
  });

  test.each([
    ['transaction blocks not allowed in statement pooling mode', 'SRC-107', 'pool_mode'],
    ['unsupported startup parameter: options', 'SRC-105', 'ALTER ROLE'],
    ['unsupported startup parameter in options: search_path', 'SRC-105', 'ALTER ROLE'],
    ['SSL required', 'SRC-104', 'sslmode'],
    ['SASL authentication failed', 'SRC-103', 'connection string'],
    ['no such database: hr', 'SRC-103', 'connection string'],
    ['no more connections allowed (max_client_conn)', 'SRC-101', 'max_client_conn'],
    ['query_wait_timeout', 'SRC-101', 'pool_size'],
    ['query timeout', 'SRC-102', 'query_timeout'],
    ['server conn crashed?', 'SRC-102', 'ask the DBA'],
  ])('"%s" of a pooler is %s', (message, code, fix) => {
    const error = Object.assign(new Error(message), { code: '08P01' });
    expect(explainPostgresError(error, connection)).toMatchObject({ code, fix: expect.stringContaining(fix) });
  });

  test.each([
    ['Connection terminated unexpectedly', 'SRC-102'],
    ['timeout expired', 'SRC-101'],
    ['The server does not support SSL connections', 'SRC-104'],
    ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', 'SRC-103'],
  ])('"%s" is %s', (message, expected) => {
    expect(explainPostgresError(new Error(message), connection).code).toBe(expected);
  });

  test('keeps passwords and data out of the message, and passes our own errors on', () => {
    const leak = explainPostgresError(reported({ code: '22P02', message: 'bad "Müller" at postgres://hr:hidden-pw@db/hr' }), connection);
    expect(leak.message).toBe('PostgreSQL (HR): bad "•••" at postgres://hr:•••@db/hr [22P02]');
    const own = new JoineryError('SRC-301', 'ours');
    expect(explainPostgresError(own, connection)).toBe(own);
    expect(explainPostgresError('a text', connection).message).toContain('a text');
  });

  test('tells a statement that somebody ended from one that took too long', () => {
    const ended = explainPostgresError(reported({ code: '57014', message: 'canceling statement due to user request' }), connection);
    expect(ended).toMatchObject({ code: 'SRC-207', fix: expect.stringContaining('pg_cancel_backend') });
    const late = explainPostgresError(reported({ code: '57014', message: 'canceling statement due to statement timeout' }), connection);
    expect(late.fix).toContain('statementTimeout');
  });

  test('does not send anybody to the firewall when the server answered', () => {
    for (const code of ['53300', '55000', '57P03']) {
      const refused = explainPostgresError(reported({ code, message: 'no connection now' }), connection);
      expect(refused).toMatchObject({ code: 'SRC-101', fix: expect.not.stringContaining('firewall') });
    }
    const statement = readStatement({ sql: 'select 1', file: 'q.sql', firstLine: 1 }, 'postgres');
    expect(explainPostgresError(reported({ code: '55000' }), connection, { statement, shift: 0 }).code).toBe('SRC-211');
  });

  test('counts characters, not code units, from the statement’s beginning', () => {
    const statement = readStatement({ sql: "--\nselect '😀', oops", file: 'q.sql', firstLine: 1 }, 'postgres');
    const error = reported({ code: '42703', position: String('EXPLAIN '.length + "select '😀', ".length - 1 + 1) });
    expect(explainPostgresError(error, connection, { statement, shift: 'EXPLAIN '.length }).place).toEqual({
      file: 'q.sql',
      line: 2,
      column: 14,
    });
    expect(explainPostgresError(reported({ code: '42703' }), connection, { statement, shift: 0 }).place).toEqual({
      file: 'q.sql',
      line: 2,
      column: 1,
    });
  });
});

describe('what SQL Server reports', () => {
  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{ number: 1222 }, 'SRC-208'],
    [{ number: 3960 }, 'SRC-210'],
    [{ number: 18_456 }, 'SRC-103'],
    [{ number: 4060 }, 'SRC-103'],
    [{ number: 3906 }, 'SRC-209'],
    [{ number: 3958 }, 'SRC-210'],
    [{ number: 40_613, code: 'ELOGIN' }, 'SRC-101'],
    [{ number: 979, code: 'ELOGIN' }, 'SRC-103'],
    [{ number: 40_197 }, 'SRC-102'],
    [{ number: 468, class: 16 }, 'SRC-202'],
    [{ number: 4145, class: 15 }, 'SRC-202'],
    [{ number: 11_514 }, 'SRC-202'],
    [{ number: 8152 }, 'SRC-211'],
    [{ code: 'ELOGIN' }, 'SRC-103'],
    [{ code: 'ETIMEOUT', message: 'Failed to connect to db:1433 in 15000ms' }, 'SRC-101'],
    [{ code: 'ETIMEOUT', message: 'Timeout: Request failed to complete in 1000ms' }, 'SRC-207'],
    [{ code: 'ESOCKET', message: 'Failed to connect to db:1433 - connect ECONNREFUSED' }, 'SRC-101'],
    [{ code: 'ESOCKET', message: 'Connection lost - read ECONNRESET' }, 'SRC-102'],
    [{ code: 'ESOCKET', message: 'Failed to connect - self-signed certificate' }, 'SRC-104'],
    [{ code: 'ECONNCLOSED' }, 'SRC-102'],
    [{}, 'SRC-211'],
  ])('%j is %s', (members, expected) => {
    expect(explainMssqlError(reported(members), connection).code).toBe(expected);
  });

  test('says where a snapshot has to be allowed, and who has to take connections that only read', () => {
    const other =
      "Snapshot isolation transaction failed accessing database 'payroll' because snapshot isolation is not allowed in this database.";
    expect(explainMssqlError(reported({ number: 3952, message: other }), connection)).toMatchObject({
      code: 'SRC-210',
      message: expect.stringContaining("'payroll'"),
      fix: expect.stringContaining('ALLOW_SNAPSHOT_ISOLATION'),
    });
    expect(explainMssqlError(reported({ number: 979 }), connection).fix).toContain('applicationIntent=ReadWrite');
  });

  test('is told by the first message of a batch', () => {
    const error = reported({ number: 11_501, precedingErrors: [reported({ number: 208, message: "Invalid object name 'workers'." })] });
    expect(explainMssqlError(error, connection)).toMatchObject({
      code: 'SRC-202',
      message: "SQL Server (HR): Invalid object name 'workers'. [208]",
    });
  });
});
