import type { ExternalId, JobScope, PipelineName } from '../domain/words.ts';
import type { Store } from '../store/contract.ts';
import { titleOf } from './rejection-groups.ts';
import { count, plural, time } from './words.ts';

/** Somebody whom a person has to look at, and why. */
export interface StewardRow {
  readonly worker: ExternalId;
  readonly kind: 'rejected' | 'failed' | 'silent' | 'missing';
  readonly words: string;
}

const stewardLimit = 1_000;

/** Who stands in the ledger with something open: rejected, refused by the service, silent, missing from the source. At most `stewardLimit` rows, all counted. */
export async function stewardList(
  store: Store,
  scope: JobScope,
  pipeline: PipelineName,
): Promise<{ readonly rows: readonly StewardRow[]; readonly total: number }> {
  const rows: StewardRow[] = [];
  let total = 0;
  const add = (row: StewardRow): void => {
    total++;
    if (rows.length < stewardLimit) rows.push(row);
  };
  for await (const chunk of store.ledger.streamEntries(scope, pipeline)) {
    for (const { externalId: worker, evaluated, failed, baselineUnknown, missing } of chunk) {
      if (evaluated?.verdict === 'rejected')
        add({ worker, kind: 'rejected', words: (evaluated.reasons ?? []).map((code) => `${code} ${titleOf(code)}`).join('; ') });
      if (failed !== undefined) add({ worker, kind: 'failed', words: `${failed.code}, ${time(failed.at)}` });
      if (baselineUnknown) add({ worker, kind: 'silent', words: 'what the service has is unknown; sent again by the next run' });
      if (missing !== undefined)
        add({
          worker,
          kind: 'missing',
          words: `not in the source since ${time(missing.since)}, ${plural(missing.passes, 'pass', 'passes')}`,
        });
    }
  }
  return { rows, total };
}

/** `3 workers`, or how many of them are shown. */
export function stewardWords(shown: number, total: number): string {
  return shown === total ? plural(total, 'entry', 'entries') : `the first ${count(shown)} of ${count(total)} entries`;
}
