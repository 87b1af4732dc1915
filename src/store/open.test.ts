import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Database } from './database.ts';
import { migrate, migrations, newestOf, versionOf, type Migration } from './migrations.ts';
import { openStore } from './open.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { beginRun, freshLocation, leaseOn, onEveryEngine, openForTest, scope, type Engine } from '../../test/state.ts';

function openEngine(engine: Engine, location: string): Promise<Database> {
  return engine === 'sqlite' ? openSqlite(location, { readOnly: false }) : openPostgres(location, { readOnly: false });
}

const next: Migration = { version: newestOf(migrations) + 1, name: 'next', statements: () => ['CREATE TABLE later (a integer)'] };

onEveryEngine('opening the state', (_, engine) => {
  test('makes it once: the identity stays, and belongs to this store alone', async () => {
    const [location, other] = [await freshLocation(engine), await freshLocation(engine)];
    const first = await openStore(location);
    await first.close();
    const again = await openForTest(location);
    expect(again.identity).toEqual(first.identity);
    expect(again.identity.hashKey).toHaveLength(32);
    const elsewhere = await openForTest(other);
    expect(elsewhere.identity.id).not.toBe(first.identity.id);
    expect(elsewhere.identity.fingerprintSeed).not.toBe(first.identity.fingerprintSeed);
  });

  test('migrates forward, each step once, and a step that fails changes nothing', async () => {
    const location = await freshLocation(engine);
    await (await openStore(location)).close();
    const database = await openEngine(engine, location);
    const broken: Migration = { ...next, statements: () => ['CREATE TABLE later (a integer)', 'CREATE TABLE later (a integer)'] };
    await expect(migrate(database, 7, [...migrations, broken])).rejects.toThrow('later');
    expect(await versionOf(database)).toBe(newestOf(migrations));
    expect(await migrate(database, 7, [...migrations, next])).toEqual([next.version]);
    expect(await migrate(database, 8, [...migrations, next])).toEqual([]);
    const applied = { sql: 'SELECT name, applied_at FROM migrations WHERE version = ?', bindings: [next.version] };
    expect(await database.all(applied)).toEqual([{ name: 'next', applied_at: 7 }]);
    await database.close();
  });

  test('that a newer version wrote is refused', async () => {
    const location = await freshLocation(engine);
    const database = await openEngine(engine, location);
    await migrate(database, 7, [...migrations, next]);
    await database.close();
    await expect(openStore(location)).rejects.toMatchObject({ code: 'STO-103', exit: 'configuration' });
    await expect(openStore(location, { readOnly: true })).rejects.toMatchObject({ code: 'STO-103' });
  });

  test('for reading only makes nothing, migrates nothing, sees what others write, and writes nothing', async () => {
    const location = await freshLocation(engine);
    await expect(openStore(location, { readOnly: true })).rejects.toMatchObject({ code: 'STO-102' });
    // A database without tables is no state either.
    await (await openEngine(engine, location)).close();
    await expect(openStore(location, { readOnly: true })).rejects.toMatchObject({ code: 'STO-102' });
    const writer = await openForTest(location);
    const reader = await openForTest(location, { readOnly: true });
    const lease = await leaseOn(writer);
    await beginRun(writer, lease, 'r1');
    expect((await reader.runs.get('r1'))?.id).toBe('r1');
    const attempts = [
      () => reader.runs.advance(lease, 'r1', { state: 'stopped' }),
      () => reader.journal.record('x', {}, 1),
      () => reader.logs.moveCursor(scope, 1),
      () => reader.files.write({ run: 'r1' }, 'x', ['y']),
      () => reader.files.remove({ run: 'r1' }, 'x'),
      () => reader.files.promote('r1', 'contoso', 'x'),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'STO-105' });
  });

  test('where there has to be one makes none, and takes an older one forward', async () => {
    const location = await freshLocation(engine);
    await expect(openStore(location, { mustExist: true })).rejects.toMatchObject({ code: 'STO-102' });
    const database = await openEngine(engine, location);
    await expect(openStore(location, { mustExist: true })).rejects.toMatchObject({ code: 'STO-102' });
    await migrate(database, 7, migrations.slice(0, 1));
    await database.close();
    await openForTest(location, { mustExist: true });
  });

  test('may be done twice in one process: one waits for the transaction of the other instead of stopping the process', async () => {
    const location = await freshLocation(engine);
    const [one, two] = [await openForTest(location), await openForTest(location)];
    const lease = await leaseOn(one);
    await beginRun(one, lease, 'r1');
    let other: Promise<unknown> = Promise.resolve();
    const slow = async function* (): AsyncGenerator<never[]> {
      other = two.journal.record('meanwhile', {}, 1);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      yield [];
    };
    await one.ledger.accept(lease, { scope, run: 'r1', planHash: 'p', at: 1, population: 0, records: slow(), batches: [] });
    await other;
    expect((await two.journal.last())?.kind).toBe('meanwhile');
  });
});

test('a folder that cannot be one, a file that is no database, and an unknown scheme are refused with a code', async () => {
  const folder = await freshLocation('sqlite');
  await writeFile(join(folder, 'file'), 'x');
  await expect(openStore(join(folder, 'file'))).rejects.toMatchObject({ code: 'STO-101' });
  await mkdir(join(folder, 'wrong'));
  await writeFile(join(folder, 'wrong', 'state.sqlite'), 'this is not a database, but it is long enough to be mistaken for one');
  await expect(openStore(join(folder, 'wrong'))).rejects.toMatchObject({ code: 'STO-106' });
  await expect(openStore('mysql://localhost/x')).rejects.toMatchObject({ code: 'STO-101' });
});

test('a database that does not answer is named without its password', async () => {
  const location = await freshLocation('postgres');
  const wrong = new URL(location);
  wrong.password = 'opensesame';
  for (const url of [wrong.href, 'postgres://user:opensesame@127.0.0.1:1/x']) {
    const error = await openStore(url).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    expect(error).toMatchObject({ code: 'STO-101' });
    expect(String(error)).not.toContain('opensesame');
  }
});

test('importing the store loads no driver', async () => {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const script = `await import('./src/store/open.ts'); const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => /node_modules.(knex|pg|better-sqlite3)./.test(path));
    console.log(JSON.stringify(loaded));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  expect(JSON.parse(stdout)).toEqual([]);
});

test('a folder that cannot be looked into is not called empty', async () => {
  const location = join(await freshLocation('sqlite'), 'state');
  // Leads to itself: whoever runs the tests may enter any folder.
  await symlink(location, location);
  await expect(openStore(location, { mustExist: true })).rejects.toMatchObject({
    code: 'STO-101',
    message: expect.stringContaining('ELOOP'),
  });
});
