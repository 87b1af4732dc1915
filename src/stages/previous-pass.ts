import { formatInstant, type Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { goneFingerprint } from '../domain/ledger.ts';
import { compareKeys, type KeyOrder } from '../domain/row.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { ExternalId, JobScope } from '../domain/words.ts';
import { mostKeysAsked, type PartialRead, type Source } from '../source/contract.ts';
import { noRecords, readFingerprints, writeRecords, type FingerprintFile } from '../source/fingerprint-file.ts';
import type { KeyFingerprint } from '../source/record.ts';
import { scopeOf, type StageContext } from './context.ts';
import { spareUnaffected, type Spared } from './edited-mapping.ts';
import { fingerprintFile, readDocument, versionFile, type ExtractSummary, type VersionPosition } from '../store/run-files.ts';

/** Runs that changed the ledger. */
export const acceptedStates: readonly RunState[] = ['accepted', 'loaded', 'finished', 'superseded'];

export function isOfJob(run: JobScope, scope: JobScope): boolean {
  return run.tenant === scope.tenant && run.job === scope.job;
}

/** What the last accepted pass saw, and who has to be looked at again although his row is the same. */
export interface PreviousPass {
  /** The body of a fingerprint file. */
  readonly fingerprints: AsyncIterable<Uint8Array>;
  readonly everybody: boolean;
  /** Set when everybody is looked at because the mapping was edited. */
  readonly spared?: Spared;
  readonly again: ReadonlySet<ExternalId>;
  /** Missing since an earlier pass: not in the fingerprints any more. */
  readonly missing: ReadonlySet<ExternalId>;
  /** Set when it is enough to read what a watermark shows; absent: everything is read. */
  readonly partial?: PartialRead & { readonly fullPassAt: Instant };
  /** Of a source that tells versions of its rows. Extract closes the file, read or not. */
  readonly versions?: PreviousVersions;
}

/** The versions that the last accepted run left, or why they are not enough. */
export type PreviousVersions =
  { readonly file: FingerprintFile; readonly position: VersionPosition; readonly because?: undefined } | { readonly because: string };

/** Whom a person wants to be looked at. */
export interface Asked {
  readonly workers: ReadonlySet<ExternalId>;
  /** Of these, who left the source for good. */
  readonly gone: ReadonlySet<ExternalId>;
}

/**
 * The fingerprint file is a cache of the ledger's `evaluated`. It is believed only if it was written by the run that was accepted last;
 * a run that died between accept and rename left its file in its own folder, and anything else is rebuilt from the ledger.
 */
export async function previousPass(context: StageContext, run: Run, source: Source, asked: Asked): Promise<PreviousPass> {
  const { store, pipeline, mapping } = context;
  const scope = scopeOf(pipeline);
  const last = await store.runs.latestWhole(pipeline.name, acceptedStates);
  // What a plan of a part has recorded since stands in the ledger only; who was left out is as the last whole pass saw him.
  const partSince = (await store.runs.latest(pipeline.name, acceptedStates))?.id !== last?.id;
  const [due, unsettled, missing, claims, claimed, contested] = await Promise.all([
    store.ledger.due(scope, pipeline.name, run.asOf),
    store.ledger.unsettled(scope, pipeline.name),
    store.ledger.missing(scope, pipeline.name),
    store.ledger.claims(scope, pipeline.name),
    store.ledger.claimsAgainst(scope, pipeline.name),
    store.ledger.rejectedFor(scope, pipeline.name, 'PLN-101'),
  ]);
  // A key that two pipelines claim is looked at by each run of both until one of them lets go, which nobody's row may show.
  const again = new Set([...due, ...unsettled, ...missing, ...claims, ...claimed.keys(), ...contested, ...asked.workers]);
  const base = { again, missing: new Set([...missing, ...claims, ...asked.gone]) };
  if (last === undefined) {
    return { ...base, fingerprints: partSince ? (await rebuild(context, source.keyOrder)).records : noRecords(), everybody: true };
  }
  const newDate = mapping.readsClock && formatInstant(last.asOf).slice(0, 10) !== formatInstant(run.asOf).slice(0, 10);
  const summary = await summaryOf(context, last);
  // In a pass with rows without a key nobody counts as missing, and who was missing all the same stands neither in its fingerprints nor among the missing: only the ledger still knows of him.
  // Fingerprints say what the ledger of that job has seen; with another job id they say nothing.
  const sameJob = isOfJob(last, scope);
  const file =
    partSince || !sameJob || (summary?.keyless ?? 0) > 0 ? undefined : await acceptedFile(context, last, source.keyOrder, fingerprintFile);
  if (file !== undefined) {
    const isEdited = file.header.mapping !== mapping.id;
    const everybody = newDate || isEdited;
    const spared = isEdited && !newDate ? { spared: await spareUnaffected(context, run, file.header.mapping) } : {};
    // A disable that is not settled of somebody who is missing goes out again by a pass that finds him missing.
    const isUrgent = asked.gone.size > 0 || unsettled.some((key) => base.missing.has(key));
    const partial = everybody || isUrgent ? undefined : partialRead(context, run, source, summary, again);
    const because = isEdited ? 'the mapping was edited' : everybody ? 'the mapping reads the clock, and it is another day' : undefined;
    const versions =
      source.versions === undefined
        ? {}
        : { versions: because === undefined ? await previousVersions(context, run, last, source.keyOrder, summary) : { because } };
    return { ...base, fingerprints: file.body, everybody, ...spared, ...(partial === undefined ? {} : { partial }), ...versions };
  }
  const rebuilt = await rebuild(context, source.keyOrder);
  for (const key of rebuilt.stale) again.add(key);
  const versions = { because: 'the fingerprints are made anew from the ledger' };
  return { ...base, fingerprints: rebuilt.records, everybody: newDate || !sameJob, versions };
}

/** The versions as the last accepted run left them, while the last full pass is young enough. */
async function previousVersions(
  context: StageContext,
  run: Run,
  last: Run,
  order: KeyOrder,
  summary: ExtractSummary | undefined,
): Promise<PreviousVersions> {
  const { source } = context.pipeline;
  const declared = source.type === 'csv' ? undefined : source.versions;
  const position = summary?.versions;
  if (declared === undefined || position === undefined) return { because: 'the last run did not read versions' };
  if (run.asOf - position.fullPassAt >= declared.fullPass)
    return { because: `everything was read last at ${formatInstant(position.fullPassAt)}, and source.changes.fullPass has passed` };
  const file = await acceptedFile(context, last, order, versionFile);
  return file === undefined ? { because: 'the versions that the last run read are gone' } : { file, position };
}

/** The watermark as the last accepted run left it, while it is of the same column and the last full pass is young enough. */
function partialRead(
  { pipeline }: StageContext,
  run: Run,
  { watermark }: Source,
  summary: ExtractSummary | undefined,
  again: ReadonlySet<ExternalId>,
): PreviousPass['partial'] {
  const before = summary?.watermark;
  const changes = pipeline.source.type === 'csv' ? undefined : pipeline.source.changes;
  if (watermark === undefined || before === undefined || changes === undefined) return undefined;
  if (before.column !== watermark.column || before.type !== watermark.type) return undefined;
  if (run.asOf - before.fullPassAt >= changes.fullPass) return undefined;
  if (again.size > (watermark.asksKeys ? mostKeysAsked : 0)) return undefined;
  return { position: before.position, keys: [...again], fullPassAt: before.fullPassAt };
}

async function summaryOf(context: StageContext, last: Run): Promise<ExtractSummary | undefined> {
  const { store } = context;
  if (!(await store.files.list({ run: last.id })).includes('extract.json')) return undefined;
  return readDocument(store, last.id, 'extract.json');
}

async function acceptedFile(context: StageContext, last: Run, order: KeyOrder, name: string): Promise<FingerprintFile | undefined> {
  const { files } = context.store;
  const area = { pipeline: context.pipeline.name };
  for (const promote of [false, true]) {
    if (promote) {
      if (!(await files.list({ run: last.id })).includes(name)) return undefined;
      await files.promote(last.id, context.pipeline.name, name);
    }
    const bytes = await files.read(area, name);
    if (bytes === undefined) continue;
    try {
      const file = await readFingerprints(bytes);
      if (file.header.run === last.id && file.header.order === order) return file;
      await file.body[Symbol.asyncIterator]().return?.();
    } catch (error) {
      if (!(error instanceof JoineryError) || error.code !== 'SRC-401') throw error;
      context.emit({ type: 'warning', diagnostic: { code: error.code, severity: 'warning', message: error.message } });
    }
  }
  return undefined;
}

/** From the ledger: everybody's key and fingerprint in the source's order, and who was evaluated under another mapping. */
async function rebuild(
  context: StageContext,
  order: KeyOrder,
): Promise<{ records: AsyncIterable<Uint8Array>; stale: readonly ExternalId[] }> {
  const { store, pipeline, mapping } = context;
  const records: KeyFingerprint[] = [];
  const stale: ExternalId[] = [];
  for await (const chunk of store.ledger.streamEvaluated(scopeOf(pipeline), pipeline.name)) {
    for (const { externalId, fingerprint, mappingId, missingPasses } of chunk) {
      if (missingPasses > 0 || fingerprint === goneFingerprint) continue;
      records.push({ key: externalId, fingerprint });
      if (mappingId !== mapping.id) stale.push(externalId);
    }
  }
  records.sort((left, right) => compareKeys(order, left.key, right.key));
  return { records: writeRecords(oneChunk(records)), stale };
}

async function* oneChunk(records: readonly KeyFingerprint[]): AsyncGenerator<readonly KeyFingerprint[]> {
  yield await Promise.resolve(records);
}
