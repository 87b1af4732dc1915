import { spawn } from 'node:child_process';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { verifyStoredJournal } from './verify-journal.ts';
import { batchId, freshLocation, leaseOn, onEveryEngine, openForTest, scope } from '../../test/state.ts';
import { useScript } from '../../test/script.ts';

const child = useScript('state-child.ts');

interface Child {
  /** The next line that the child says; rejects when it ends before. */
  readonly said: string;
  /** SIGKILL: no handler runs, nothing is given back by the program. */
  kill(): Promise<void>;
}

/** PostgreSQL gives back what a session held when it has noticed that the other end is gone, on a busy machine later than the kill. */
async function untilNoticed(location: string): Promise<void> {
  if (!location.startsWith('postgres')) return;
  const client = new Client({ connectionString: location });
  await client.connect();
  const others = 'select 1 from pg_stat_activity where datname = current_database() and pid = any($1)';
  const held = await client.query(
    "select pid from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
  );
  while ((await client.query(others, [held.rows.map(({ pid }) => pid)])).rows.length > 0) continue;
  await client.end();
}

function start(location: string, act: string): Promise<Child> {
  const started = spawn(process.execPath, [child(), location, act], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    started.kill('SIGKILL');
  });
  const ended = new Promise<void>((resolve) => started.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    started.kill('SIGKILL');
    await ended;
    await untilNoticed(location);
  };
  let complaint = '';
  started.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  return new Promise((resolve, reject) => {
    started.stdout.setEncoding('utf8').once('data', (said: string) => resolve({ said: said.trim(), kill }));
    started.once('exit', (code) => reject(new Error(`the child ended (${String(code)}): ${complaint}`)));
  });
}

onEveryEngine('a process that is killed', (_, engine) => {
  test('gives its lease back by dying, at once and without a timer', async () => {
    const location = await freshLocation(engine);
    const holder = await start(location, 'hold');
    const store = await openForTest(location);
    await expect(leaseOn(store)).rejects.toMatchObject({ code: 'STO-201', message: expect.stringContaining('the child') });
    await holder.kill();
    expect((await leaseOn(store)).epoch).toBe(2);
  });

  test('in the middle of accept leaves nothing of it, and the run can be accepted', async () => {
    const location = await freshLocation(engine);
    const holder = await start(location, 'accept');
    await holder.kill();
    const store = await openForTest(location);
    const lease = await leaseOn(store);
    expect((await store.runs.get('r1'))?.state).toBe('planned');
    expect(await store.operations.batches('r1')).toEqual([]);
    expect((await store.ledger.counts(scope, 'contoso')).entries).toBe(0);
    expect(await verifyStoredJournal(store.journal)).toMatchObject({ kind: 'intact' });
    const input = { scope, run: 'r1', planHash: 'p', at: 1, population: 0, records: [], batches: [] };
    expect(await store.ledger.accept(lease, input)).toEqual({ evaluated: 0, desired: 0, dropped: [] });
  });

  test('between recording and sending leaves the batch unknown for the next holder, never planned', async () => {
    const location = await freshLocation(engine);
    const holder = await start(location, 'sending');
    const store = await openForTest(location);
    expect((await store.operations.batch(batchId('r1', 0)))?.state).toBe('sending');
    await holder.kill();
    await leaseOn(store, 'contoso', 9000);
    expect((await store.operations.batch(batchId('r1', 0)))?.state).toBe('unknown');
    expect(await store.operations.tally('r1')).toEqual({ open: 2 });
    expect((await store.ledger.get(scope, 'w1'))?.sent?.operation).toBe('r1:w1:0');
    expect(await verifyStoredJournal(store.journal)).toMatchObject({ kind: 'intact' });
  });
});

onEveryEngine('an empty state', (_, engine) => {
  test('that several processes open at once becomes one store', async () => {
    const location = await freshLocation(engine);
    const opened = await Promise.all([start(location, 'open'), openForTest(location), openForTest(location)]);
    const ids = opened.map((one) => ('said' in one ? one.said : `opened ${one.identity.id}`));
    expect(new Set(ids).size).toBe(1);
    const store = await openForTest(location);
    expect(await verifyStoredJournal(store.journal)).toMatchObject({ kind: 'intact', lines: 1 });
  });
});
