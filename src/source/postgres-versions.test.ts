import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresBench, type PostgresBench } from '../../test/postgres-source.ts';
import { Secret } from '../domain/masking.ts';
import type { Row } from '../domain/row.ts';
import type { PostgresSource } from '../pipeline/pipeline.ts';
import { mergeChanges, type ChangeChunk } from './changes.ts';
import type { RowVersions, VersionGround } from './contract.ts';
import { noRecords, writeRecords, type RecordPiece } from './fingerprint-file.ts';
import { openSource } from './open-source.ts';
import { unpackRows } from './packed.ts';
import { compareVersions, mergeMoved } from './version-changes.ts';

let bench: PostgresBench;
let admin: PostgresBench['admin'];

beforeAll(async () => {
  bench = await openPostgresBench('versions');
  ({ admin } = bench);
});
afterEach(() => bench.closeSources());
afterAll(() => bench.close());

const place = { file: 'p.yaml', line: 1, column: 1 };
const versions = { fullPass: 86_400_000, place };

async function open(over: Partial<PostgresSource>): Promise<RowVersions> {
  const source = await bench.open({ versions, ...over });
  if (source.versions === undefined) throw new Error('versions were asked for');
  return source.versions;
}

async function groundOf(over: Partial<PostgresSource>): Promise<VersionGround | string> {
  const read = await (await open(over)).open({ seed: 1n });
  await read.close();
  return 'because' in read.ground ? read.ground.because : read.ground;
}

const identityOf = async (over: Partial<PostgresSource>): Promise<string> => {
  const ground = await groundOf(over);
  return typeof ground === 'string' ? ground : ground.identity;
};

interface State {
  readonly versions: string;
  readonly fingerprints: string;
}
interface Pass extends State {
  /** Key and all values of each row of a group. */
  readonly groups: readonly string[];
  readonly vanished: readonly string[];
  readonly keyless: number;
}

const bodyOf = (records: string): AsyncIterable<Uint8Array> =>
  records === ''
    ? noRecords()
    : writeRecords(
        (async function* () {
          const lines = records.split('\n').filter((line) => line !== '');
          yield await Promise.resolve(lines.map((line) => ({ fingerprint: line.slice(0, 16), key: line.slice(16) })));
        })(),
      );

async function sum(chunks: AsyncIterable<ChangeChunk>): Promise<Omit<Pass, 'versions'>> {
  const found = { groups: [] as string[], vanished: [] as string[], keyless: 0, fingerprints: '' };
  const shown = (row: Row): string => JSON.stringify(row.values);
  for await (const chunk of chunks) {
    found.groups.push(...chunk.groups.map(({ key, rows }) => `${key}: ${rows.map(shown).toSorted().join(' ')}`));
    found.vanished.push(...chunk.vanished);
    found.keyless += chunk.keyless.length;
    for (const { bytes } of chunk.records) found.fingerprints += Buffer.from(bytes).toString('utf8');
  }
  return found;
}

/** A pass by versions, and one over all rows at the same moment. */
async function pass(
  source: RowVersions,
  before: State,
): Promise<{ readonly moved: Pass; readonly whole: Omit<Pass, 'versions'>; readonly read: number }> {
  const read = await source.open({ seed: 1n });
  try {
    const order = { order: 'bytes' as const };
    let records = '';
    const keep = ({ bytes }: RecordPiece): Promise<void> => {
      records += Buffer.from(bytes).toString('utf8');
      return Promise.resolve();
    };
    const found = await compareVersions(read, bodyOf(before.versions), order, keep);
    if (found.moved === undefined) throw new Error('few rows are held');
    const moved = await sum(mergeMoved(read, { ...found, moved: found.moved }, bodyOf(before.fingerprints), order));
    const whole = await sum(mergeChanges(read.all(), bodyOf(before.fingerprints), order));
    return { moved: { ...moved, versions: records }, whole, read: found.moved.rows };
  } finally {
    await read.close();
  }
}

const nothing: State = { versions: '', fingerprints: '' };

describe('versions of PostgreSQL rows', () => {
  test('find what a pass over all rows finds at the same moment, whatever SQL wrote in between', async () => {
    await admin.query('create table staff (id text, name text, team int); create table team (id int primary key, label text)');
    const source = await open({
      table: 'staff',
      join: [{ alias: 'team', table: 'team', kind: 'left', on: [{ column: 'id', equals: 'team' }], where: [], place }],
      columns: [
        { name: 'id', type: 'string', required: false, place },
        { name: 'name', type: 'string', required: false, place },
        { name: 'label', from: 'team.label', type: 'string', required: false, place },
      ],
    });
    const key = fc.integer({ min: 1, max: 9 });
    const writes = fc.array(
      fc.oneof(
        key.map((id) => `insert into staff values ('w${String(id)}', 'n', ${String(id % 3)})`),
        fc.tuple(key, fc.nat({ max: 2 })).map(([id, name]) => `update staff set name = 'n${String(name)}' where id = 'w${String(id)}'`),
        key.map((id) => `update staff set name = name where id = 'w${String(id)}'`),
        key.map((id) => `delete from staff where id = 'w${String(id)}'`),
        key.map((id) => `update staff set id = 'w${String(id)}' where id = 'w${String(id - 1)}'`),
        key.map((id) => `insert into team values (${String(id % 3)}, 'L') on conflict (id) do update set label = team.label || '+'`),
        key.map((id) => `delete from team where id = ${String(id % 3)}`),
        fc.constant("insert into staff values (null, 'nobody', 1)"),
        fc.constant('delete from staff where id is null'),
        key.map(
          (id) =>
            `begin; update staff set name = 'twice' where id = 'w${String(id)}'; update staff set name = 'n' where id = 'w${String(id)}'; commit`,
        ),
        key.map((id) => `begin; update staff set name = 'never' where id = 'w${String(id)}'; rollback`),
        fc.constant('vacuum staff'),
      ),
      { maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(writes, { minLength: 2, maxLength: 4 }), async (days) => {
        await admin.query('truncate staff, team');
        let state: State = nothing;
        for (const day of days) {
          for (const write of day) await admin.query(write);
          const { moved, whole } = await pass(source, state);
          expect({ ...moved, versions: '' }).toEqual({ ...whole, versions: '' });
          state = moved;
        }
      }),
      { numRuns: 15 },
    );
  });

  test('read only the rows that were written, in as many statements as it takes', async () => {
    await admin.query("create table many as select lpad(i::text, 5, '0') as id, 'x' as name from generate_series(1, 5000) i");
    const source = await open({ table: 'many' });
    const first = await pass(source, nothing);
    expect(first).toMatchObject({ read: 5000, moved: { groups: { length: 5000 } } });
    await admin.query("update many set name = 'y' where id > '02500'; update many set name = name where id < '00011'");
    const second = await pass(source, first.moved);
    expect(second.read).toBe(2510);
    expect(second.moved.groups).toEqual(second.whole.groups);
    expect(second.moved.groups).toHaveLength(2500);
    expect((await pass(source, second.moved)).read).toBe(0);
  });

  test('give rows the places that they have in what was read, one behind the other', async () => {
    const source = await open({ table: 'many' });
    const read = await source.open({ seed: 1n });
    const places: string[] = [];
    for await (const rows of unpackRows(read.versions(), 100)) places.push(...rows.map((row) => read.placeOf(row)));
    const ordinals: number[] = [];
    for (const part of [places.slice(7, 9), places.slice(20, 23)])
      for await (const rows of unpackRows(read.at(part), 100)) ordinals.push(...rows.map(({ ordinal }) => ordinal));
    expect(ordinals).toEqual([1, 2, 3, 4, 5]);
    await read.close();
  });

  test('go back to the pool with their transaction when they are left in the middle', async () => {
    const source = await open({ table: 'many' });
    const read = await source.open({ seed: 1n });
    for await (const block of read.versions()) {
      expect(block.ends.length).toBeGreaterThan(0);
      break;
    }
    await read.close();
    expect(await bench.sessions('active')).toBe(0);
    expect(await bench.sessions('idle in transaction')).toBe(0);
  });
});

describe('trouble while versions are read', () => {
  const drain = async (blocks: AsyncIterable<unknown>): Promise<void> => {
    const iterator = blocks[Symbol.asyncIterator]();
    while ((await iterator.next()).done !== true) continue;
  };

  test('is a connection that is gone, between versions and rows as well', async () => {
    const source = await open({ table: 'many' });
    const read = await source.open({ seed: 1n });
    await drain(read.versions());
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'joinery' and datname = current_database()",
    );
    await expect(drain(read.at(['(0,1)']))).rejects.toMatchObject({ code: 'SRC-102' });
    await read.close();
    expect(await source.refusal()).toBeUndefined();
  });

  test('is the reason of whoever ends it, and the server is told', async () => {
    await admin.query("create table wide as select i as id, repeat('x', 1000) as filler from generate_series(1, 50000) i");
    const source = await open({ table: 'wide' });
    const stop = new AbortController();
    const read = await source.open({ seed: 1n, signal: stop.signal });
    const rows = read.all()[Symbol.asyncIterator]();
    await rows.next();
    stop.abort(new Error('enough'));
    const rest = { [Symbol.asyncIterator]: () => rows };
    await expect(drain(rest)).rejects.toThrow('enough');
    await read.close();
    expect(await bench.sessions('active')).toBe(0);
    expect(await source.refusal()).toBeUndefined();
  });

  test("is somebody else's lock, told as one", async () => {
    const source = await open({ table: 'many' });
    await admin.query('begin; lock table many in access exclusive mode');
    await expect(source.open({ seed: 1n })).rejects.toMatchObject({ code: 'SRC-208' });
    await admin.query('rollback');
    expect(await source.refusal()).toBeUndefined();
  });

  test('is none for several statements behind each other', async () => {
    const source = await open({ table: 'many' });
    const read = await source.open({ seed: 1n });
    await drain(read.versions());
    await drain(read.all());
    await drain(read.at([]));
    await read.close();
    expect(await bench.sessions('idle in transaction')).toBe(0);
  });
});

describe('the ground of versions', () => {
  test('stays while rows are written, indexed, analysed and counted', async () => {
    await admin.query("create table quiet (id text primary key, name text); insert into quiet values ('a', 'b')");
    const before = await identityOf({ table: 'quiet' });
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    for (const harmless of [
      "update quiet set name = 'c'",
      'create index on quiet (name)',
      'vacuum analyze quiet',
      "comment on table quiet is 'x'",
    ]) {
      await admin.query(harmless);
      expect({ harmless, identity: await identityOf({ table: 'quiet' }) }).toEqual({ harmless, identity: before });
    }
  });

  test('is another after everything that gives rows another text without writing them, or writes all of them', async () => {
    await admin.query(`create type mood as enum ('good', 'bad'); create domain moody as mood;
      create table moved (id text, name text, mood moody, moods mood[]); insert into moved values ('a', 'b', 'good', '{bad}')`);
    let before = await identityOf({ table: 'moved' });
    for (const move of [
      "alter table moved add column since date default '2026-01-01'",
      "alter type mood rename value 'good' to 'fine'",
      'alter table moved rename column name to title',
      'alter table moved alter column title type varchar(80)',
      'vacuum full moved',
      'truncate moved',
      'alter table moved drop column title',
      'drop table moved; create table moved (id text, mood moody)',
    ]) {
      await admin.query(move);
      const after = await identityOf({ table: 'moved' });
      expect({ move, isAnother: /^[0-9a-f]{64}$/.test(after) && after !== before }).toEqual({ move, isAnother: true });
      before = after;
    }
    const columns = [{ name: 'id', type: 'string' as const, required: false, place }];
    expect(await identityOf({ table: 'moved', columns })).not.toBe(before);
  });

  test('counts the transactions that were begun', async () => {
    const transactionOf = async (): Promise<bigint> => {
      const ground = await groundOf({ table: 'quiet' });
      return typeof ground === 'string' ? -1n : BigInt(ground.transaction);
    };
    const before = await transactionOf();
    for (let count = 0; count < 3; count++) await admin.query("update quiet set name = 'd'");
    expect((await transactionOf()) - before).toBeGreaterThanOrEqual(3n);
  });

  test.each([
    ['create view plain as select 1 as id', 'plain', /"plain" is a view/],
    ['create materialized view kept as select 1 as id', 'kept', /"kept" is a materialised view/],
    ['create table parts (id int) partition by list (id)', 'parts', /"parts" is partitioned/],
    ['create table parent (id int); create table child () inherits (parent)', 'parent', /other tables inherit from "parent"/],
    ['create table named (id int, what regclass)', 'named', /type regclass depends on more than its row/],
    ['create type pair as (a int, b text); create table paired (id int, what pair)', 'paired', /type pair depends/],
    ['create table grown (id int, twice int generated always as (id * 2) virtual)', 'grown', /computed when they are read/],
  ])('is refused where an equal version is no equal row: %s', async (ddl, table, because) => {
    await admin.query(ddl);
    expect(await groundOf({ table })).toMatch(because);
    expect(await (await open({ table })).refusal()).toMatch(because);
  });

  test('is there for every other type that PostgreSQL brings', async () => {
    await admin.query(
      `create table typed (id text, a int[], b numeric, c timestamptz, d jsonb, e uuid, f money, g bytea, h interval, i inet, j char(3), k xml, l daterange, m point, n float8, o bit(3), p text[][])`,
    );
    expect(await (await open({ table: 'typed' })).refusal()).toBeUndefined();
  });

  test('needs the right to read the columns of the version, and no more than these', async () => {
    await admin.query("create table guarded (id text, name text, pay int); create role versions_reader login password 'reader'");
    const url = new URL(bench.url);
    url.username = 'versions_reader';
    url.password = 'reader';
    const columns = ['id', 'name'].map((name) => ({ name, type: 'string' as const, required: false, place }));
    const source = async () => {
      const opened = await openSource({
        type: 'postgres',
        connection: new Secret('HR', url.href),
        key: 'id',
        table: 'guarded',
        columns,
        versions,
        statementTimeout: 60_000,
      });
      try {
        return await opened.versions?.refusal();
      } finally {
        await opened.close();
      }
    };
    await admin.query('grant select (id, name) on guarded to versions_reader');
    expect(await source()).toBe('the login may not read the columns ctid and xmin of "guarded"');
    await admin.query('grant select (ctid, xmin) on guarded to versions_reader');
    expect(await source()).toBeUndefined();
    const reader = new Client({ connectionString: url.href });
    await reader.connect();
    await expect(reader.query('select pay from guarded')).rejects.toThrow(/permission denied/);
    await reader.end();
  });
});
