import { hashJson } from '../src/domain/canonical-json.ts';
import type { Evaluated } from '../src/domain/ledger.ts';
import type { Operation } from '../src/domain/operation.ts';
import type { Payload } from '../src/domain/payload.ts';
import type { Run } from '../src/domain/run.ts';
import type { JobScope, PipelineName, RunId, SentChangeKind } from '../src/domain/words.ts';
import type { AcceptRecord, BeginSending, CallLimits, Lease, PlannedOperation, Store } from '../src/store/contract.ts';

export const scope: JobScope = { tenant: '0f4f3e0a-1111-4222-8333-944444444444', job: 'API2AAD.00000000000000000000000000000000.0f4f3e0a' };
export const otherScope: JobScope = { ...scope, job: 'API2AAD.11111111111111111111111111111111.0f4f3e0a' };
export const limits: CallLimits = { windowCalls: 40, windowMilliseconds: 5000, dayCalls: 2000, dayMilliseconds: 86_400_000 };

export function payloadOf(externalId: string, members: Readonly<Record<string, string>> = {}, active = true): Payload {
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
  return { schemas, externalId, active, userName: `${externalId}@contoso.example`, ...members };
}

export function evaluatedAt(run: RunId, members: Partial<Evaluated> = {}): Evaluated {
  return { fingerprint: 'f1', mappingId: 'm1', verdict: 'active', run, ...members };
}

export async function beginRun(store: Store, lease: Lease, id: RunId, members: Partial<Run> = {}): Promise<Run> {
  const run: Run = { ...scope, id, pipeline: lease.pipeline, asOf: 1000, startedAt: 1000, state: 'planned', mappingId: 'm1', ...members };
  await store.runs.begin(lease, run);
  return run;
}

export interface PlannedWorker {
  readonly payload: Payload;
  readonly baseline?: string;
  readonly change?: SentChangeKind;
  /** Batch in the run; absent: desired only. */
  readonly batch?: number;
  /** What guards count it for. */
  readonly marks?: readonly string[];
}

export function operationOfWorker(run: RunId, index: number, worker: PlannedWorker): PlannedOperation {
  const { payload, change = 'joiner' } = worker;
  const payloadHash = hashJson(payload);
  const externalId = payload.externalId;
  return {
    id: `${run}:${externalId}:${String(worker.batch ?? 0)}`,
    index,
    externalId,
    bulkId: payloadHash.slice(0, 16),
    change,
    payload,
    payloadHash,
    ...(worker.marks === undefined ? {} : { marks: worker.marks }),
  };
}

export const batchId = (run: RunId, sequence: number): string => `${run}-b${String(sequence)}`;

export function recordOf(run: RunId, index: number, worker: PlannedWorker): AcceptRecord {
  const { payload, baseline = 'none', change = 'joiner', batch } = worker;
  return {
    externalId: payload.externalId,
    evaluated: evaluatedAt(run),
    desired: { payload, hash: hashJson(payload), change, run },
    baseline,
    ...(batch === undefined ? {} : { operation: { ...operationOfWorker(run, index, worker), batch: batchId(run, batch) } }),
  };
}

/** Begins a run and accepts these workers; answers who was dropped. */
export async function acceptWorkers(
  store: Store,
  lease: Lease,
  run: RunId,
  workers: readonly PlannedWorker[],
  at = 2000,
): Promise<readonly string[]> {
  await beginRun(store, lease, run, { startedAt: at - 1000 });
  const places = new Map<number, number>();
  const records = workers.map((worker) => {
    const index = places.get(worker.batch ?? 0) ?? 0;
    places.set(worker.batch ?? 0, index + 1);
    return recordOf(run, index, worker);
  });
  const batches = [...new Set(workers.flatMap((worker) => worker.batch ?? []))].map((sequence) => ({
    id: batchId(run, sequence),
    sequence,
  }));
  const input = { scope, run, planHash: 'p1', at, population: workers.length, records: [records], batches };
  return (await store.ledger.accept(lease, input)).dropped;
}

export async function sendingInput(store: Store, batch: string, at: number, members: Partial<BeginSending> = {}): Promise<BeginSending> {
  const operations = (await store.operations.ofBatch(batch)).filter((one) => one.state === 'planned' || one.state === 'unknown');
  const ids = operations.map((operation: Operation) => operation.id);
  return { batch, operations: ids, bytes: 100, bodyHash: 'h', clientRequestId: 'c', scope, limits, replay: false, at, ...members };
}

/** Sends a batch and lets the service accept it. */
export async function sendBatch(store: Store, lease: Lease, batch: string, at: number): Promise<void> {
  const result = await store.operations.beginSending(lease, await sendingInput(store, batch, at));
  if (result.kind !== 'granted') throw new Error(`not granted: ${JSON.stringify(result)}`);
  await store.operations.finishSending(lease, {
    kind: 'accepted',
    batch,
    call: result.call,
    at: at + 100,
    acceptedAt: at + 50,
    requestId: 'r',
  });
}

export async function collect<T>(chunks: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of chunks) all.push(...chunk);
  return all;
}

export const leaseOn = (store: Store, pipeline: PipelineName = 'contoso', at = 500): Promise<Lease> =>
  store.acquireLease(pipeline, 'test', at);
