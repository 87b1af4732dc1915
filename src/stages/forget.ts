import type { Json } from '../domain/canonical-json.ts';
import { JoineryError } from '../domain/error.ts';
import type { ExternalId, RunId } from '../domain/words.ts';
import { readFingerprints, readRecords } from '../source/fingerprint-file.ts';
import { fromLines } from '../store/ndjson.ts';
import {
  fingerprintFile,
  handoffNames,
  readDocument,
  rewriteHandoff,
  versionFile,
  writeDocument,
  type ChangeListing,
  type Handoffs,
} from '../store/run-files.ts';
import { scopeOf, type StageContext } from './context.ts';
import { acceptedStates } from './previous-pass.ts';
import { pathsOf, withoutValues } from './purge.ts';

/** What a forget erases, or has erased. */
export interface ForgetReport {
  readonly worker: ExternalId;
  /** The name under which what is left of him stands. */
  readonly pseudonym: string;
  readonly files: readonly { readonly run: RunId; readonly name: string }[];
  readonly operations: number;
  readonly logRows: number;
  /** Others who name him as their manager in the record that they have or should have, or in their row. */
  readonly namedBy: readonly ExternalId[];
}

/** Enough for a run every few minutes over years. */
const allRuns = 1_000_000;
const reportFile = 'report.html';
/** A run in one of these may still be sent. */
const openStates: readonly string[] = ['started', 'extracted', 'transformed', 'planned', 'accepted', 'loaded'];

type Asking = Pick<StageContext, 'store' | 'pipeline'>;

/**
 * What a forget would touch. Reads only. Errors: STO-305 for nobody, STO-303 for another pipeline's, STO-304 while his account is or may be on, AUD-112 while the source
 * has the key or nobody can say, AUD-113 while a run that names him may still be sent.
 */
export async function planForget(
  context: Asking,
  worker: ExternalId,
): Promise<Pick<ForgetReport, 'worker' | 'pseudonym' | 'files' | 'namedBy'>> {
  const { store, pipeline } = context;
  const namedBy = await store.erasure.requireForgettable(scopeOf(pipeline), pipeline.name, worker);
  await refuseWhileInSource(context, worker);
  const files: { run: RunId; name: string }[] = [];
  for (const run of await store.runs.list(pipeline.name, allRuns)) {
    const names = await store.files.list({ run: run.id });
    const naming: string[] = [];
    for (const name of names) if (await isNamedIn(context, run.id, name, worker)) naming.push(name);
    if (naming.length > 0 && openStates.includes(run.state))
      throw new JoineryError('AUD-113', `run ${run.id} is ${run.state} and names worker ${worker}`);
    // The report shows his id and masked values; it can be made anew from what is left.
    if (naming.length > 0 && names.includes(reportFile)) naming.push(reportFile);
    files.push(...naming.map((name) => ({ run: run.id, name })));
  }
  return { worker, pseudonym: store.erasure.pseudonym(worker), files, namedBy };
}

/** Erases everything about one worker. Files first, so that a forget that was interrupted can be asked for again. Errors: as `planForget`. */
export async function forget(context: StageContext, worker: ExternalId, reason: string, by: string): Promise<ForgetReport> {
  const { store, pipeline, lease, clock } = context;
  const plan = await planForget(context, worker);
  const { pseudonym } = plan;
  for (const { run, name } of plan.files) {
    switch (name) {
      case 'rows.ndjson':
      case 'verdicts.ndjson':
        await rewriteHandoff(store, run, name, (line) => (isHis(line, worker) ? undefined : renamed(line, worker, pseudonym)), worker);
        break;
      case 'plan.ndjson':
        // What the plan counted stays countable.
        await rewriteHandoff(
          store,
          run,
          name,
          (line) => renamed(isHis(line, worker) ? withoutValues(line) : line, worker, pseudonym),
          worker,
        );
        break;
      case 'rejections.ndjson':
        await rewriteHandoff(
          store,
          run,
          name,
          (line) =>
            isHis(line, worker) ? { ...line, externalId: pseudonym, reasons: line.reasons.map((one) => ({ ...one, message: '' })) } : line,
          worker,
        );
        break;
      case 'batches.ndjson':
        await rewriteHandoff(store, run, name, (line) => renamed(line, worker, pseudonym), worker);
        break;
      case 'changes.json':
        await writeDocument(store, run, name, renamed(withoutValuesOf(await readDocument(store, run, name), worker), worker, pseudonym));
        break;
      default:
        await store.files.remove({ run }, name);
    }
  }
  const done = await store.erasure.forget(lease, { scope: scopeOf(pipeline), externalId: worker, reason, by, at: clock.now() });
  await store.erasure.compact();
  return { ...plan, ...done };
}

/** The keys of the last accepted pass are the source, as far as the state knows it. */
async function refuseWhileInSource({ store, pipeline }: Asking, worker: ExternalId): Promise<void> {
  const last = await store.runs.latest(pipeline.name, acceptedStates);
  const bytes = last === undefined ? undefined : await store.files.read({ pipeline: pipeline.name }, fingerprintFile);
  if (last === undefined || bytes === undefined)
    throw new JoineryError('AUD-112', `the keys of the last pass of ${pipeline.name} are not known`);
  const file = await readFingerprints(bytes);
  const { header } = file;
  let found = false;
  for await (const { key } of readRecords(file)) found ||= key === worker;
  if (found) throw new JoineryError('AUD-112', `run ${header.run} read worker ${worker} in the source`);
  if (header.run !== last.id) throw new JoineryError('AUD-112', `the keys that run ${last.id} read are not known`);
  if (
    (await store.files.list({ run: last.id })).includes('extract.json') &&
    (await readDocument(store, last.id, 'extract.json')).keyless > 0
  )
    throw new JoineryError('AUD-112', `run ${last.id} read rows without a key, and one of them may be worker ${worker}`);
}

async function isNamedIn({ store }: Asking, run: RunId, name: string, worker: ExternalId): Promise<boolean> {
  const isHandoff = handoffNames.some((one) => one === name);
  if (name === 'changes.json') return JSON.stringify(await readDocument(store, run, name)).includes(JSON.stringify(worker));
  if (!isHandoff && name !== fingerprintFile && name !== versionFile) return false;
  const bytes = await store.files.read({ run }, name);
  if (bytes === undefined) return false;
  if (isHandoff) {
    for await (const line of fromLines<unknown>(bytes, name, [JSON.stringify(worker)])) return line !== undefined;
    return false;
  }
  // Of a pass that was never accepted.
  let found = false;
  for await (const { key } of readRecords(await readFingerprints(bytes))) found ||= key === worker;
  return found;
}

function isHis(line: Handoffs[Exclude<keyof Handoffs, 'batches.ndjson'>], worker: ExternalId): boolean {
  if ('group' in line) return line.group.key === worker;
  if ('verdict' in line) return line.verdict.externalId === worker;
  return 'externalId' in line && line.externalId === worker;
}

function withoutValuesOf(listing: ChangeListing, worker: ExternalId): ChangeListing {
  const changes = listing.changes.map((one) => (one.externalId === worker ? { ...one, differences: pathsOf(one) } : one));
  return { ...listing, changes };
}

/** The same document with the id replaced wherever a text is equal to it: as his own, and where others name him as their manager. */
function renamed<T>(document: T, worker: ExternalId, pseudonym: string): T {
  // Plain JSON in, the same shape out.
  return JSON.parse(JSON.stringify(document), (_name, value: Json) => (value === worker ? pseudonym : value));
}
