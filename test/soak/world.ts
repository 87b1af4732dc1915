import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { sinkVariables } from '../../samples/sink-variables.ts';
import { JoineryError } from '../../src/domain/error.ts';
import type { JoineryEvent } from '../../src/domain/event.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import { startEmulator, type Emulator } from '../../src/emulator/index.ts';
import { openGraph } from '../../src/entra/graph.ts';
import { readJob } from '../../src/entra/job.ts';
import { openLogs } from '../../src/entra/logs.ts';
import { openTokens } from '../../src/entra/tokens.ts';
import { compileMapping } from '../../src/mapping/index.ts';
import type { Mapping } from '../../src/mapping/contract.ts';
import { loadPipeline } from '../../src/pipeline/load.ts';
import type { Pipeline } from '../../src/pipeline/pipeline.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { openDirectoryNames } from '../../src/stages/directory-names.ts';
import type { LogSource } from '../../src/stages/reconcile.ts';
import { acceptRun, beginRun, deliverRun, planRun, settleRun } from '../../src/stages/run.ts';
import { openSink } from '../../src/stages/service-sink.ts';
import { openLook } from '../../src/stages/silence-accounts.ts';
import type { Surroundings } from '../../src/stages/surroundings.ts';
import type { Sink } from '../../src/stages/send-batch.ts';
import type { Lease, Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { FaultPlan } from './fault-plan.ts';
import { Gateway } from './gateway.ts';
import { InProcess } from './in-process.ts';
import { createMemoryFiles } from './memory-files.ts';
import { openMemorySource } from './memory-source.ts';
import { Mortal } from './mortal.ts';
import { Choices } from './random.ts';
import { firstDay, minuteMilliseconds, type HrRow, type Story, type StoryRun } from './story.ts';

const pipelineFile = fileURLToPath(new URL('soak.yaml', import.meta.url));
let compiled: Mapping | undefined;

/** What the world looks at while a run goes on; throws what is wrong. */
export interface Watcher {
  /** The bytes of a request are about to leave; what is in flight stands in the store already. */
  readonly uploading: (body: string, store: Store) => Promise<void>;
  readonly uploaded: (body: string, answer: string, store: Store) => Promise<void>;
}

/** What HR shows at the moment; not every run looks. */
export interface HrView {
  readonly rows: readonly HrRow[];
  readonly onRead: () => void;
}

/** How a run ended: all done, an error that is an end of its own, or the end of the process. */
export type Ending = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly error: unknown } | { readonly kind: 'killed' };

/** One emulated tenant, one state folder, one virtual clock, and processes that come and go. */
export class World {
  readonly clock = new VirtualClock(firstDay);
  readonly emulator: Emulator;
  readonly plan: FaultPlan;
  readonly pipeline: Pipeline;
  readonly mapping: Mapping;
  readonly events: JoineryEvent[] = [];
  readonly #folder: string;
  readonly #files = createMemoryFiles();
  #store: Store | undefined;
  readonly #gateway: Gateway;
  readonly #choices: Choices;

  private constructor(parts: {
    emulator: Emulator;
    clock: VirtualClock;
    gateway: Gateway;
    plan: FaultPlan;
    choices: Choices;
    folder: string;
    story: Story;
  }) {
    this.emulator = parts.emulator;
    this.clock = parts.clock;
    this.plan = parts.plan;
    this.#folder = parts.folder;
    this.#gateway = parts.gateway;
    this.#choices = parts.choices;
    const environment = {
      HR_DATABASE_URL: 'postgres://hr@localhost/hr',
      ...sinkVariables(this.emulator),
    };
    const { pipeline, diagnostics } = loadPipeline(pipelineFile, { environment });
    if (pipeline === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
    const { load } = pipeline;
    const { stages, unconfirmed } = parts.story;
    this.pipeline = { ...pipeline, load: { ...load, staged: { ...load.staged, stages }, pause: { ...load.pause, unconfirmed } } };
    // The mapping knows nothing of the tenant: one serves all stories.
    compiled ??= compileMapping(pipeline).mapping;
    if (compiled === undefined)
      throw new Error(
        compileMapping(pipeline)
          .diagnostics.map(({ message }) => message)
          .join('\n'),
      );
    this.mapping = compiled;
  }

  static async open(story: Story): Promise<World> {
    const choices = new Choices(story.seed ^ 0x5eed);
    const clock = new VirtualClock(firstDay);
    const emulator = await startEmulator({
      clock,
      random: choices.number,
      latencyMs: story.latency,
      switches: story.switches,
    });
    const network = story.network === 'sockets' ? new Agent({ connections: 16, keepAliveTimeout: 4_000 }) : new InProcess(emulator);
    const gateway = new Gateway(clock, network);
    const plan = new FaultPlan({
      expireTokens: () => {
        emulator.expireTokens();
      },
      delayed: (id, milliseconds) => {
        gateway.delayed(id, milliseconds);
      },
    });
    emulator.setFaults(plan.faults());
    const folder = mkdtempSync(join(process.env['JOINERY_SOAK_FOLDER'] ?? tmpdir(), 'joinery-soak-'));
    return new World({ emulator, clock, gateway, plan, choices, folder, story });
  }

  /**
   * A process starts, does its work and ends, one way or another. Only one that was killed takes its store with it: opening costs more than most runs, and nothing is
   * kept in it but what is on disk.
   */
  run(run: StoryRun, view: HrView, watcher: Watcher, after?: (store: Store) => Promise<void>): Promise<Ending> {
    return this.act(run, watcher, (context, around) => this.#work(run, view, context, around), after);
  }

  /** The same for any work. */
  async act(
    { kill, wait }: Pick<StoryRun, 'kill' | 'wait'>,
    watcher: Watcher,
    job: (context: StageContext, around: Surroundings) => Promise<void>,
    after?: (store: Store) => Promise<void>,
  ): Promise<Ending> {
    const mortal = new Mortal(kill);
    const store = await this.#openStore();
    let ending: Ending = { kind: 'killed' };
    const lease = await store.acquireLease(this.pipeline.name, 'soak', this.clock.now());
    try {
      const context = this.#contextOf(mortal, store, lease);
      const work = job(context, this.#surroundings(context, mortal, store, watcher, wait * minuteMilliseconds)).then(
        (): Ending => ({ kind: 'done' }),
        (error: unknown): Ending => ({ kind: 'failed', error }),
      );
      ending = await Promise.race([work, mortal.died.then((): Ending => ({ kind: 'killed' }))]);
      await this.#gateway.idle();
      if (after !== undefined) await after(store);
      return ending;
    } finally {
      await lease.release();
      if (ending.kind === 'killed') await this.#closeStore();
    }
  }

  async #openStore(): Promise<Store> {
    this.#store ??= { ...(await openStore(this.#folder, { clock: this.clock })), files: this.#files };
    return this.#store;
  }

  async #closeStore(): Promise<void> {
    await this.#store?.close();
    this.#store = undefined;
  }

  #contextOf(mortal: Mortal, real: Store, lease: Lease): StageContext {
    const { pipeline, mapping } = this;
    const emit = (event: JoineryEvent): void => {
      if (!mortal.dead) this.events.push(event);
    };
    return {
      pipeline,
      mapping,
      store: mortal.wrap(real, ''),
      lease,
      clock: mortal.clock(this.clock),
      emit,
      signal: new AbortController().signal,
    };
  }

  async #work(run: StoryRun, view: HrView, context: StageContext, around: Surroundings): Promise<void> {
    const { store, clock, pipeline } = context;
    const latest = await store.runs.latest(pipeline.name, ['accepted', 'loaded', 'finished']);
    if (run.mode === 'reconcile') return void (await settleRun(context, latest?.state === 'accepted' ? undefined : latest, around));
    if (run.mode === 'resume' && latest?.state === 'accepted' && (await goesOn(deliverRun(context, latest, around)))) return;
    view.onRead();
    const begun = await beginRun(context, clock.now(), this.#choices.number);
    await planRun(context, begun, openMemorySource(view.rows, this.#choices.number), around.directory);
    await acceptRun(context, (await store.runs.get(begun.id)) ?? begun);
    await deliverRun(context, (await store.runs.get(begun.id)) ?? begun, around);
  }

  /** As `openService` makes them, over connections during which time stands still. */
  #surroundings(context: StageContext, mortal: Mortal, real: Store, watcher: Watcher, wait: number): Surroundings {
    const { clock, emit, signal, pipeline } = context;
    const { dispatcher } = this.#gateway;
    const tokens = openTokens(pipeline.sink, { clock, dispatcher });
    const graph = openGraph(pipeline.sink, tokens, { clock, dispatcher });
    const logs = openLogs(graph);
    const job: LogSource['job'] = (abort) => readJob(graph, abort);
    const source: LogSource = {
      read: (from, onProblem, abort) => logs.read({ from, onProblem, signal: abort }),
      job,
      look: openLook(graph),
    };
    const service = openSink(graph, tokens, job, emit);
    const sink: Sink = {
      ...service,
      upload: async (body, clientRequestId, abort) => {
        const text = Buffer.from(body).toString('utf8');
        await watcher.uploading(text, real);
        this.plan.uploading([...text.matchAll(/"externalId":"([^"]+)"/g)].map(([, worker = '']) => worker));
        const answer = await service.upload(body, clientRequestId, abort);
        this.plan.uploaded(answer.kind);
        await watcher.uploaded(text, answer.kind, real);
        return answer;
      },
    };
    return {
      sink: mortal.wrap(sink, 'sink'),
      logs: mortal.wrap(source, 'source'),
      directory: mortal.wrap(openDirectoryNames(graph, emit, signal), 'directory'),
      chance: { random: this.#choices.number, uuid: this.#choices.uuid },
      wait,
    };
  }

  /** Another client of the tenant uploads people of its own, as fast as it can. */
  async disturb(calls: number): Promise<void> {
    const { dispatcher } = this.#gateway;
    const { origin, pathname: tokenPath } = new URL(this.emulator.tokenUrl);
    const form = { grant_type: 'client_credentials', client_id: this.emulator.clientId, client_secret: this.emulator.clientSecret };
    const scope = 'https://graph.microsoft.com/.default';
    const { body: asked } = await dispatcher.request({
      origin,
      path: tokenPath,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...form, scope }).toString(),
    });
    const token: unknown = Reflect.get(Object(await asked.json()), 'access_token');
    for (let call = 0; call < calls; call++) {
      const externalId = `X${String(call)}`;
      const data = {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
        externalId,
        userName: `${externalId}@contoso.example`,
        displayName: externalId,
        active: true,
      };
      const body = {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: [{ method: 'POST', bulkId: externalId, path: '/Users', data }],
        failOnErrors: null,
      };
      const { body: answered } = await dispatcher.request({
        origin,
        path: new URL(this.emulator.bulkUploadUrl).pathname,
        method: 'POST',
        headers: { authorization: `Bearer ${String(token)}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify(body),
      });
      await answered.dump();
    }
  }

  /** What the store knows, with no process at work. */
  async look<T>(work: (store: Store) => Promise<T>): Promise<T> {
    return work(await this.#openStore());
  }

  async close(): Promise<void> {
    await this.#gateway.idle();
    await this.#gateway.close();
    await this.#closeStore();
    await this.emulator.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A load that is too old to go on with is planned anew, as its refusal says. */
async function goesOn(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof JoineryError && error.code === 'PLN-202') return false;
    throw error;
  }
}
