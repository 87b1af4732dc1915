import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/certificate.ts';
import {
  answerFromTables,
  startTdsDouble,
  type TdsAnswer,
  type TdsColumn,
  type TdsDouble,
  type TdsDoubleOptions,
} from '../../test/tds-double.ts';
import { Secret } from '../domain/masking.ts';
import type { Row } from '../domain/row.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import type { MssqlSource } from '../pipeline/pipeline.ts';
import type { Source, SourceOptions } from './contract.ts';
import { openSource } from './open-source.ts';

const place = { file: 'p.yaml', line: 9, column: 5 };
const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of toClose.splice(0).toReversed()) await each.close();
});

const id: TdsColumn = { name: 'id', type: 'int' };
const columns: readonly TdsColumn[] = [id, { name: 'name', type: 'nvarchar', length: 'max' }];
const numbered = (count: number, filler: string): Iterable<readonly [number, string]> => ({
  *[Symbol.iterator]() {
    for (let n = 1; n <= count; n++) yield [n, filler];
  },
});

async function start(answer: TdsDoubleOptions['answer'], options: Partial<TdsDoubleOptions> = {}): Promise<TdsDouble> {
  const double = await startTdsDouble({ answer, ...options });
  toClose.push(double);
  return double;
}

async function open(double: TdsDouble, over: Partial<MssqlSource>, options: SourceOptions = { lockTimeout: 200 }): Promise<Source> {
  const source = await openSource(
    { type: 'mssql', connection: new Secret('HR_DATABASE_URL', double.url), key: 'id', statementTimeout: 60_000, ...over },
    options,
  );
  toClose.push(source);
  return source;
}

const query = (sql: string): Partial<MssqlSource> => ({ query: { sql, file: 'workers.sql', firstLine: 3 } });

async function readAll(source: Source, signal?: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of source.read({ seed: 1n, ...(signal === undefined ? {} : { signal }) })) rows.push(...part);
  return rows;
}

describe('reading SQL Server', () => {
  test('reads a query of one statement in a snapshot, and leaves nothing behind', async () => {
    const double = await start(() => ({
      columns,
      rows: [
        [9, 'a'],
        [10, null],
        [11, 'ż😀'],
      ],
    }));
    const source = await open(double, query('-- all\nselect id, name from people order by id;'));
    expect(source).toMatchObject({ type: 'mssql', keyOrder: 'integer', oneMoment: true });
    const rows = await readAll(source);
    expect(rows.map(({ key, values }) => [key, values['name']])).toEqual([
      ['9', 'a'],
      ['10', null],
      ['11', 'ż😀'],
    ]);
    expect(double.log.slice(-5)).toEqual([
      'begin 5',
      'SET LOCK_TIMEOUT 200; SET DEADLOCK_PRIORITY LOW; SET NOCOUNT OFF;',
      'describe select id, name from people order by id',
      'select id, name from people order by id',
      'rollback',
    ]);
    expect(double.logins[0]).toMatchObject({ user: 'joinery', applicationName: 'joinery', database: 'hr', readOnlyIntent: true });
  });

  test.each([
    ['snapshot', true, 'begin 5'],
    ['readCommittedSnapshot', true, 'begin 2'],
    ['locks', false, 'begin 2'],
  ] as const)('takes what a database with %s allows', async (isolation, oneMoment, begin) => {
    const double = await start(() => ({ columns, rows: [] }), { isolation });
    const source = await open(double, query('select id, name from people order by id'));
    expect(source.oneMoment).toBe(oneMoment);
    expect(double.log).toContain(begin);
  });

  test('builds the query of a table: order by code units, long decimals and money as text', async () => {
    const table = {
      name: 'hr.workers',
      columns: [
        { name: 'id', type: 'varchar' },
        { name: 'pay', type: 'decimal', precision: 38, scale: 10 },
        { name: 'bonus', type: 'money' },
        { name: 'other', type: 'int' },
      ],
      rows: [
        ['A', '1234567890123456789012345678.0123456789', '922337203685477.5807', 1],
        ['a', null, '-0.0001', 2],
      ],
    } as const;
    const double = await start(answerFromTables([table]));
    const declared = (['id', 'pay', 'bonus'] as const).map((name) => ({ name, type: 'string' as const, required: false, place }));
    const source = await open(double, { table: 'HR.[Workers]', columns: declared });
    expect(source.keyOrder).toBe('utf16');
    expect((await readAll(source)).map(({ values }) => values)).toEqual([
      { id: 'A', pay: '1234567890123456789012345678.0123456789', bonus: '922337203685477.5807' },
      { id: 'a', pay: null, bonus: '-0.0001' },
    ]);
    expect(double.log).toContain(
      'select [id], CONVERT(varchar(50), [pay]) as [pay], CONVERT(varchar(50), [bonus], 2) as [bonus] from [HR].[Workers] order by CONVERT(nvarchar(4000), [id]) COLLATE Latin1_General_100_BIN2, DATALENGTH([id])',
    );
  });

  test('orders a long number as a number, though its text is selected under the same name', async () => {
    const table = {
      name: 'hr.workers',
      columns: [{ name: 'id', type: 'decimal', precision: 18, scale: 0 }],
      rows: [['9'], ['10']],
    } as const;
    const double = await start(answerFromTables([table]));
    const source = await open(double, { table: 'hr.workers' });
    expect(source.keyOrder).toBe('integer');
    expect((await readAll(source)).map(({ key }) => key)).toEqual(['9', '10']);
    // In T-SQL as in PostgreSQL a bare name in ORDER BY is the result's.
    expect(double.log).toContain('select CONVERT(varchar(50), [id]) as [id] from [hr].[workers] order by [workers].[id]');
  });

  test('describes the columns without running the query', async () => {
    const double = await start(() => ({ columns: [id, { name: 'mail', type: 'nvarchar', length: 40, nullable: false }], rows: [] }));
    const source = await open(double, query('select id, mail from people order by id'));
    expect(await source.describe()).toEqual([
      { name: 'id', databaseType: 'int', type: 'integer', nullable: true },
      { name: 'mail', databaseType: 'nvarchar(40)', type: 'string', nullable: false },
    ]);
    expect(double.log.filter((entry) => entry.startsWith('select id'))).toEqual([]);
  });

  test('lets the server wait while the consumer works, which counts for no limit, and cancels it when the consumer leaves', async () => {
    const double = await start(() => ({ columns, rows: numbered(1_000_000, 'x'.repeat(200)) }));
    const clock = new VirtualClock(0);
    clock.hold();
    const source = await open(double, query('select id, name from people order by id'), { clock });
    const chunks = source.read({ seed: 1n, chunk: 100 })[Symbol.asyncIterator]();
    await chunks.next();
    clock.advance(3_600_000);
    const logins = double.logins.length;
    let sent = -1;
    // The double goes on until the socket's buffers are full, and not beyond.
    while (sent !== double.counts.rows) {
      sent = double.counts.rows;
      for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
    }
    expect(sent).toBeLessThan(200_000);
    expect(double.counts.attentions).toBe(0);
    await chunks.return?.();
    expect(double.counts.attentions).toBe(1);
    expect(double.log.at(-1)).toBe('rollback');
    expect(await source.describe()).toHaveLength(2);
    expect(double.logins).toHaveLength(logins);
  });
});

describe('what goes wrong with SQL Server', () => {
  const failing = (sql: string, answer: TdsAnswer): TdsDoubleOptions['answer'] => {
    let asked = 0;
    // The first question is for the columns, at opening and at reading.
    return (text) => (text === sql ? (asked++ < 2 ? { columns, rows: [] } : answer) : undefined);
  };
  const sql = 'select id, name from people order by id';

  test.each<[string, TdsAnswer, string]>([
    ['a lock', { error: { number: 1222, message: 'Lock request time out period exceeded.' } }, 'SRC-208'],
    [
      'a lock in the middle',
      { columns, rows: [[1, 'a']], failure: { number: 1222, message: 'Lock request time out period exceeded.' } },
      'SRC-208',
    ],
    ['a deadlock', { error: { number: 1205, message: 'Transaction was deadlocked.', class: 13 } }, 'SRC-210'],
    ['a snapshot that a schema change broke', { error: { number: 3961, message: 'Snapshot isolation transaction failed.' } }, 'SRC-210'],
    [
      'a right that is missing',
      { error: { number: 229, message: "The SELECT permission was denied on the object 'people'.", class: 14 } },
      'SRC-203',
    ],
    ['a column that is gone', { error: { number: 207, message: "Invalid column name 'name'." } }, 'SRC-202'],
    [
      'a fatal error',
      { error: { number: 596, message: 'Cannot continue the execution because the session is in the kill state.', class: 21 } },
      'SRC-102',
    ],
    ['anything else', { error: { number: 8134, message: 'Divide by zero error encountered.' } }, 'SRC-211'],
    [
      'keys out of order',
      {
        columns,
        rows: [
          [2, 'a'],
          [1, 'b'],
        ],
      },
      'SRC-301',
    ],
  ])('names %s', async (_what, answer, code) => {
    const double = await start(failing(sql, answer));
    const source = await open(double, query(sql));
    await expect(readAll(source)).rejects.toMatchObject({ code });
  });

  test('shows the line of an error, and masks what a data error quotes', async () => {
    const double = await start((text) => ({
      error: text.includes('oops')
        ? { number: 207, message: "Invalid column name 'oops'.", line: 2 }
        : { number: 245, message: "Conversion failed when converting the varchar value 'Müller' to data type int." },
    }));
    await expect(open(double, query('-- x\n select id,\n oops from people'))).rejects.toMatchObject({
      code: 'SRC-202',
      message: expect.stringContaining("'oops'"),
      place: { file: 'workers.sql', line: 5, column: 1 },
    });
    await expect(open(double, query('select id from people'))).rejects.toMatchObject({
      code: 'SRC-211',
      message: expect.not.stringContaining('Müller'),
    });
  });

  test('reports a connection that is cut while rows come, and the pool forgets it', async () => {
    const double = await start(() => ({ columns, rows: numbered(100_000, 'x'.repeat(200)) }));
    const source = await open(double, query(sql));
    const read = async (): Promise<void> => {
      for await (const rows of source.read({ seed: 1n, chunk: 100 })) if (rows.length > 0) double.kill();
    };
    await expect(read()).rejects.toMatchObject({ code: 'SRC-102' });
    expect(await source.describe()).toHaveLength(2);
  });

  test('reports a connection that is cut while the server still works', async () => {
    const double = await start(failing(sql, 'never'));
    const source = await open(double, query(sql));
    const kill = async (): Promise<void> => {
      while (double.log.at(-1) !== sql) await new Promise(setImmediate);
      double.kill();
    };
    await Promise.all([expect(readAll(source)).rejects.toMatchObject({ code: 'SRC-102' }), kill()]);
  });

  test('cancels the statement when it is aborted, and throws the reason', async () => {
    const double = await start(failing(sql, 'never'));
    const source = await open(double, query(sql));
    const stop = new AbortController();
    const abort = async (): Promise<void> => {
      while (double.log.at(-1) !== sql) await new Promise(setImmediate);
      stop.abort(new Error('enough'));
    };
    await Promise.all([expect(readAll(source, stop.signal)).rejects.toThrow('enough'), abort()]);
    expect(double.counts.attentions).toBe(1);
    expect(double.log.at(-1)).toBe('rollback');
  });

  test('tells a refused login, a server without encryption and one that is not there apart', async () => {
    const double = await start(() => ({ columns, rows: [] }));
    const at = (change: (url: URL) => void): Promise<Source> => {
      const other = new URL(double.url);
      change(other);
      return open(double, { ...query(sql), connection: new Secret('HR', other.href) });
    };
    await expect(at((other) => (other.password = 'wrong-password'))).rejects.toMatchObject({
      code: 'SRC-103',
      message: expect.not.stringContaining('wrong-password'),
    });
    const logins = double.logins.length;
    await expect(at((other) => other.searchParams.set('encrypt', 'true'))).rejects.toMatchObject({
      code: 'SRC-104',
      message: expect.stringContaining('the login was not sent'),
    });
    expect(double.logins).toHaveLength(logins);
    await expect(at((other) => (other.port = '1'))).rejects.toMatchObject({ code: 'SRC-101' });
  });

  describe('with TLS', () => {
    const from = new Date(Date.UTC(2020, 0, 1));
    const to = new Date(Date.UTC(2100, 0, 1));
    const certificate = makeCertificate(from, to, 'localhost');
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'joinery-tds-'));
      await writeFile(join(folder, 'ca.pem'), certificate.certificate);
      await writeFile(join(folder, 'other.pem'), makeCertificate(from, to, 'localhost').certificate);
    });
    afterAll(() => rm(folder, { recursive: true }));

    const at = async (
      parameters: Readonly<Record<string, string>>,
    ): Promise<{ readonly double: TdsDouble; readonly rows: readonly Row[] }> => {
      const double = await start(() => ({ columns, rows: numbered(2000, 'x'.repeat(50)) }), { tls: certificate });
      const url = new URL(double.url);
      for (const [name, value] of Object.entries({ encrypt: 'true', ...parameters })) url.searchParams.set(name, value);
      const source = await open(double, { ...query(sql), connection: new Secret('HR', url.href) });
      return { double, rows: await readAll(source) };
    };

    test('reads over a connection that is verified by authority and name', async () => {
      const { double, rows } = await at({ ca: join(folder, 'ca.pem'), serverName: 'localhost' });
      expect(rows).toHaveLength(2000);
      expect(double.logins.length).toBeGreaterThan(0);
    });

    test('reads without verification only when that is written', async () => {
      expect((await at({ trustServerCertificate: 'true' })).rows).toHaveLength(2000);
    });

    test.each<[string, () => Readonly<Record<string, string>>]>([
      ['an unknown authority', () => ({ serverName: 'localhost' })],
      ['another authority', () => ({ ca: join(folder, 'other.pem'), serverName: 'localhost' })],
      ['another name', () => ({ ca: join(folder, 'ca.pem'), serverName: 'db.example' })],
    ])('refuses %s', async (_what, parameters) => {
      await expect(at(parameters())).rejects.toMatchObject({ code: 'SRC-104' });
    });
  });

  test('refuses columns that are missing, doubled, or keys without a dependable order', async () => {
    const of = (list: readonly TdsColumn[]): Promise<Source> =>
      start(() => ({ columns: list, rows: [] })).then((double) => open(double, query(sql)));
    await expect(of([{ name: 'ID', type: 'int' }])).rejects.toMatchObject({ code: 'SRC-204' });
    await expect(of([id, { name: 'x', type: 'int' }, { name: 'x', type: 'int' }])).rejects.toMatchObject({ code: 'SRC-205' });
    await expect(of([{ name: 'id', type: 'float' }])).rejects.toMatchObject({ code: 'SRC-206' });
    await expect(of([id, { name: 'x', type: 'sql_variant' }])).rejects.toMatchObject({ code: 'SRC-213' });
    await expect(of([{ name: 'id', type: 'decimal', scale: 2 }])).rejects.toMatchObject({ code: 'SRC-206' });
  });
});
