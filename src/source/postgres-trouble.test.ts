import { connect, createServer } from 'node:net';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eachChunk, openPostgresBench, query, readAll, type PostgresBench } from '../../test/postgres-source.ts';
import { Secret } from '../domain/masking.ts';
import type { Source } from './contract.ts';

const place = { file: 'p.yaml', line: 9, column: 5 };
let bench: PostgresBench;
let admin: PostgresBench['admin'];
let open: PostgresBench['open'];

beforeAll(async () => {
  bench = await openPostgresBench('trouble');
  ({ admin, open } = bench);
  await admin.query('create table people (id text primary key, name text)');
});
afterEach(() => bench.closeSources());
afterAll(() => bench.close());

describe('what goes wrong with PostgreSQL', () => {
  test('names all missing columns with their places and a near miss', async () => {
    const columns = [
      { name: 'Status', type: 'string', required: true, place },
      { name: 'gone', type: 'date', required: false, place: { ...place, line: 10 } },
    ] as const;
    await expect(open({ ...query('select 1 as id, 2 as status'), columns })).rejects.toMatchObject({
      code: 'SRC-204',
      place,
      diagnostics: [{ message: 'the source returns no column Status', fix: expect.stringContaining('status') }, { place: { line: 10 } }],
    });
  });

  test('refuses two columns of one name', async () => {
    await expect(open(query('select 1 as id, 2 as id'))).rejects.toMatchObject({ code: 'SRC-205' });
  });

  test('shows file, line and column of an error in the query', async () => {
    const sql = "-- żółw 😀\nselect 1 as id,\n  '😀' as smile, oops\nfrom generate_series(1, 2)";
    await expect(open({ query: { sql, file: 'workers.sql', firstLine: 11 } })).rejects.toMatchObject({
      code: 'SRC-202',
      place: { file: 'workers.sql', line: 13, column: 18 },
    });
  });

  test('masks what a data error quotes', async () => {
    const source = await open(query("select 1 as id, x::int as n from (values ('1'), ('Müller')) as t(x) order by 1"));
    await expect(readAll(source)).rejects.toMatchObject({ code: 'SRC-211', message: expect.not.stringContaining('Müller') });
  });

  test('refuses to write, in the query and in what it calls', async () => {
    await expect(open(query('delete from people returning id'))).rejects.toMatchObject({ code: 'SRC-201' });
    await admin.query(
      `create sequence numbers; create function locking() returns setof text language sql as 'select id from people for update'; create view locked_people as select id from people for share`,
    );
    // Its own plan shows it, before anything runs; what a function does inside the run alone finds.
    const planned = [
      [
        'with gone as (delete from people returning id)\nselect id from gone',
        'PostgreSQL would change the table people for this statement',
      ],
      [
        "with come as (insert into people values ('x')) select id from people",
        'PostgreSQL would change the table people for this statement',
      ],
      ['select id from people for no key update', 'PostgreSQL would lock rows for this statement'],
      ['select id from locked_people', 'PostgreSQL would lock rows for this statement'],
    ] as const;
    for (const [sql, message] of planned) {
      const refused = { code: 'SRC-209', message, place: { file: 'workers.sql', line: 1, column: 1 } };
      await expect(open(query(sql))).rejects.toMatchObject(refused);
    }
    await expect(open({ table: 'locked_people' })).rejects.toMatchObject({ code: 'SRC-209' });
    for (const sql of ["select nextval('numbers') as id", 'select locking() as id']) {
      await expect(readAll(await open(query(sql)))).rejects.toMatchObject({ code: 'SRC-209' });
    }
    // Names that are words elsewhere, which the server takes for names.
    const names = 'with merge as (select 1 as update) select update as id, count(*) delete from merge group by update order by update';
    await expect(readAll(await open(query(names)))).resolves.toHaveLength(1);
  });

  test('reports a connection that the server ended, while reading and while a chunk is being worked on', async () => {
    const source = await open(query("select i as id, repeat('x', 1000) as filler from generate_series(1, 100000) i order by i"));
    const kill = async (): Promise<boolean> => {
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'joinery' and datname = current_database()",
      );
      return false;
    };
    await expect(eachChunk(source, 100, kill)).rejects.toMatchObject({ code: 'SRC-102' });
    // The pool has forgotten the dead connection.
    await expect(readAll(await open(query('select 1 as id')))).resolves.toHaveLength(1);
    expect((await source.describe()).length).toBe(2);
  });

  test('reports a connection that is ended while the server still sorts', async () => {
    const source = await open(query('select 1 as id, pg_sleep(3600)::text as never'));
    const kill = async (): Promise<void> => {
      const sql =
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'joinery' and datname = current_database() and query like 'COPY%3600%'";
      while ((await admin.query(sql)).rowCount === 0) continue;
    };
    await Promise.all([expect(readAll(source)).rejects.toMatchObject({ code: 'SRC-102' }), kill()]);
  });

  test('cancels the statement on the server when it is aborted, and throws the reason', async () => {
    const source = await open(query('select 1 as id, pg_sleep(3600)::text as never'));
    const stop = new AbortController();
    const abort = async (): Promise<void> => {
      while ((await bench.sessions('active')) === 0) continue;
      stop.abort(new Error('enough'));
    };
    const reading = eachChunk(source, 100, () => Promise.reject(new Error('not reached')), stop.signal);
    await Promise.all([expect(reading).rejects.toThrow('enough'), abort()]);
    expect(await bench.sessions('active')).toBe(0);
    // The same connection serves the next read.
    expect((await source.describe()).length).toBe(2);
  });

  test('is not over before its cancel is, which would end what the connection is asked next', async () => {
    await admin.query('create table awaited (id int)');
    // The cancel has a connection of its own: the second one, which has to wait at the door.
    let letIn = (): void => undefined;
    const door = new Promise<void>((resolve) => {
      letIn = resolve;
    });
    let connections = 0;
    const { port, hostname } = new URL(bench.url);
    const locking = new Client({ connectionString: bench.url });
    await locking.connect();
    const proxy = createServer((near) => {
      const isLate = ++connections > 1;
      const far = connect(Number(port), hostname, () => {
        void (isLate ? door : Promise.resolve()).then(() => near.pipe(far).pipe(near));
      });
      for (const socket of [near, far]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, resolve));
    try {
      const at = new URL(bench.url);
      const address = proxy.address();
      at.port = typeof address === 'object' ? String(address?.port) : '';
      // Nothing but the test ends the wait for the lock: a limit would race with the looks at it.
      const source = await open({ ...query('select id from awaited'), connection: new Secret('HR_DATABASE_URL', at.href) }, 60_000);
      await locking.query('begin; lock table awaited in access exclusive mode');
      const waiting = async (): Promise<number> =>
        (
          await admin.query(
            "select 1 from pg_stat_activity where application_name = 'joinery' and datname = current_database() and wait_event_type = 'Lock'",
          )
        ).rows.length;
      const stop = new AbortController();
      let outcome: unknown;
      const reading = readAll(source, 1n, 100, stop.signal).catch((error: unknown) => {
        outcome = error;
      });
      while ((await waiting()) === 0) continue;
      stop.abort(new Error('enough'));
      // The lock is given, and with it the statement ends, long before the cancel can end it.
      await locking.query('rollback');
      while ((await waiting()) > 0) continue;
      for (let turn = 0; turn < 300; turn++) await admin.query('select 1');
      expect(outcome).toBeUndefined();
      letIn();
      await reading;
      expect(outcome).toMatchObject({ message: 'enough' });
      expect(await source.describe()).toHaveLength(1);
    } finally {
      letIn();
      proxy.close();
      await locking.end();
    }
  });

  test('cancels when the consumer leaves early', async () => {
    const source = await open(query("select i as id, repeat('x', 1000) as filler from generate_series(1, 200000) i order by i"));
    await eachChunk(source, 100, () => Promise.resolve(true));
    expect(await bench.sessions('active')).toBe(0);
    expect(await bench.sessions('idle in transaction%')).toBe(0);
  });

  test('is refused before it begins when it is aborted already', async () => {
    const source = await open(query('select 1 as id'));
    const reading = eachChunk(source, 100, () => Promise.reject(new Error('not reached')), AbortSignal.abort(new Error('no')));
    await expect(reading).rejects.toThrow('no');
  });

  test('does not wait for a lock longer than its limit', async () => {
    await admin.query('create table locked (id int)');
    const source = await open({ table: 'locked' });
    await admin.query('begin; lock table locked in access exclusive mode');
    try {
      await expect(readAll(source)).rejects.toMatchObject({ code: 'SRC-208' });
    } finally {
      await admin.query('rollback');
    }
  });

  test('gives back what a query locked for its session: the connection lives on, and HR would wait for it', async () => {
    const source = await open(
      query('select id, pg_advisory_lock_shared(4711)::text as locked from (values (1), (2)) as t(id) order by id'),
    );
    const free = async (): Promise<unknown> =>
      (await admin.query('select pg_try_advisory_lock(4711) as free, pg_advisory_unlock_all()::text')).rows[0]?.free;
    let during: unknown;
    await eachChunk(source, 1, async () => {
      during ??= await free();
      return false;
    });
    expect([during, await free()]).toEqual([false, true]);
    expect(await source.describe()).toHaveLength(2);
  });

  test('notices a schema that changed between opening and reading', async () => {
    await admin.query('create table changing (id int, name text)');
    const columns = [
      { name: 'id', type: 'string', required: true, place },
      { name: 'name', type: 'string', required: false, place },
    ] as const;
    const source = await open({ table: 'changing', columns });
    await admin.query('alter table changing drop column name');
    await expect(readAll(source)).rejects.toMatchObject({ code: 'SRC-204', message: 'the source does not return name; it returns id' });
    await admin.query('alter table changing add column name text; alter table changing alter column id type text');
    await expect(readAll(source)).rejects.toMatchObject({ code: 'SRC-212' });
  });

  test('tells a refused login, a missing database, a right that is missing and a server that is not there apart', async () => {
    const at = (change: (url: URL) => void): Promise<Source> => {
      const other = new URL(bench.url);
      change(other);
      return open({ ...query('select * from people order by 1'), connection: new Secret('HR', other.href) });
    };
    await expect(at((other) => (other.password = 'wrong-password'))).rejects.toMatchObject({
      code: 'SRC-103',
      message: expect.not.stringContaining('wrong-password'),
    });
    await expect(at((other) => (other.pathname = '/nowhere'))).rejects.toMatchObject({ code: 'SRC-103' });
    await expect(at((other) => (other.port = '1'))).rejects.toMatchObject({ code: 'SRC-101' });
    await expect(at((other) => other.searchParams.set('sslmode', 'verify-full'))).rejects.toMatchObject({ code: 'SRC-104' });
    await admin.query("create role narrow login password 'narrow'");
    await expect(at((other) => Object.assign(other, { username: 'narrow', password: 'narrow' }))).rejects.toMatchObject({
      code: 'SRC-203',
    });
  });
});
