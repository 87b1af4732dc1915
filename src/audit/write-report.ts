import type { Instant } from '../domain/clock.ts';
import type { RunId } from '../domain/words.ts';
import type { Store } from '../store/contract.ts';
import { buildReport } from './build-report.ts';
import type { Masks } from './masks.ts';
import { renderReport } from './report-page.ts';

export const reportFile = 'report.html';

/** Writes the report of a run into the run, in place of an older one. Answers where a person finds it; undefined in a database. */
export async function writeReport(store: Store, run: RunId, masks: Masks, at: Instant): Promise<string | undefined> {
  const page = renderReport(await buildReport(store, run, masks, at));
  await store.files.write({ run }, reportFile, [page]);
  return store.files.path({ run }, reportFile);
}
