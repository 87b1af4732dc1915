import type { ExternalId } from '../domain/words.ts';
import type { GuardMark } from '../plan/guard-marks.ts';
import type { SentBefore } from '../plan/guards.ts';
import { scopeOf, type StageContext } from './context.ts';

export const dayMilliseconds = 86_400_000;
export const weekMilliseconds = 7 * dayMilliseconds;
const workersPerLook = 500;

/** Who of a plan was already sent something of the same mark within the windows: he counts once. Holds at most one look's workers. */
export class Repeats {
  readonly #context: StageContext;
  readonly #now: number;
  readonly #counts = new Map<GuardMark, { day: number; week: number }>();
  #waiting = new Map<ExternalId, readonly GuardMark[]>();

  constructor(context: StageContext) {
    this.#context = context;
    this.#now = context.clock.now();
  }

  async add(worker: ExternalId, marks: readonly GuardMark[]): Promise<void> {
    if (marks.length === 0) return;
    this.#waiting.set(worker, marks);
    if (this.#waiting.size >= workersPerLook) await this.#look();
  }

  /** What was sent within the windows to workers who are not in the plan. */
  async before(): Promise<ReadonlyMap<GuardMark, SentBefore>> {
    await this.#look();
    const { store, pipeline } = this.#context;
    const since = (span: number): Promise<ReadonlyMap<string, number>> =>
      store.operations.sentSince(scopeOf(pipeline), pipeline.name, this.#now - span);
    const [day, week] = await Promise.all([since(dayMilliseconds), since(weekMilliseconds)]);
    return new Map(
      [...week].map(([mark, sent]) => {
        const again = this.#counts.get(mark) ?? { day: 0, week: 0 };
        return [mark, { day: Math.max(0, (day.get(mark) ?? 0) - again.day), week: Math.max(0, sent - again.week) }];
      }),
    );
  }

  async #look(): Promise<void> {
    const looked = this.#waiting;
    if (looked.size === 0) return;
    this.#waiting = new Map();
    const { store, pipeline } = this.#context;
    const sent = await store.operations.marksOf(scopeOf(pipeline), pipeline.name, [...looked.keys()], this.#now - weekMilliseconds);
    for (const [worker, marks] of sent) {
      for (const mark of looked.get(worker) ?? []) {
        const at = marks.get(mark);
        if (at === undefined) continue;
        const counts = this.#counts.get(mark) ?? { day: 0, week: 0 };
        counts.week++;
        if (at >= this.#now - dayMilliseconds) counts.day++;
        this.#counts.set(mark, counts);
      }
    }
  }
}
