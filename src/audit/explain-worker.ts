import type { HoldCause } from '../domain/change.ts';
import { JoineryError } from '../domain/error.ts';
import { declarationOf } from '../domain/errors/registry.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { Run } from '../domain/run.ts';
import { summarise } from '../domain/verdict.ts';
import type { ChangeKind, ExternalId } from '../domain/words.ts';
import type { Mapping } from '../mapping/contract.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { differences } from '../scim/index.ts';
import type { Store } from '../store/contract.ts';
import { readDocument } from '../store/run-files.ts';
import { explainOperations } from './explain-operations.ts';
import { explainSource } from './explain-source.ts';
import type { Decision, Explanation, NamedValue } from './explanation.ts';
import { ledgerView } from './ledger-view.ts';
import { erasedWord, isErasedPayload, shownDifference, type Masks } from './masks.ts';
import { summaryOf } from './summary.ts';
import { timelineOf } from './timeline.ts';
import { isAbout, readWorkerFiles, type WorkerFiles } from './worker-files.ts';
import { causeWords, holdWaysOut, holdWords, time } from './words.ts';

/** How many runs are looked through for a worker: newest first. */
const runsBack = 500;

export interface ExplainInput {
  readonly pipeline: Pipeline;
  readonly mapping: Mapping;
  readonly masks: Masks;
  readonly worker: ExternalId;
  /** undefined: the newest run that looked at the worker. */
  readonly run?: Run;
  /** Only what this attribute is made from. A path, or its end (`department`). */
  readonly attribute?: string;
}

/**
 * What happened to one worker and why, from state and run files alone. Errors: AUD-103 when neither knows the worker, AUD-104 for an
 * attribute that the pipeline does not have, AUD-111 for somebody who was forgotten.
 */
export async function explainWorker(store: Store, input: ExplainInput): Promise<Explanation> {
  const { pipeline, worker, masks } = input;
  const scope = { tenant: pipeline.sink.tenant, job: pipeline.sink.job };
  const runs = await store.runs.list(pipeline.name, runsBack);
  const histories: WorkerFiles[] = [];
  for (const run of runs) {
    const files = await readWorkerFiles(store, run, worker);
    if (isAbout(files)) histories.push(files);
  }
  const entry = await store.ledger.get(scope, worker);
  const operations = await store.operations.ofWorker(scope, worker);
  if (histories.length === 0 && entry === undefined && operations.length === 0) {
    const at = (await store.erasure.forgotten(scope, [worker])).get(worker);
    if (at !== undefined) throw new JoineryError('AUD-111', `worker ${worker} was forgotten on ${time(at)}`);
    throw new JoineryError('AUD-103', `neither ledger nor run files of ${pipeline.name} know a worker ${worker}`);
  }
  const run = input.run ?? newestAbout(runs, histories, operations) ?? runs[0];
  if (run === undefined) throw new JoineryError('AUD-101', `pipeline ${pipeline.name} has no run`);
  const files = histories.find((one) => one.run.id === run.id) ?? { run, vanished: false };
  const reading = histories.find((one) => one.group !== undefined && one.run.startedAt <= run.startedAt);
  const source = await explainSource(input, reading);
  const decision = decisionOf(input, files, entry);
  const names = new Set(await store.files.list({ run: run.id }));
  const guards = names.has('plan.json') ? (await readDocument(store, run.id, 'plan.json')).guards : [];
  const stories = await explainOperations(store, scope, operations, masks);
  const rejections = (files.rejection?.reasons ?? []).map(({ code, message, why, fix }) => {
    const declared = declarationOf(code);
    return { code, message: masks.text(message), why: why ?? declared.why, fix: fix ?? declared.fix };
  });
  const ledger = entry === undefined ? undefined : ledgerView(entry, masks, pipeline.leavers);
  const parts = { decision, rejections, guards, operations: stories.filter((story) => story.run === run.id), entry, files };
  return {
    worker,
    pipeline: pipeline.name,
    run,
    masked: masks.masked,
    summary: summaryOf(worker, run, parts),
    ...(source === undefined ? {} : { source }),
    ...(decision === undefined ? {} : { decision }),
    rejections,
    guards,
    operations: stories,
    ...(ledger === undefined ? {} : { ledger }),
    timeline: timelineOf(histories, stories, runs),
  };
}

function newestAbout(
  runs: readonly Run[],
  histories: readonly WorkerFiles[],
  operations: readonly { readonly run: string }[],
): Run | undefined {
  return runs.find(
    ({ id, state }) =>
      state !== 'abandoned' && (histories.some((one) => one.run.id === id) || operations.some((operation) => operation.run === id)),
  );
}

function decisionOf(
  { masks }: ExplainInput,
  { line, vanished, verdict, rejection }: WorkerFiles,
  entry: LedgerEntry | undefined,
): Decision | undefined {
  const change = line?.change;
  if (line === undefined && rejection === undefined && !vanished) return undefined;
  const seen = line?.evaluated?.verdict ?? (verdict === undefined ? undefined : summarise(verdict));
  const payload: NamedValue[] =
    change === undefined
      ? []
      : isErasedPayload(change.payload)
        ? [
            { name: 'externalId', value: change.payload.externalId },
            { name: 'all else', value: erasedWord },
          ]
        : differences(undefined, change.payload).map(({ path, new: value }) => ({ name: path, value: masks.attribute(path, value) }));
  // Of whom the service never heard and who is not to come the plan keeps nothing but that he was looked at.
  const isIgnored = change === undefined && !vanished && (seen === 'inactive' || seen === 'outOfScope') && !isKnownTo(entry);
  const because =
    change === undefined || (rejection !== undefined && !change.send)
      ? (quietly(isIgnored) ?? withoutChange(vanished, rejection !== undefined, entry?.owner))
      : `${quietWords[change.change] ?? causeWords[change.cause]}${sendWords(change)}`;
  return {
    because,
    send: change?.send ?? false,
    waiting: change?.waiting ?? false,
    ...(change?.held === undefined ? {} : { held: change.held }),
    payload,
    ...(seen === undefined ? {} : { verdict: seen }),
    ...(isIgnored ? { change: 'ignored' as const } : {}),
    ...(change === undefined ? {} : { change: change.change, baseline: change.baseline, payloadHash: change.payloadHash }),
    differences: (change?.differences ?? []).map((difference) => ({
      path: difference.path,
      kind: difference.kind,
      ...shownDifference(difference, masks),
    })),
    warnings: (change?.warnings ?? []).map(({ code, message }) => `${code} ${masks.text(message)}`),
  };
}

function isKnownTo(entry: LedgerEntry | undefined): boolean {
  return [entry?.desired, entry?.sent, entry?.confirmed].some((value) => value !== undefined);
}

function quietly(isIgnored: boolean): string | undefined {
  return isIgnored ? quietWords.ignored : undefined;
}

/** Kinds for which nothing is sent say why by themselves. */
const quietWords: Readonly<Partial<Record<ChangeKind, string>>> = {
  none: 'Nothing differs from what the service has.',
  ignored: 'The worker is inactive or out of scope, and the service does not know him, so no account is made.',
  frozen: 'The account is disabled already and stays as it is until a rehire.',
};

function sendWords({
  send,
  waiting,
  failedBefore,
  held,
}: {
  readonly send: boolean;
  readonly waiting: boolean;
  readonly failedBefore: boolean;
  readonly held?: HoldCause;
}): string {
  if (held !== undefined) return ` It is held: ${holdWords[held]}. ${holdWaysOut[held]}`;
  if (waiting) return ' An operation about the worker is in flight, so this change waits for its outcome.';
  if (failedBefore) return ' The service refused this very payload before, so it is not sent until it differs.';
  return send ? '' : ' Nothing is sent.';
}

function withoutChange(vanished: boolean, rejected: boolean, owner: string | undefined): string {
  if (vanished) return 'The key was not in the source. A worker counts as vanished only after enough complete passes and hours.';
  if (rejected) return 'The rows were rejected, so the account is left as it is.';
  return owner === undefined ? 'Nothing had to be decided.' : 'The rows were looked at, and nothing differs from what the service has.';
}
