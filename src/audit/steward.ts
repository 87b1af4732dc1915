import type { Operation } from '../domain/operation.ts';
import type { ExternalId, JobScope, PipelineName } from '../domain/words.ts';
import { explainCode } from '../entra/outcome-codes.ts';
import type { Store } from '../store/contract.ts';
import type { Masks } from './masks.ts';
import { fixOf, titleOf } from './rejection-groups.ts';
import { attributeInQuestion } from './steward-attribute.ts';
import { reasonOf } from './trouble-groups.ts';
import { count, plural, time } from './words.ts';

/** Somebody whom a person has to look at, why, and what to do about it. */
export interface StewardRow {
  readonly worker: ExternalId;
  readonly kind: 'rejected' | 'failed' | 'silent' | 'missing';
  /** What the service or the rule complains about, as the pipeline names it; empty where neither says. */
  readonly attribute: string;
  /** As openly as its class allows. */
  readonly value: string;
  readonly reason: string;
  /** In HR, in the mapping or in the tenant. */
  readonly todo: string;
}

const stewardLimit = 1_000;

/** Who stands in the ledger with something open: rejected, refused by the service, silent, missing from the source. Streams. */
export async function* stewardRows(store: Store, scope: JobScope, pipeline: PipelineName, masks: Masks): AsyncGenerator<StewardRow> {
  const nothing = { attribute: '', value: '' };
  for await (const chunk of store.ledger.streamEntries(scope, pipeline)) {
    for (const { externalId: worker, evaluated, failed, baselineUnknown, missing } of chunk) {
      if (evaluated?.verdict === 'rejected') {
        for (const code of evaluated.reasons ?? [])
          yield { worker, kind: 'rejected', ...nothing, reason: `${code} ${titleOf(code)}`, todo: fixOf(code) };
      }
      if (failed !== undefined) {
        const operations = await store.operations.ofWorker(scope, worker);
        const operation = operations.findLast(({ payloadHash, failure }) => payloadHash === failed.hash && failure !== undefined);
        yield failedRow(worker, failed.code, operation, masks);
      }
      if (baselineUnknown) {
        const reason = 'the service accepted a record and told no outcome in time: what it has is unknown';
        yield { worker, kind: 'silent', ...nothing, reason, todo: 'Nothing: the next run sends the record again.' };
      }
      if (missing !== undefined) {
        const reason = `not in the source since ${time(missing.since)}, ${plural(missing.passes, 'pass', 'passes')}`;
        yield {
          worker,
          kind: 'missing',
          ...nothing,
          reason,
          todo: 'Nothing if he has left; otherwise find out why the source no longer returns him.',
        };
      }
    }
  }
}

function failedRow(worker: ExternalId, code: string, operation: Operation | undefined, masks: Masks): StewardRow {
  const { words, todo } = explainCode(code, operation?.failure?.reason);
  const said = operation === undefined ? '' : reasonOf(operation, masks);
  const found = operation === undefined ? undefined : attributeInQuestion(code, operation.failure?.reason ?? '', operation.payload);
  return {
    worker,
    kind: 'failed',
    attribute: found?.path ?? '',
    value: found === undefined ? '' : masks.attribute(found.path, found.value),
    reason: `${code}: ${words}${said === '' ? '' : ` The service says: ${said}`}`,
    todo,
  };
}

/** At most `stewardLimit` rows, all counted. */
export async function stewardList(
  store: Store,
  scope: JobScope,
  pipeline: PipelineName,
  masks: Masks,
): Promise<{ readonly rows: readonly StewardRow[]; readonly total: number }> {
  const rows: StewardRow[] = [];
  let total = 0;
  for await (const row of stewardRows(store, scope, pipeline, masks)) {
    total++;
    if (rows.length < stewardLimit) rows.push(row);
  }
  return { rows, total };
}

/** `3 workers`, or how many of them are shown. */
export function stewardWords(shown: number, total: number): string {
  return shown === total ? plural(total, 'entry', 'entries') : `the first ${count(shown)} of ${count(total)} entries`;
}
