import type { Counts } from '../domain/event.ts';
import type { Stage } from '../domain/words.ts';
import type { StageContext } from './context.ts';

/** Tells that a stage begins and ends, with what it counted and how long it took. */
export async function timed<T>(
  context: StageContext,
  stage: Stage,
  work: () => Promise<{ readonly result: T; readonly counts: Counts }>,
): Promise<T> {
  const started = context.clock.now();
  context.emit({ type: 'stage.started', stage });
  const { result, counts } = await work();
  context.emit({ type: 'stage.finished', stage, counts, milliseconds: context.clock.now() - started });
  return result;
}
