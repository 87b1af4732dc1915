import type { Change, PlanHead, Rejection } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Counts } from '../domain/event.ts';
import type { Evaluated } from '../domain/ledger.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { BatchId, ExternalId, RunId, Stage } from '../domain/words.ts';
import type { Store } from './contract.ts';
import { fromLines, fromLinesInChunks, textLines, toLines } from './ndjson.ts';
import { planLine } from './plan-line.ts';
import { verdictLine } from './verdict-line.ts';

/** What extract hands to transform. */
export type ExtractItem =
  /**
   * A worker whose rows, mapping or date moved. `same`: the rows are as they were when they were last accepted. `again`: he has work left or was asked for, and is looked at whatever
   * his rows come to.
   */
  | { readonly kind: 'group'; readonly group: RowGroup; readonly same?: true; readonly again?: true }
  /** A row without a key. */
  | { readonly kind: 'keyless'; readonly ordinal: number }
  /** A key that an earlier accepted run read and this one did not. */
  | { readonly kind: 'vanished'; readonly externalId: ExternalId };

/** What transform hands to batch. */
export type TransformItem =
  | {
      readonly kind: 'verdict';
      readonly verdict: Verdict;
      readonly fingerprint: string;
      readonly ordinals: readonly number[];
      /** Keyed hash of who the person is, whatever his key. */
      readonly identity?: string;
    }
  | Exclude<ExtractItem, { readonly kind: 'group' }>;

/** What extract counted over the whole pass. */
export interface ExtractSummary {
  readonly rows: number;
  /** Distinct keys, rejected or not. */
  readonly keys: number;
  readonly keyless: number;
  readonly unchanged: number;
  readonly changed: number;
  readonly vanished: number;
  /** Under an edited mapping: who was proved to come out as before, and counts as unchanged. */
  readonly spared?: number;
  /** Where a watermark source came to; counts once the run is accepted, like everything else that extract found. */
  readonly watermark?: WatermarkPosition;
  /** Where versions of rows were read: what they depend on. Beside it lies the file of the versions. */
  readonly versions?: VersionPosition;
}

/** `identity` and `transaction` as of `VersionGround`. */
export interface VersionPosition {
  readonly identity: string;
  readonly transaction: string;
  /** The run's instant when everything was read last. */
  readonly fullPassAt: Instant;
}

export interface WatermarkPosition {
  readonly column: string;
  readonly type: string;
  /** Highest value of the column that was read. */
  readonly position: string;
  /** The run's instant when everything was read last. */
  readonly fullPassAt: Instant;
}

/** What batch hands to accept: one line per worker with something to record. */
export interface PlanLine {
  readonly externalId: ExternalId;
  readonly evaluated?: Evaluated;
  readonly missing?: boolean;
  /** The key belongs to another pipeline: what this one makes of its row. */
  readonly claim?: 'active' | 'preHire' | 'none';
  readonly change?: Change;
}

/** Members of a batch in the order of the request. */
export interface BatchLine {
  readonly id: BatchId;
  readonly sequence: number;
  readonly workers: readonly ExternalId[];
}

/** Names of the files that stages leave in a run, and what stands in them. */
export interface Handoffs {
  'rows.ndjson': ExtractItem;
  'verdicts.ndjson': TransformItem;
  'plan.ndjson': PlanLine;
  'batches.ndjson': BatchLine;
  'rejections.ndjson': Rejection;
}
export interface Documents {
  'extract.json': ExtractSummary;
  'plan.json': PlanHead;
  'events.json': RunEvents;
  'erased.json': ErasedFiles;
  'pause.json': LoadPause;
  'changes.json': ChangeListing;
}

/** The last time that the run's load paused by itself. */
export interface LoadPause {
  readonly at: Instant;
  readonly code: string;
  readonly words: string;
}

/** What the run told while it was executed, by every process that worked on it; for reports, never read by a stage. */
export interface RunEvents {
  /** In the order in which they ended. A stage that was resumed, or the second pass, stands there again. */
  readonly stages: readonly StageRecord[];
  /** Calls that were sent again, by the reason of the first answer. */
  readonly retries: Readonly<Record<string, number>>;
  /** Calls without an answer, and calls that the service refused. */
  readonly unknown: number;
  readonly refused: number;
  /** Milliseconds that load waited, by reason: window, quota, retry, reserve. */
  readonly waits: Readonly<Record<string, number>>;
  /** Looks at the provisioning logs. */
  readonly polls: number;
  /** Warnings by code. */
  readonly warnings: Readonly<Record<string, number>>;
}

export interface StageRecord {
  readonly stage: Stage;
  readonly endedAt: Instant;
  readonly milliseconds: number;
  readonly counts: Counts;
}

/** What a plan changes, summed up, and the most urgent workers of it: the rest stands in plan.ndjson alone. */
export interface ChangeListing {
  readonly attributes: readonly {
    readonly path: AttributePath;
    readonly set: number;
    readonly changed: number;
    readonly emptied: number;
  }[];
  /** Workers who are sent, wait, failed before or are held. */
  readonly total: number;
  readonly changes: readonly ListedChange[];
}

export type ListedChange = Pick<Change, 'externalId' | 'change' | 'cause' | 'send' | 'waiting' | 'failedBefore' | 'held' | 'differences'>;

/** When a purge took values out of the run's files. */
export interface ErasedFiles {
  readonly rows?: Instant;
  readonly payloads?: Instant;
}

export const handoffNames = [
  'rows.ndjson',
  'verdicts.ndjson',
  'plan.ndjson',
  'batches.ndjson',
  'rejections.ndjson',
] as const satisfies readonly (keyof Handoffs)[];

export const fingerprintFile = 'fingerprints';
/** Key and version of every row; in form like the fingerprints. */
export const versionFile = 'versions';
/** Of a pipeline: what the mapping of the last accepted whole pass was made of. */
export const recipeFile = 'mapping.json';
/** Beside it: keyed hashes of the rows that its lookups had. */
export const lookupsFile = 'lookups.json';

/** Where `JSON.stringify` would write once more what is written already. */
const writers: { readonly [N in keyof Handoffs]?: (item: Handoffs[N]) => string } = {
  'verdicts.ndjson': verdictLine,
  'plan.ndjson': planLine,
};

/** Of items in chunks: who hands them over one by one waits for each. */
export async function writeHandoff<N extends keyof Handoffs>(
  store: Store,
  run: RunId,
  name: N,
  chunks: AsyncIterable<readonly Handoffs[N][]> | Iterable<readonly Handoffs[N][]>,
): Promise<void> {
  await store.files.write({ run }, name, toLines(chunks, writers[name]));
}

/** `holding`: only lines in which one of these texts stands. Errors: STG-105 when the file is not there. */
export async function* readHandoff<N extends keyof Handoffs>(
  store: Store,
  run: RunId,
  name: N,
  holding?: readonly string[],
): AsyncGenerator<Handoffs[N]> {
  yield* fromLines<Handoffs[N]>(await bytesOf(store, run, name), name, holding);
}

/** `readHandoff`, in arrays of at most `size`. Errors: STG-105 when the file is not there. */
export async function* readHandoffInChunks<N extends keyof Handoffs>(
  store: Store,
  run: RunId,
  name: N,
  size: number,
): AsyncGenerator<readonly Handoffs[N][]> {
  yield* fromLinesInChunks<Handoffs[N]>(await bytesOf(store, run, name), name, size);
}

async function bytesOf(store: Store, run: RunId, name: keyof Handoffs): Promise<AsyncIterable<Uint8Array>> {
  const chunks = await store.files.read({ run }, name);
  if (chunks === undefined) throw new JoineryError('STG-105', `run ${run} has no ${name}`);
  return chunks;
}

/**
 * Replaces a file by what `change` makes of its documents; undefined: the line goes. With `holding`, only lines in which this id stands as a text are
 * given to `change`. Nothing happens where there is no such file.
 */
export async function rewriteHandoff<N extends keyof Handoffs>(
  store: Store,
  run: RunId,
  name: N,
  change: (item: Handoffs[N]) => Handoffs[N] | undefined,
  holding?: ExternalId,
): Promise<void> {
  const chunks = await store.files.read({ run }, name);
  if (chunks === undefined) return;
  const part = holding === undefined ? '' : JSON.stringify(holding);
  const changed = async function* (): AsyncGenerator<string> {
    for await (const { text } of textLines(chunks, name)) {
      const item = text.includes(part) ? change(JSON.parse(text)) : undefined;
      if (!text.includes(part)) yield `${text}\n`;
      else if (item !== undefined) yield `${JSON.stringify(item)}\n`;
    }
  };
  await store.files.write({ run }, name, changed());
}

export async function writeDocument<N extends keyof Documents>(store: Store, run: RunId, name: N, document: Documents[N]): Promise<void> {
  await store.files.write({ run }, name, [`${JSON.stringify(document, undefined, 2)}\n`]);
}

/** Errors: STG-105 when the file is not there. */
export async function readDocument<N extends keyof Documents>(store: Store, run: RunId, name: N): Promise<Documents[N]> {
  const chunks = await store.files.read({ run }, name);
  if (chunks === undefined) throw new JoineryError('STG-105', `run ${run} has no ${name}`);
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  // Written by `writeDocument` of this program, whole or not at all.
  const document: Documents[N] = JSON.parse(Buffer.concat(pieces).toString('utf8'));
  return document;
}
