import type { Clock } from '../domain/clock.ts';
import type { EventSink, JoineryEvent } from '../domain/event.ts';
import type { RunId } from '../domain/words.ts';
import type { Store } from '../store/contract.ts';
import { readDocument, writeDocument, type RunEvents, type StageRecord } from '../store/run-files.ts';

type Tally = Record<string, number>;

/** Sums up the events of a run for its report, over all processes that work on it. */
export class RunRecord {
  readonly #clock: Clock;
  readonly #stages: StageRecord[] = [];
  readonly #retries: Tally = {};
  readonly #waits: Tally = {};
  readonly #warnings: Tally = {};
  #unknown = 0;
  #refused = 0;
  #polls = 0;
  #run: RunId | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells which run the events belong to, where no event says it. */
  about(run: RunId): void {
    this.#run = run;
  }

  readonly sink: EventSink = (event: JoineryEvent) => {
    if (event.type === 'run.started') this.#run = event.run;
    else if (event.type === 'stage.finished') {
      const { stage, counts, milliseconds } = event;
      this.#stages.push({ stage, endedAt: this.#clock.now(), milliseconds, counts: { ...counts } });
    } else if (event.type === 'batch.retry') add(this.#retries, event.reason, 1);
    else if (event.type === 'batch.unknown') this.#unknown++;
    else if (event.type === 'batch.refused') this.#refused++;
    else if (event.type === 'pace' && event.reason !== 'quota')
      add(this.#waits, event.reason, Math.max(0, event.until - this.#clock.now()));
    else if (event.type === 'poll') this.#polls++;
    else if (event.type === 'warning') add(this.#warnings, event.diagnostic.code, 1);
  };

  /** Adds what was summed up to the run's events.json; nothing, if there was nothing. */
  async keep(store: Store): Promise<void> {
    const run = this.#run;
    if (run === undefined || this.#stages.length === 0) return;
    const known = (await store.files.list({ run })).includes('events.json');
    const before = known ? await readDocument(store, run, 'events.json') : nothing;
    await writeDocument(store, run, 'events.json', {
      stages: [...before.stages, ...this.#stages],
      retries: sum(before.retries, this.#retries),
      unknown: before.unknown + this.#unknown,
      refused: before.refused + this.#refused,
      waits: sum(before.waits, this.#waits),
      polls: before.polls + this.#polls,
      warnings: sum(before.warnings, this.#warnings),
    });
  }
}

const nothing: RunEvents = { stages: [], retries: {}, unknown: 0, refused: 0, waits: {}, polls: 0, warnings: {} };

function add(tally: Tally, name: string, count: number): void {
  tally[name] = (tally[name] ?? 0) + count;
}

function sum(left: Readonly<Tally>, right: Readonly<Tally>): Tally {
  const all = { ...left };
  for (const [name, count] of Object.entries(right)) add(all, name, count);
  return all;
}
