import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import { writeDocument } from '../store/run-files.ts';
import type { StageContext } from './context.ts';

/** Stands in a run whose load paused by itself; the next plan goes in stages because of it. */
export const pauseFile = 'pause.json';

/**
 * Why a load stops by itself, resumable: outcomes that are bad (STG-204), outcomes that do not come (STG-205), a job that is not ready (STG-206), a set-up
 * that refuses (STG-207).
 */
export type PauseCode = 'STG-204' | 'STG-205' | 'STG-206' | 'STG-207';

/** Writes down that the load paused, and ends it. */
export async function pauseLoad(context: StageContext, run: Run, code: PauseCode, words: string): Promise<never> {
  const { store, clock, emit } = context;
  const at = clock.now();
  await writeDocument(store, run.id, pauseFile, { at, code, words });
  await store.journal.record('load.paused', { run: run.id, code }, at);
  emit({ type: 'load.paused', run: run.id, code, words });
  throw new JoineryError(code, `run ${run.id}: ${words}`);
}
