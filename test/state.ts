import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** The same tests on both engines: `open` makes a new, empty store. */
export function onEveryEngine(title: string, body: (open: () => Promise<Store>, engine: Engine) => void): void {
  describe.each(engines)(`${title} on %s`, (engine) => {
    body(async () => openForTest(await freshLocation(engine)), engine);
  });
}
