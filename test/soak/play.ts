import { JoineryError } from '../../src/domain/error.ts';
import { scopeOf } from '../../src/stages/context.ts';
import { checkDirectory, checkDisables, checkHealed, isExpectedError, UploadWatch, Violation } from './checks.ts';
import { WorkerHistory } from './expectation.ts';
import { firstDay, hourMilliseconds, minuteMilliseconds, type HrRow, type Story, type StoryFault, type StoryRun } from './story.ts';
import { World, type Ending } from './world.ts';

/** What a story came to. */
export interface Outcome {
  /** The law that was broken; undefined: none. */
  readonly violation?: string;
  /** What struck, by kind. */
  readonly struck: Readonly<Record<string, number>>;
  readonly kills: number;
  /** Of those, between the first and the last stage of a load. */
  readonly killsInStages: number;
  /** Uploads of a later stage, of which each was looked at whether it might leave. */
  readonly stagesChecked: number;
  readonly runs: number;
  readonly uploads: number;
  /** Words about each run, for a story that failed. */
  readonly told: readonly string[];
}

/** First days and last days go on arriving for weeks. */
const healingRuns = 30;

/** Plays a story to its end, then lets everything heal, and says which law was broken. */
export async function play(story: Story): Promise<Outcome> {
  const player = new Player(story, await World.open(story));
  let violation: string | undefined;
  try {
    await player.play();
  } catch (error) {
    violation =
      error instanceof Violation
        ? error.message
        : `the soak itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  } finally {
    await player.world.close();
  }
  const { plan, emulator } = player.world;
  return {
    ...(violation === undefined ? {} : { violation }),
    struck: plan.struck,
    kills: player.kills,
    killsInStages: player.killsInStages,
    stagesChecked: player.stagesChecked,
    runs: player.told.length,
    uploads: emulator.stats.uploads,
    told: player.told,
  };
}

class Player {
  readonly world: World;
  readonly told: string[] = [];
  kills = 0;
  killsInStages = 0;
  readonly #story: Story;
  readonly #histories = new Map<string, WorkerHistory>();
  readonly #watch: UploadWatch;
  #rows: readonly HrRow[] = [];
  #purge = false;

  constructor(story: Story, world: World) {
    this.#story = story;
    this.world = world;
    this.#watch = new UploadWatch(scopeOf(world.pipeline), story.unconfirmed, () => world.clock.now());
    for (const { key } of story.workers) if (key !== null) this.#histories.set(key, new WorkerHistory());
  }

  get stagesChecked(): number {
    return this.#watch.staging.checked;
  }

  async play(): Promise<void> {
    let dawn = firstDay;
    for (const [index, day] of this.#story.days.entries()) {
      dawn += day.hours * hourMilliseconds;
      this.world.clock.advanceTo(dawn);
      this.#rows = this.#story.workers.flatMap(({ days }) => days[index] ?? []);
      for (const run of day.runs) {
        this.world.clock.advance(run.after * minuteMilliseconds);
        await this.#prepare(run.faults);
        await this.#run(run, `day ${String(index + 1)}`);
      }
      this.#evening();
    }
    await this.#heal();
  }

  async #prepare(faults: readonly StoryFault[]): Promise<void> {
    const { emulator, plan } = this.world;
    for (const fault of faults) {
      if (fault.on === 'sender') {
        plan.strike('other sender');
        await this.world.disturb(fault.calls);
      } else if (fault.on === 'quota') {
        plan.stand('throttled', 'quota used up');
        emulator.setSwitches({ dailyCalls: Math.max(1, emulator.stats.uploads + fault.calls) });
      } else if (fault.on === 'bucket') {
        plan.stand('bucketFull', 'bucket full');
        emulator.setSwitches({ bucketSize: (emulator.jobs[0]?.stored ?? 0) + fault.size });
      } else if (fault.on === 'limit') {
        plan.stand('refused', fault.what);
        emulator.setSwitches({ [fault.what]: fault.size });
      } else if (fault.on === 'outage') {
        plan.fail(fault.entries);
      } else if (fault.on === 'job') {
        plan.strike(fault.what);
        if (fault.what === 'quarantined') emulator.jobs[0]?.quarantine('QuarantinedOnDemand');
        else emulator.jobs[0]?.pause();
        if (fault.what === 'purged') this.#purge = true;
      }
    }
    plan.arm(faults);
  }

  /** What was set for the day is taken back. */
  #evening(): void {
    const { emulator, plan } = this.world;
    plan.evening();
    emulator.setSwitches({ dailyCalls: 0, bucketSize: 100_000, payloadLimitBytes: 4_194_304, operationsPerRequest: 50 });
    const job = emulator.jobs[0];
    if (/^Encountered(?:Base|Total)?Escrow/.test(job?.state.quarantine?.reason ?? '')) plan.strike('quarantined by failures');
    if (this.#purge) job?.restart();
    this.#purge = false;
    if (job?.state.quarantine !== null) job?.restart('QuarantineState');
    if (job?.state.schedule === 'Paused') job.start();
  }

  async #run(run: StoryRun, label: string): Promise<Ending> {
    const { world } = this;
    const at = world.clock.now();
    const whole = this.#rows.every(({ worker_id: key }) => key !== null);
    const onRead = (): void => {
      for (const [key, history] of this.#histories) {
        history.look(
          this.#rows.filter((row) => row.worker_id === key),
          at,
          whole,
        );
      }
    };
    world.events.length = 0;
    let late: Error | undefined;
    const ending = await world.run(run, { rows: this.#rows, onRead }, this.#watch, async (store) => {
      if (world.events.some(({ type }) => type === 'accepted')) for (const history of this.#histories.values()) history.accepted();
      const planned = world.events.some(({ type }) => type === 'plan');
      const loaded = world.events.some((event) => event.type === 'stage.finished' && event.stage === 'load');
      // A reconcile that fails afterwards does not excuse a load that left somebody on.
      if (!planned || !loaded) return;
      await checkDisables(world.emulator, this.#watch, this.#histories, store, scopeOf(world.pipeline)).catch(
        (error: unknown) => (late = error instanceof Error ? error : new Error('unknown')),
      );
    });
    world.plan.arm([]);
    this.told.push(`${label} ${new Date(at).toISOString()} ${run.mode}: ${describe(ending)}; ${summary(world.events)}`);
    if (ending.kind === 'killed') {
      this.kills++;
      const stage = world.events.findLastIndex(({ type }) => type === 'load.stage');
      const loaded = world.events.findLastIndex((event) => event.type === 'stage.finished' && event.stage === 'load');
      if (stage > loaded) this.killsInStages++;
    }
    if (this.#watch.violation !== undefined) throw new Violation(this.#watch.violation);
    if (late !== undefined) throw late;
    if (ending.kind === 'failed' && !isExpectedError(ending.error)) throw new Violation(`the run broke: ${describe(ending)}`);
    checkDirectory(world.emulator, this.#histories);
    return ending;
  }

  /** A service that skips whoever is inactive and unknown skips each pre-hire, and a load in stages pauses at more than a few of them, once for each. */
  #pausedForSkipped(error: unknown): boolean {
    if (this.#story.switches.inactiveUnknown !== 'skip') return false;
    return error instanceof JoineryError && error.code === 'STG-204' && /\(\d+ skipped\)/.test(error.message);
  }

  /** Faults are off, and a few more runs are made until one has nothing to do. */
  async #heal(): Promise<void> {
    const { world } = this;
    world.plan.disarm();
    this.#rows = this.#rows.filter(({ worker_id: key }) => key !== null);
    let quiet = 0;
    for (let pass = 1; pass <= healingRuns && quiet < 2; pass++) {
      world.clock.advance(25 * hourMilliseconds);
      const uploads = world.emulator.stats.uploads;
      const ending = await this.#run({ after: 0, mode: 'run', wait: 180, faults: [] }, `healing ${String(pass)}`);
      if (ending.kind === 'failed' && !this.#pausedForSkipped(ending.error))
        throw new Violation(`a run without faults failed: ${describe(ending)}`);
      quiet = world.emulator.stats.uploads === uploads ? quiet + 1 : 0;
    }
    if (quiet < 2) throw new Violation(`after ${String(healingRuns)} runs without faults there is still something to send`);
    world.emulator.settle();
    await world.look((store) => checkHealed(world.emulator, this.#histories, store, scopeOf(world.pipeline)));
  }
}

function describe(ending: Ending): string {
  if (ending.kind !== 'failed') return ending.kind;
  const { error } = ending;
  return error instanceof Error
    ? `failed with ${'code' in error ? String(error.code) : (error.stack ?? '')} ${error.message}`
    : String(error);
}

function summary(events: World['events']): string {
  const counts: Record<string, number> = {};
  for (const event of events) {
    const name = event.type === 'outcome' ? `${event.change} ${event.outcome}` : event.type;
    if (['outcome', 'batch.unknown', 'batch.retry', 'batch.accepted', 'waiting'].includes(event.type))
      counts[name] = (counts[name] ?? 0) + 1;
  }
  return Object.entries(counts)
    .map(([name, count]) => `${String(count)} ${name}`)
    .join(', ');
}
