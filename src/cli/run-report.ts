import { masksOf } from '../audit/masks.ts';
import { reportFile, writeReport } from '../audit/write-report.ts';
import type { Clock } from '../domain/clock.ts';
import type { RunId } from '../domain/words.ts';
import type { Execution } from './execute.ts';

/** A run that is executed is among the newest ones. */
const recent = 20;

/** Writes the report of a run and names the files that a person may want to open next. */
export async function nameRunFiles({ runner, say }: Pick<Execution, 'runner' | 'say'>, run: RunId, clock: Clock): Promise<void> {
  const { store, pipeline } = runner;
  await writeReport(store, run, masksOf(pipeline), clock.now());
  // A run that ended early has no plan.
  const written = new Set(await store.files.list({ run }));
  for (const name of [reportFile, 'plan.json', 'rejections.ndjson']) {
    const path = store.files.path({ run }, name);
    if (path !== undefined && written.has(name)) say(`  ${name.replace(/\..*/, '').padEnd(11)} ${path}\n`);
  }
}

/**
 * As `work`, but a run that ends with an error (a guard stopped it, the service refused) gets its report as well. The error goes on
 * whatever becomes of the report.
 */
export async function withReport<T>(execution: Execution, clock: Clock, work: () => Promise<T>): Promise<T> {
  const { store, pipeline } = execution.runner;
  const before = new Map((await store.runs.list(pipeline.name, recent)).map(({ id, state }) => [id, state]));
  try {
    return await work();
  } catch (error) {
    const runs = await store.runs.list(pipeline.name, recent).catch(() => []);
    // The one that this command began or moved; those that it abandoned on the way changed nothing.
    const run = runs.find(({ id, state }) => state !== 'abandoned' && before.get(id) !== state);
    if (run !== undefined) await nameRunFiles(execution, run.id, clock).catch(() => undefined);
    throw error;
  }
}
