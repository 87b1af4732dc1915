import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { declarationOf } from '../domain/errors/registry.ts';
import type { Operation } from '../domain/operation.ts';
import type { ExternalId, JobScope, PipelineName, RunId } from '../domain/words.ts';
import { classWords, explainCode } from '../entra/outcome-codes.ts';
import { silenceCauses } from '../entra/silence-causes.ts';
import type { LookedAt, Store } from '../store/contract.ts';
import { readDocument, readHandoff } from '../store/run-files.ts';
import type { Masks } from './masks.ts';
import { isKnown, titleOf } from './rejection-groups.ts';
import { attributeInQuestion } from './steward-attribute.ts';
import { reasonOf } from './trouble-groups.ts';
import { count, holdWaysOut, holdWords, plural, time } from './words.ts';

/** Somebody whom a person has to look at: what is wrong, in words that HR understands, and what to do. */
export interface StewardRow {
  readonly worker: ExternalId;
  readonly kind: 'rejected' | 'failed' | 'silent' | 'missing' | 'held';
  /** Code of the rejection, or of the service. */
  readonly code: string;
  /** The column or attribute that the reason is about; empty where it is about the whole worker. */
  readonly attribute: string;
  /** Its value, masked. */
  readonly value: string;
  readonly reason: string;
  readonly todo: string;
  /** Who acts. */
  readonly who: string;
}

export interface StewardList {
  readonly rows: readonly StewardRow[];
  /** Workers with something open, listed or not. */
  readonly workers: number;
}

/** How many workers a page lists. */
const stewardLimit = 1_000;
/** For files: more workers than any ledger has trouble with and a machine has memory for. */
export const everybody = 100_000;

/** Who stands in the ledger with something open (rejected, refused by the service for good or for now, silent, missing from the source), and whom the newest plan holds. */
export async function stewardList(
  store: Store,
  scope: JobScope,
  pipeline: PipelineName,
  masks: Masks,
  limit = stewardLimit,
): Promise<StewardList> {
  const { workers, total } = await store.figures.lookAt(scope, pipeline, limit);
  const messages = await messagesOf(store, workers);
  const held = await heldRows(store, pipeline);
  const rows: StewardRow[] = [];
  for (const one of workers) {
    rows.push(
      ...rejectedRows(one, messages.get(one.externalId), masks),
      ...(await failedRows(store, scope, one, masks)),
      ...(await quietRows(store, scope, one)),
    );
  }
  rows.push(...held.slice(0, limit));
  return { rows, workers: total + held.length };
}

type Said = Pick<Diagnostic, 'code' | 'message'>;

/** What the runs that evaluated them wrote about the rejected, by worker. */
async function messagesOf(store: Store, workers: readonly LookedAt[]): Promise<ReadonlyMap<ExternalId, readonly Said[]>> {
  const wanted = new Map<RunId, Set<ExternalId>>();
  for (const { externalId, rejected } of workers) {
    if (rejected === undefined) continue;
    const of = wanted.get(rejected.run) ?? new Set();
    of.add(externalId);
    wanted.set(rejected.run, of);
  }
  const found = new Map<ExternalId, readonly Said[]>();
  for (const [run, ids] of wanted) {
    if (!(await store.files.list({ run })).includes('rejections.ndjson')) continue;
    for await (const { externalId, reasons } of readHandoff(store, run, 'rejections.ndjson'))
      if (externalId !== undefined && ids.has(externalId)) found.set(externalId, reasons);
  }
  return found;
}

/** A line for each reason; several may have one code. */
export function rejectedRows({ externalId: worker, rejected }: LookedAt, said: readonly Said[] = [], masks: Masks): StewardRow[] {
  const codes = rejected?.codes ?? [];
  return codes.map((code, index) => {
    const before = codes.slice(0, index).filter((one) => one === code).length;
    const message = masks.text(said.filter((one) => one.code === code)[before]?.message ?? '');
    return {
      worker,
      kind: 'rejected',
      code,
      ...subjectOf(message),
      // Purged, or of a run whose files are gone: the title of the code is left.
      reason: message === '' ? titleOf(code) : message,
      todo: isKnown(code) ? declarationOf(code).fix : '',
      who: code.startsWith('PLN') ? 'the pipeline' : 'HR data',
    };
  });
}

/** The column or attribute that a message of a mapping begins with, and the masked value that it shows. */
export function subjectOf(message: string): { readonly attribute: string; readonly value: string } {
  const column = /^column (\S+) (?:is (.+?)(?:, (?:which|none)|$| and required))?/u.exec(message);
  if (column?.[1] !== undefined) return { attribute: column[1], value: column[2] ?? '' };
  const attribute =
    /^(urn:\S+(?=: )|urn:\S+|[\p{L}$][^\s:]*(?:\[[^\]]*\]\S*)?)(?=: | is empty| came out| holds the control)/u.exec(message)?.[1] ?? '';
  const value = attribute === '' ? undefined : /\(\S+ = ([^,)]*)\)$/u.exec(message)?.[1];
  return { attribute, value: value ?? '' };
}

/** What the service refused for good, and what it goes on retrying: to whoever has to correct the data it is the same. */
async function failedRows(
  store: Store,
  scope: JobScope,
  { externalId: worker, failed, escrowed }: LookedAt,
  masks: Masks,
): Promise<StewardRow[]> {
  const rows: StewardRow[] = [];
  if (failed !== undefined) {
    const { code, hash } = failed;
    const operation = (await store.operations.ofWorker(scope, worker)).findLast(
      ({ payloadHash, failure }) => payloadHash === hash && failure !== undefined,
    );
    rows.push(failedRow(worker, code, operation, time(failed.at), masks));
  }
  if (escrowed?.failure !== undefined) {
    const { code, retryAt } = escrowed.failure;
    const next = retryAt === undefined ? '' : `, next at ${time(retryAt)}`;
    rows.push(failedRow(worker, code, escrowed, `the service retries it by itself${next}`, masks));
  }
  return rows;
}

/** With the attribute that the service complains about, where its reason names one, and the value that was sent. */
export function failedRow(worker: ExternalId, code: string, operation: Operation | undefined, note: string, masks: Masks): StewardRow {
  const { words, todo, class: cause } = explainCode(code, operation?.failure?.reason ?? '');
  const found = operation === undefined ? undefined : attributeInQuestion(code, operation.failure?.reason ?? '', operation.payload);
  const said = operation === undefined ? '' : reasonOf(operation, masks);
  return {
    worker,
    kind: 'failed',
    code,
    attribute: found?.path ?? '',
    value: found === undefined ? '' : masks.attribute(found.path, found.value),
    reason: `${words}${said === '' ? '' : ` The service says: ${said}`} (${note})`,
    todo,
    who: classWords[cause],
  };
}

async function quietRows(store: Store, scope: JobScope, { externalId: worker, silent, missing }: LookedAt): Promise<StewardRow[]> {
  const rows: StewardRow[] = [];
  const about = (kind: 'silent' | 'missing', reason: string, todo: string, who: string): void => {
    rows.push({ worker, kind, code: '', attribute: '', value: '', reason, todo, who });
  };
  const found = silent
    ? (await store.operations.ofWorker(scope, worker)).findLast(({ outcome }) => outcome === 'silent')?.failure
    : undefined;
  const cause = silenceCauses.find(({ code }) => code === found?.code);
  if (cause !== undefined) {
    const { code, words, todo, class: who } = cause;
    rows.push({ worker, kind: 'silent', code, attribute: '', value: '', reason: words, todo, who: classWords[who] });
  } else if (silent)
    about(
      'silent',
      'An operation went silent, so that nobody knows what the service has.',
      'Nothing; the next run sends him again.',
      'nobody',
    );
  if (missing !== undefined) {
    const since: Instant = missing.since;
    const words = `Not in the source since ${time(since)}, for ${plural(missing.passes, 'pass', 'passes')}.`;
    about(
      'missing',
      words,
      'Say in HR whether he has left; otherwise look why the query no longer returns him. He is disabled once he counts as vanished.',
      'HR data',
    );
  }
  return rows;
}

/** Whom the newest plan holds. */
async function heldRows(store: Store, pipeline: PipelineName): Promise<StewardRow[]> {
  const [newest] = (await store.runs.list(pipeline, 20)).filter(({ state }) => state !== 'abandoned');
  if (newest === undefined || !(await store.files.list({ run: newest.id })).includes('changes.json')) return [];
  const { changes } = await readDocument(store, newest.id, 'changes.json');
  return changes.flatMap(({ externalId, change, held }): StewardRow[] => {
    if (held === undefined) return [];
    const reason = `The ${change} is held: ${holdWords[held]}.`;
    return [
      {
        worker: externalId,
        kind: 'held',
        code: held,
        attribute: 'active',
        value: '',
        reason,
        todo: holdWaysOut[held],
        who: 'security and the administrators',
      },
    ];
  });
}

/** `3 workers`, or how many of them are shown. */
export function stewardWords(shown: number, total: number): string {
  return shown === total ? plural(total, 'worker') : `the first ${count(shown)} of ${plural(total, 'worker')}`;
}
