import type { PlanHead } from '../domain/change.ts';
import { systemClock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { EventSink } from '../domain/event.ts';
import type { Run } from '../domain/run.ts';
import type { Graph } from '../entra/graph.ts';
import type { ExternalId, PipelineName, RunId } from '../domain/words.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Source } from '../source/contract.ts';
import { openSource } from '../source/open-source.ts';
import type { Lease, Store } from '../store/contract.ts';
import { openStore } from '../store/open.ts';
import { adopt, type AdoptionReport } from './adopt.ts';
import { batch, type PlanOptions } from './batch.ts';
import { forget, planForget, type ForgetReport } from './forget.ts';
import { planPurge, purge, type PurgeReport } from './purge.ts';
import { scopeOf, type StageContext } from './context.ts';
import { forecast, type ForecastLine } from './forecast.ts';
import { readDocument } from '../store/run-files.ts';
import { load } from './load.ts';
import { loseQueued, noticeJob, refuseMovedJob, type Purged } from './notice-job.ts';
import { isMissingColumn, stopForColumns } from './missing-columns.ts';
import type { Only } from './only.ts';
import { chooseResent, type ResendChoice } from './resend.ts';
import { rekeyWorker, type RekeyRequest } from './rekey.ts';
import { checkRename, checkRenamed } from './rename.ts';
import { defaultWait, shadowSample, type Planned, type RunChoice, type RunnerOptions, type RunnerSettings } from './runner-options.ts';
import { preparePipeline, stateOf, type Prepared } from './prepare.ts';
import { RunRecord } from './run-record.ts';
import { acceptRun, beginRun, deliverRun, extractRun, planRun, settleRun, transformRun, wrongStage, type RunResult } from './run.ts';
import { transferWorkers } from './transfer.ts';
import { verifyLedger, type Drift, type VerifyReport } from './verify.ts';
import { openService } from './service.ts';
import { openChannels } from './notify/channel.ts';
import { RunConditions } from './notify/run-conditions.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Executes one pipeline, stage by stage or as a whole. Every method takes the pipeline's lease for as long as it works, so two
 * processes never execute the same pipeline at once (STO-201).
 */
export class Runner {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly #prepared: Prepared;
  readonly #options: RunnerSettings;
  #record: RunRecord | undefined;
  #conditions: RunConditions | undefined;

  private constructor(prepared: Prepared, store: Store, options: RunnerOptions) {
    this.#prepared = prepared;
    this.pipeline = prepared.pipeline;
    this.store = store;
    this.#options = {
      clock: options.clock ?? systemClock,
      emit: options.emit ?? (() => undefined),
      signal: options.signal ?? new AbortController().signal,
      chance: options.chance,
      wait: options.wait ?? defaultWait,
      firstRun: options.firstRun ?? false,
      ...(options.user === undefined ? {} : { user: options.user }),
      holder: options.holder ?? `process ${String(process.pid)}`,
    };
  }

  /** Errors: STG-001 for a pipeline that is not valid, STO-1xx for the state. */
  static async open(file: string, options: RunnerOptions): Promise<Runner> {
    const shadow = options.verifyEngine === true ? 1 : shadowSample;
    const prepared = preparePipeline(file, options.environment, { shadow, reportsFallbacks: false });
    const { stateMustExist: mustExist = false, clock = systemClock } = options;
    return new Runner(prepared, await openStore(stateOf(prepared.pipeline, options), { mustExist, clock }), options);
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  /** All five stages. */
  run(): Promise<RunResult> {
    return this.#withService(async (context, around, graph) => {
      const { run } = await this.#planNew(context, around, graph, { firstRun: this.#options.firstRun });
      return this.#deliver(context, run, around);
    }, 'delivering');
  }

  /** The first three stages; sends and accepts nothing. */
  plan(only?: Only): Promise<Planned> {
    const options = { firstRun: this.#options.firstRun, ...(only === undefined ? {} : { only }) };
    return this.#withService((context, around, graph) => this.#planNew(context, around, graph, options));
  }

  /** A plan that also sends workers again of whom nothing differs; `apply` sends it. Errors: STG-106 when nobody is meant. */
  resend(choice: ResendChoice): Promise<Planned> {
    return this.#withService(async (context, around, graph) => {
      const chosen = await chooseResent(context, choice, (work) => this.#withSource(work));
      return this.#planNew(context, around, graph, { firstRun: this.#options.firstRun, ...chosen });
    });
  }

  /** A plan in which one worker gets another user name: `to`, or the first free candidate; `apply` sends it. Errors: STG-109. */
  rename(worker: ExternalId, to?: string): Promise<Planned> {
    return this.#withService(async (context, around, graph) => {
      await checkRename(context, worker, to);
      const planned = await this.#planNew(context, around, graph, { rename: new Map([[worker, to]]) });
      await checkRenamed(context, planned.run, worker);
      return planned;
    });
  }

  /**
   * Restarts the job while no run of the pipeline executes, and closes as silent what it lost by that, so that the next run sends these workers again without waiting for silence.
   * Answers how many operations. Errors: STO-201, before anything is restarted.
   */
  restarting(restart: () => Promise<unknown>, purged: Purged): Promise<number> {
    return this.#withLease(async (context) => {
      await restart();
      return loseQueued(context, purged);
    });
  }

  /** Takes what the directory has as the baseline; sends nothing. Errors: ENT-205 without the right to read users. */
  adopt(): Promise<AdoptionReport> {
    return this.#withService((context, _around, graph) =>
      this.#withSource(async (source) => {
        const run = await beginRun(context, context.clock.now(), this.#options.chance.random);
        return adopt(context, run, source, graph);
      }),
    );
  }

  /** Who joins, is enabled or leaves within the span (ms) if the source stays as it is. Reads only, beside a run that is executing. */
  forecast(span: number): Promise<readonly ForecastLine[]> {
    const { clock, signal } = this.#options;
    const { pipeline, store } = this;
    const context = { pipeline, mapping: this.#prepared.mapping, store, clock, signal };
    return this.#withSource((source) => forecast(context, source, clock.now(), clock.now() + span));
  }

  /** Lets a held worker be enabled once; kept in the journal. Hold lists still count. Errors: STO-301 for a worker who is not in the ledger. */
  release(externalId: ExternalId, reason: string, by: string): Promise<void> {
    return this.#withLease(({ store, lease, clock }) =>
      store.ledger.release(lease, { scope: scopeOf(this.pipeline), externalId, reason, by, at: clock.now() }),
    );
  }

  /**
   * Closes rekey cases: each worker `from` is known under the key `to` from now on, or the two are different people. Sends nothing. `request.from`: the pipeline that
   * looked after the old keys, if it is another. Errors: STG-107.
   */
  rekey(request: RekeyRequest): Promise<void> {
    return this.#withService(async (context, around) => {
      const other = request.owner === undefined ? undefined : await this.#leaseOf(request.owner);
      try {
        await rekeyWorker(context, around.directory, request, other);
      } finally {
        await other?.release();
      }
    });
  }

  /** This pipeline looks after the workers from now on, instead of `from`, which must not be executing. Sends nothing. Errors: STG-108, STO-201. */
  transfer(workers: readonly ExternalId[], from: PipelineName, reason: string, by: string): Promise<void> {
    return this.#withLease(async (context) => {
      const other = await this.#leaseOf(from);
      try {
        await transferWorkers(context, { workers, reason, by }, other);
      } finally {
        await other.release();
      }
    });
  }

  /** What `purge` would erase; reads only. */
  planPurge(): Promise<PurgeReport> {
    return planPurge({ pipeline: this.pipeline, store: this.store, clock: this.#options.clock });
  }

  /** Erases rows and payloads that are older than the pipeline's retention. */
  purge(by: string): Promise<PurgeReport> {
    return this.#withLease((context) => purge(context, by));
  }

  /** What `forget` would erase; reads only. Errors: as `forget`. */
  planForget(worker: ExternalId): ReturnType<typeof planForget> {
    return planForget({ pipeline: this.pipeline, store: this.store }, worker);
  }

  /** Erases one former worker. Errors: STO-301, STO-303, STO-304, AUD-112, AUD-113. */
  forget(worker: ExternalId, reason: string, by: string): Promise<ForgetReport> {
    return this.#withLease((context) => forget(context, worker, reason, by));
  }

  /** Sends a plan that somebody chose, and waits for its outcomes. Errors: STG-1xx, PLN-2xx. */
  apply(choice: RunChoice): Promise<RunResult> {
    return this.#withService(async (context, around, graph) => {
      const run = await this.#choose(choice);
      await this.#sameJob(context, run, graph);
      return this.#deliver(context, run, around);
    }, 'delivering');
  }

  /** First stage alone. What was changed at the job is noticed here, as by a whole run: who is marked for it has to be read again. */
  extract(): Promise<Run> {
    return this.#withService(async (context, _around, graph) => {
      await noticeJob(context, graph);
      return this.#withSource(async (source) => {
        const run = await beginRun(context, context.clock.now(), this.#options.chance.random);
        await extractRun(context, run, source);
        return this.#existing(run.id);
      });
    });
  }

  transform(choice: RunChoice): Promise<Run> {
    return this.#withLease(async (context) => {
      const run = await this.#choose(choice);
      if (run.state !== 'extracted') throw wrongStage(run, 'extracted');
      this.#sameMapping(context, run);
      await transformRun(context, run);
      return this.#existing(run.id);
    });
  }

  batch(choice: RunChoice): Promise<{ readonly run: Run; readonly plan: PlanHead }> {
    return this.#withService(async (context, around, graph) => {
      const run = await this.#choose(choice);
      if (run.state !== 'transformed') throw wrongStage(run, 'transformed');
      this.#sameMapping(context, run);
      // Extract may have run where the service cannot be reached. Whoever is marked only now was not read again: the next run sends him.
      const { jobShape } = await noticeJob(context, graph);
      const options = { firstRun: this.#options.firstRun, ...(jobShape === undefined ? {} : { jobShape }) };
      const plan = await batch(context, run, around.directory, options);
      return { run: await this.#existing(run.id), plan };
    }, 'planning');
  }

  /** Accepts a planned run and sends its batches, or goes on with one that was interrupted. Waits for outcomes only between the stages of a load in stages. */
  load(choice: RunChoice): Promise<Run> {
    return this.#withService(async (context, around, graph) => {
      const run = await this.#choose(choice);
      await this.#sameJob(context, run, graph);
      if (run.state !== 'accepted') await acceptRun(context, run);
      await load(context, await this.#existing(run.id), around);
      return this.#existing(run.id);
    }, 'delivering');
  }

  /** Names accounts that are other than the ledger says. Reads only, beside a run that is executing. Errors: ENT-205 without the right to read users. */
  async verify(workers: ReadonlySet<ExternalId> | undefined, onDrift: (drift: Drift) => void): Promise<VerifyReport> {
    const { clock, emit, signal } = this.#options;
    const { pipeline, store } = this;
    const service = openService(pipeline.sink, clock, emit, signal);
    try {
      return await verifyLedger({ pipeline, store, clock, signal }, service.graph, workers, onDrift);
    } finally {
      await service.close();
    }
  }

  /** Closes all open operations of the job that the logs tell about, and sends what was waiting for that. */
  reconcile(): Promise<Readonly<Record<string, number>>> {
    return this.#withService(async (context, around) => {
      const run = await this.store.runs.latest(this.pipeline.name, ['loaded', 'finished']);
      if (run !== undefined) this.#about(run.id);
      return settleRun(context, run, around);
    }, 'delivering');
  }

  /** The plan of a run. Errors: STG-101, STG-105. */
  async planOf(choice: RunChoice): Promise<PlanHead> {
    return readDocument(this.store, (await this.#choose(choice)).id, 'plan.json');
  }

  async #deliver(context: StageContext, begun: Run, around: Surroundings): Promise<RunResult> {
    const run = await this.#existing(begun.id);
    const accepted = run.state === 'accepted' || run.state === 'loaded';
    const { plan, dropped } = accepted
      ? { plan: await readDocument(this.store, run.id, 'plan.json'), dropped: [] }
      : await acceptRun(context, run);
    const tally = await deliverRun(context, await this.#existing(run.id), around);
    return { run: await this.#existing(run.id), plan, tally, dropped };
  }

  #sameMapping(context: StageContext, run: Run): void {
    if (run.mappingId !== context.mapping.id) throw new JoineryError('PLN-203', `run ${run.id} was begun with another mapping`);
  }

  /** Of a plan that was not accepted yet; what was, goes on as it was. Errors: PLN-203. */
  async #sameJob(context: StageContext, run: Run, graph: Graph): Promise<void> {
    if (run.state === 'planned') await refuseMovedJob(context, graph, await readDocument(this.store, run.id, 'plan.json'));
  }

  async #planNew(context: StageContext, around: Surroundings, graph: Graph, options: PlanOptions): Promise<Planned> {
    return this.#withSource(async (source) => {
      const run = await beginRun(context, context.clock.now(), around.chance.random);
      const plan = await planRun(context, run, source, around.directory, options, () => noticeJob(context, graph));
      return { run: await this.#existing(run.id), plan };
    }, context);
  }

  async #choose(choice: RunChoice): Promise<Run> {
    const { name } = this.pipeline;
    if ('planHash' in choice) {
      const runs = await this.store.runs.list(name, 100);
      const matching = runs.filter(({ planHash }) => choice.planHash.length >= 8 && planHash?.startsWith(choice.planHash) === true);
      // Planning twice gives one hash twice; the run that was overtaken cannot be sent.
      const found = matching.find(({ state }) => state !== 'abandoned') ?? matching[0];
      if (found === undefined) throw new JoineryError('STG-104', `no run of ${name} has a plan with the hash ${choice.planHash}`);
      return found;
    }
    const run = choice.run === 'latest' ? await this.store.runs.latest(name) : await this.store.runs.get(choice.run);
    if (run?.pipeline !== name) throw new JoineryError('STG-101', `pipeline ${name} has no run ${choice.run}`);
    return run;
  }

  async #existing(id: string): Promise<Run> {
    const run = await this.store.runs.get(id);
    if (run === undefined) throw new JoineryError('STG-101', `pipeline ${this.pipeline.name} has no run ${id}`);
    this.#about(run.id);
    return run;
  }

  #about(run: RunId): void {
    this.#record?.about(run);
    this.#conditions?.about(run);
  }

  /** `telling`: what people are to know of how the work ended; absent: whoever typed the command sees it. */
  async #withLease<T>(work: (context: StageContext) => Promise<T>, telling?: 'delivering' | 'planning'): Promise<T> {
    const { clock, emit, signal, holder, user } = this.#options;
    const lease = await this.store.acquireLease(this.pipeline.name, holder, clock.now());
    const record = new RunRecord(clock);
    this.#record = record;
    const channels = telling === undefined ? [] : openChannels(this.pipeline.notify, clock);
    const conditions = channels.length === 0 ? undefined : new RunConditions(channels);
    this.#conditions = conditions;
    const tell: EventSink = (event) => {
      record.sink(event);
      emit(event);
      conditions?.sink(event);
    };
    const { pipeline, store } = this;
    const context: StageContext = {
      pipeline,
      mapping: this.#prepared.mapping,
      store,
      lease,
      clock,
      emit: tell,
      signal: AbortSignal.any([signal, lease.lost]),
      ...(user === undefined ? {} : { user }),
    };
    conditions?.begin(context);
    try {
      const result = await work(context);
      await conditions?.end(context, undefined, telling === 'delivering');
      return result;
    } catch (error) {
      await conditions?.end(context, error, telling === 'delivering');
      throw error;
    } finally {
      // For reports only: what it could not write must not hide how the work ended.
      await record.keep(this.store).catch(() => undefined);
      await lease.release();
    }
  }

  /** Of another pipeline of the same state, for what concerns both. Errors: STO-201. */
  #leaseOf(pipeline: PipelineName): Promise<Lease> {
    return this.store.acquireLease(pipeline, this.#options.holder, this.#options.clock.now());
  }

  #withService<T>(
    work: (context: StageContext, around: Surroundings, graph: Graph) => Promise<T>,
    telling?: 'delivering' | 'planning',
  ): Promise<T> {
    return this.#withLease(async (context) => {
      const service = openService(this.pipeline.sink, context.clock, context.emit, context.signal, this.#conditions?.noteJob);
      const { sink, logs, directory } = service;
      try {
        return await work(context, { sink, logs, directory, chance: this.#options.chance, wait: this.#options.wait }, service.graph);
      } finally {
        await service.close();
      }
    }, telling);
  }

  async #withSource<T>(work: (source: Source) => Promise<T>, context?: StageContext): Promise<T> {
    const source = await openSource(this.pipeline.source, { applicationName: `joinery ${this.pipeline.name}` }).catch(async (error) => {
      if (context === undefined || !isMissingColumn(error)) throw error;
      const run = await beginRun(context, context.clock.now(), this.#options.chance.random);
      throw await stopForColumns(context, run, error);
    });
    try {
      return await work(source);
    } finally {
      await source.close();
    }
  }
}
