import type { Operation } from '../../src/domain/operation.ts';
import type { BatchId, RunId } from '../../src/domain/words.ts';
import type { Store } from '../../src/store/contract.ts';
import { readDocument } from '../../src/store/run-files.ts';

interface StagedPlan {
  /** Sequences of the first batch of each stage, and the one after the last batch of the plan. */
  readonly from: readonly number[];
  readonly batches: ReadonlyMap<BatchId, number>;
}

const good = new Set<string>(['applied', 'appliedWithWarning', 'unchanged']);
const bad = new Set<string>(['failed', 'skipped', 'silent', 'escrowed']);

/** A later stage never begins before every operation of those before it has an outcome, nor when too many of them are bad. Worked out from the plan and the store. */
export class StagingLaw {
  /** Uploads of a second or later stage that were looked at. */
  checked = 0;
  readonly #plans = new Map<RunId, StagedPlan | undefined>();

  /** @param leaving operations whose bytes are about to leave */
  async check(store: Store, leaving: readonly Operation[]): Promise<string | undefined> {
    for (const batch of new Set(leaving.map((operation) => operation.batch))) {
      const run = batch.slice(0, batch.lastIndexOf('.'));
      if (!this.#plans.has(run)) this.#plans.set(run, await readPlan(store, run));
      const plan = this.#plans.get(run);
      const sequence = plan?.batches.get(batch);
      if (plan === undefined || sequence === undefined) continue;
      const stage = plan.from.findLastIndex((first) => sequence >= first);
      if (stage < 1) continue;
      this.checked++;
      const [first = 0, own = 0] = [plan.from[0], plan.from[stage]];
      const before = [...plan.batches].filter(([, of]) => of >= first && of < own).map(([id]) => id);
      const operations = (await Promise.all(before.map((id) => store.operations.ofBatch(id)))).flat();
      const problem = problemOf(operations);
      if (problem !== undefined) return `stage ${String(stage + 1)} of ${run} leaves although ${problem}`;
    }
    return undefined;
  }
}

function problemOf(operations: readonly Operation[]): string | undefined {
  const open = operations.filter(
    ({ state, outcome }) => outcome === undefined && ['planned', 'sending', 'sent', 'unknown'].includes(state),
  );
  if (open.length > 0) {
    return `${String(open.length)} operations before it have no outcome (${open[0]?.externalId ?? ''} is ${open[0]?.state ?? ''})`;
  }
  const count = (of: ReadonlySet<string>): number => operations.filter(({ outcome }) => outcome !== undefined && of.has(outcome)).length;
  const wrong = count(bad);
  const known = wrong + count(good);
  return wrong > Math.max(1, Math.floor(known * 0.05 + 1e-9))
    ? `${String(wrong)} of ${String(known)} outcomes before it are bad`
    : undefined;
}

/** As the plan stood when the run's first bytes left: a second pass adds batches that are in no stage. */
async function readPlan(store: Store, run: RunId): Promise<StagedPlan | undefined> {
  const { staging } = await readDocument(store, run, 'plan.json');
  if (staging === undefined) return undefined;
  const batches = await store.operations.batches(run);
  return { from: staging.stages.map(({ from }) => from), batches: new Map(batches.map(({ id, sequence }) => [id, sequence])) };
}
