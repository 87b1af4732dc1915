import type { JoineryEvent } from '../src/domain/event.ts';
import { openSource } from '../src/source/open-source.ts';
import type { StageContext } from '../src/stages/context.ts';
import { acceptRun, beginRun, planRun } from '../src/stages/run.ts';
import { preparePipeline } from '../src/stages/prepare.ts';
import type { Closure } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';

/**
 * The state after everybody was provisioned: extract, transform, batch and accept as in a run, and the verbs of load and reconcile for every batch. Only the service in
 * between is left out.
 */
export async function seedLedger(
  pipelineFile: string,
  state: string,
  environment: Readonly<Record<string, string>>,
  asOf: number,
): Promise<void> {
  const { pipeline, mapping } = preparePipeline(pipelineFile, environment);
  const store = await openStore(state);
  const lease = await store.acquireLease(pipeline.name, 'bench', asOf);
  const source = await openSource(pipeline.source);
  try {
    const clock = { now: () => asOf, sleep: () => Promise.resolve() };
    const emit = (event: JoineryEvent): void => {
      if (event.type === 'plan' && event.plan.guards.some(({ tripped }) => tripped)) throw new Error(JSON.stringify(event.plan.guards));
    };
    const context: StageContext = { pipeline, mapping, store, lease, clock, emit, signal: new AbortController().signal };
    const begun = await beginRun(context, asOf, Math.random);
    await planRun(context, begun, source, { of: () => Promise.resolve(new Map()), accounts: () => Promise.resolve(new Map()) });
    const planned = await store.runs.get(begun.id);
    if (planned === undefined) throw new Error('no run');
    await acceptRun(context, planned);
    const { tenant, job } = pipeline.sink;
    const limits = { windowCalls: 1e9, windowMilliseconds: 1, dayCalls: 1e9, dayMilliseconds: 1 };
    for (const { id } of await store.operations.batches(begun.id)) {
      const operations = await store.operations.ofBatch(id);
      const scope = { tenant, job };
      const sending = { batch: id, operations: operations.map((each) => each.id), bytes: 1, bodyHash: 'x', clientRequestId: id };
      const granted = await store.operations.beginSending(lease, { ...sending, scope, limits, replay: false, at: asOf });
      if (granted.kind !== 'granted') throw new Error(granted.kind);
      await store.operations.finishSending(lease, {
        batch: id,
        call: granted.call,
        at: asOf,
        kind: 'accepted',
        acceptedAt: asOf,
        requestId: id,
      });
      const closures = operations.map((each): Closure => {
        return {
          operation: each.id,
          outcome: 'applied',
          effect: 'confirm',
          evidence: { kind: 'log', operation: each.id, outcome: 'applied' },
        };
      });
      await store.operations.close(lease, scope, closures, asOf);
    }
    await store.runs.advance(lease, begun.id, { state: 'loaded' });
    await store.runs.advance(lease, begun.id, { state: 'finished', finishedAt: asOf });
    await store.files.remove({ run: begun.id }, 'rows.ndjson');
  } finally {
    await source.close();
    await lease.release();
    await store.close();
  }
}
