import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eachChunk, openPostgresBench, query, readAll, type PostgresBench } from '../../test/postgres-source.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';

let bench: PostgresBench;
let admin: PostgresBench['admin'];
let open: PostgresBench['open'];

beforeAll(async () => {
  bench = await openPostgresBench('source');
  ({ admin, open } = bench);
});
afterEach(() => bench.closeSources());
afterAll(() => bench.close());

describe('reading PostgreSQL', () => {
  test('reads a table in key order in chunks, whatever the collation of the database', async () => {
    await admin.query(
      "create table people (id text primary key, name text); insert into people values ('b', 'B'), ('a', 'A'), ('B', null), ('ä', 'x'), ('a b', 'y')",
    );
    const source = await open({ table: 'people' });
    expect(source.keyOrder).toBe('bytes');
    const rows = await readAll(source, 1n, 2);
    expect(rows.map(({ key }) => key)).toEqual(['B', 'a', 'a b', 'b', 'ä']);
    expect(rows[0]?.values).toEqual({ id: 'B', name: null });
    expect(rows.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 4, 5]);
  });

  test('orders integer keys by value and gives them as text', async () => {
    const source = await open(query('select id, id * 2 as twice from generate_series(98, 102) as id order by id'));
    expect(source.keyOrder).toBe('integer');
    const rows = await readAll(source);
    expect(rows.map(({ key }) => key)).toEqual(['98', '99', '100', '101', '102']);
    expect(rows[0]?.values).toEqual({ id: 98, twice: 196 });
  });

  test('describes the columns without running the query', async () => {
    const source = await open(
      query("select 1 as id, 'x'::varchar(40) as name, pg_sleep(3600)::text as never, 1.5::numeric(9,2) as pay, array[1] as list"),
    );
    expect(await source.describe()).toEqual([
      { name: 'id', databaseType: 'integer', type: 'integer' },
      { name: 'name', databaseType: 'character varying(40)', type: 'string' },
      { name: 'never', databaseType: 'text', type: 'string' },
      { name: 'pay', databaseType: 'numeric(9,2)', type: 'decimal' },
      { name: 'list', databaseType: 'integer[]', type: 'json' },
    ]);
  });

  test('survives comments, a semicolon at the end and dollar quotes', async () => {
    const source = await open(query('-- first ;\nselect 1 as id, $x$a;b$x$ as "na;me" /* ) ; */ ; -- last )'));
    expect((await readAll(source))[0]?.values).toEqual({ id: 1, 'na;me': 'a;b' });
  });

  test('sees one moment, however long the consumer takes', async () => {
    await admin.query(
      "create table moment as select lpad(i::text, 7, '0') as id, repeat('x', 500) as filler from generate_series(1, 20000) i",
    );
    const source = await open({ table: 'moment' });
    const keys: (string | undefined)[] = [];
    for await (const chunk of source.read({ seed: 1n })) {
      if (keys.length === 0) await admin.query("delete from moment where id > '0000100'");
      keys.push(...chunk.map(({ key }) => key));
    }
    expect(keys).toHaveLength(20_000);
  });

  test('keeps the server waiting while the consumer works, which counts for no limit', async () => {
    const clock = new VirtualClock(0);
    clock.hold();
    const source = await open(
      query("select i as id, repeat('x', 1000) as filler from generate_series(1, 200000) i order by i"),
      200,
      clock,
    );
    let wait: unknown;
    let chunks = 0;
    await eachChunk(source, 100, async () => {
      // The server fills the socket's buffers and then waits for us to read; nothing else ends this loop.
      while (wait !== 'ClientWrite') {
        const { rows } = await admin.query(
          "select wait_event from pg_stat_activity where application_name = 'joinery' and datname = current_database() and query like 'COPY%generate_series%'",
        );
        wait = rows[0]?.wait_event;
      }
      clock.advance(3_600_000);
      await new Promise(setImmediate);
      // More than what had come before the hour.
      return ++chunks === 20;
    });
    expect(wait).toBe('ClientWrite');
    expect(chunks).toBe(20);
  });

  test('gives equal rows equal fingerprints, and others to another seed, value, name or type', async () => {
    const of = async (sql: string, seed = 1n): Promise<string | undefined> => (await readAll(await open(query(sql)), seed))[0]?.fingerprint;
    const base = await of("select 1 as id, 'a' as x, null as y");
    expect(base).toMatch(/^[0-9a-f]{16}$/);
    expect(await of("select 1 as id, 'a' as x, null as y")).toBe(base);
    const others = await Promise.all([
      of("select 1 as id, 'a' as x, null as y", 2n),
      of("select 1 as id, null as x, 'a' as y"),
      of("select 1 as id, 'a' as x, '' as y"),
      of(String.raw`select 1 as id, 'a' as x, '\N' as y`),
      of("select 1 as id, 'a' as y, null as x"),
      of("select 1::int8 as id, 'a' as x, null as y"),
    ]);
    expect(new Set([base, ...others]).size).toBe(7);
  });

  test('takes a column named __proto__ for a column', async () => {
    const [row] = await readAll(await open(query(`select 1 as id, 'x' as "__proto__"`)));
    expect(JSON.stringify(row?.values)).toBe('{"id":1,"__proto__":"x"}');
    expect(Object.getPrototypeOf(row?.values)).toBe(Object.prototype);
  });

  test('is written to JSON with its values', async () => {
    const [row] = await readAll(await open(query("select 1 as id, 'NaN'::float8 as pay")));
    expect(JSON.parse(JSON.stringify(row))).toEqual({
      key: '1',
      values: { id: 1, pay: null },
      problems: [{ column: 'pay', message: expect.stringContaining('NaN') }],
      fingerprint: row?.fingerprint,
      ordinal: 1,
    });
  });
});

describe('keys of PostgreSQL', () => {
  test('takes NULL, empty and blank keys for none, and leaves equal ones side by side', async () => {
    const source = await open(
      query(
        `select * from (values ('a', 1), ('a', 2), ('', 3), (' ', 4), (null, 5), ('a ', 6), ('A', 7)) as t(id, n) order by id collate "C", n`,
      ),
    );
    expect((await readAll(source)).map(({ key, values }) => [key, values['n']])).toEqual([
      [undefined, 3],
      [undefined, 4],
      ['A', 7],
      ['a', 1],
      ['a', 2],
      ['a ', 6],
      [undefined, 5],
    ]);
  });

  test('refuses a key out of order and says which ORDER BY to write', async () => {
    const source = await open(query("select * from (values ('a'), ('B')) as t(id)"));
    await expect(readAll(source)).rejects.toMatchObject({
      code: 'SRC-301',
      fix: 'End the query with: ORDER BY "id" COLLATE "C"',
      place: { file: 'workers.sql', line: 1, column: 1 },
    });
  });

  test.each([
    ['char padding', "'x '::char(4)", 'x', 'bytes'],
    ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'bytes'],
    ['bigint', '9007199254740993', '9007199254740993', 'integer'],
    ['numeric without decimals', '12::numeric(20,0)', '12', 'integer'],
    ['date', "'2026-11-22'::date", '2026-11-22', 'bytes'],
    ['one byte', `'x'::"char"`, 'x', 'bytes'],
  ])('takes %s', async (_what, sql, key, order) => {
    const source = await open(query(`select ${sql} as id`));
    expect(source.keyOrder).toBe(order);
    expect((await readAll(source))[0]?.key).toBe(key);
  });

  test('orders what compares without case, and a table of other letters, by bytes like everything else', async () => {
    await admin.query(
      `create extension if not exists citext; create table "Ärzte" (id citext); insert into "Ärzte" values ('a'), ('B'), ('c'), ('D');`,
    );
    const source = await open({ table: 'Public.Ärzte' });
    expect((await readAll(source)).map(({ key }) => key)).toEqual(['B', 'D', 'a', 'c']);
  });

  test.each(['1.5', '1.5::float8', "'\\x00'::bytea", "'{}'::jsonb", 'array[1]'])(
    'refuses %s, which has no dependable order',
    async (sql) => {
      await expect(open(query(`select ${sql} as id`))).rejects.toMatchObject({ code: 'SRC-206' });
    },
  );
});
