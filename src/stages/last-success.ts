import type { Instant } from '../domain/clock.ts';
import type { PipelineName } from '../domain/words.ts';
import type { Store } from '../store/contract.ts';

/** How far back the first attempt is looked for where none succeeded. */
const recent = 200;

export interface LastSuccess {
  /** When the newest run that sent all it had to send ended; undefined: none did. */
  readonly at?: Instant;
  /** When the oldest known run began; undefined: there was none. */
  readonly since?: Instant;
}

/**
 * A run has succeeded when all of its plan left; bad outcomes of single workers do not take that away, and neither does one that waits for outcomes. One with nothing to send has succeeded too.
 */
export async function lastSuccess(store: Pick<Store, 'runs'>, pipeline: PipelineName): Promise<LastSuccess> {
  const run = await store.runs.latest(pipeline, ['loaded', 'finished']);
  if (run !== undefined) return { at: Math.max(run.startedAt, run.finishedAt ?? 0) };
  const oldest = (await store.runs.list(pipeline, recent)).at(-1);
  return oldest === undefined ? {} : { since: oldest.startedAt };
}
