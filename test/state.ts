import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, onTestFinished } from 'vitest';
import type { Store } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { freshDatabase } from './database.ts';

export * from './state-builders.ts';

export const engines = ['sqlite', 'postgres'] as const;
export type Engine = (typeof engines)[number];

/** A place for a new state that is removed after the test: a temporary folder, or a database of the run's one PostgreSQL. */
export async function freshLocation(engine: Engine): Promise<string> {
  if (engine === 'postgres') return freshDatabase('state');
  const folder = await mkdtemp(join(tmpdir(), 'joinery-state-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Opens the store and closes it after the test. */
export async function openForTest(location: string, options: Parameters<typeof openStore>[1] = {}): Promise<Store> {
  const store = await openStore(location, options);
  onTestFinished(() => store.close());
  return store;
}

let emptied: Promise<string> | undefined;

/** A database that tests of this file have used before, with nothing in it but tables: much quicker than a new one. */
async function emptyDatabase(): Promise<string> {
  const url = await (emptied ??= freshDatabase('state'));
  const client = new Client({ connectionString: url, options: '-c search_path=joinery' });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'joinery'`);
  const tables = rows.map((row) => row.name).filter((name) => name !== 'migrations');
  // Children before their parents.
  const first = ['approvals', 'operations', 'batches'].filter((name) => tables.includes(name));
  const ordered = [...first, ...tables.filter((name) => !first.includes(name))];
  await client.query(ordered.map((name) => `DELETE FROM ${name}`).join('; '));
  await client.end();
  return url;
}

/** The same tests on both engines: `open` makes an empty store with an identity of its own. */
export function onEveryEngine(title: string, body: (open: () => Promise<Store>, engine: Engine) => void): void {
  describe.each(engines)(`${title} on %s`, (engine) => {
    body(async () => openForTest(engine === 'postgres' ? await emptyDatabase() : await freshLocation(engine)), engine);
  });
}
