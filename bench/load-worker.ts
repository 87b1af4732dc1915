/**
 * One process of `npm run bench:load`: a pipeline of its own with a backlog that is accepted already, sent by the load stage over the common store. Network latency is slept on the
 * shared clock on both sides of the real request; what the store's transactions take is measured and slept too; time stands still during both.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connectSharedClock, type SharedClock } from '../src/emulator/index.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { Payload } from '../src/domain/payload.ts';
import type { Run } from '../src/domain/run.ts';
import { openGraph } from '../src/entra/graph.ts';
import { openLogs } from '../src/entra/logs.ts';
import { readJob } from '../src/entra/job.ts';
import { openTokens } from '../src/entra/tokens.ts';
import { compileMapping } from '../src/mapping/index.ts';
import { loadPipeline } from '../src/pipeline/load.ts';
import { bulkIdOf } from '../src/plan/batching.ts';
import { hashJson } from '../src/domain/canonical-json.ts';
import { load } from '../src/stages/load.ts';
import type { StageContext } from '../src/stages/context.ts';
import { openSink } from '../src/stages/service-sink.ts';
import type { LogSource } from '../src/stages/reconcile.ts';
import type { Sink } from '../src/stages/send-batch.ts';
import type { AcceptRecord, Lease, Operations, Store } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { writeDocument } from '../src/store/run-files.ts';
import type { PlanHead } from '../src/domain/change.ts';

export interface WorkerTask {
  readonly name: string;
  readonly state: string;
  readonly origin: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workers: number;
  /** ms; the request's own time is half to twice of it. */
  readonly latency: number;
}

/** A call as the service saw it: arrival and status on the shared clock. */
export interface CallSeen {
  readonly at: number;
  readonly status: string;
  readonly operations: number;
}

export interface PreparedWorker {
  readonly context: StageContext;
  readonly send: () => Promise<readonly CallSeen[]>;
  readonly openLogs: (clock: Clock) => LogSource;
  readonly close: () => Promise<void>;
}

const perBatch = 50;
const pipelineFile = fileURLToPath(new URL('pipelines/contoso-bench.yaml', import.meta.url));

/** Accepts the backlog; answers what sends it. */
export async function prepareWorker(task: WorkerTask): Promise<PreparedWorker> {
  const clock = await connectSharedClock(task.origin);
  const readFile = (path: string): string => readFileSync(path, 'utf8').replace('pipeline: contoso-bench', `pipeline: ${task.name}`);
  const { pipeline, diagnostics } = loadPipeline(pipelineFile, {
    environment: { HR_DATABASE_URL: 'postgres://hr@localhost/hr', ...task.environment },
    readFile,
  });
  const mapping = pipeline === undefined ? undefined : compileMapping(pipeline).mapping;
  if (pipeline === undefined || mapping === undefined || pipeline.name !== task.name) throw new Error(JSON.stringify(diagnostics));
  const store = await openStore(task.state, { clock });
  const lease = await store.acquireLease(task.name, task.name, clock.now());
  const quiet = { ...pipeline, holds: { directory: 'unchecked' as const } };
  const context: StageContext = {
    pipeline: quiet,
    mapping,
    store: { ...store, operations: charged(store.operations, clock) },
    lease,
    clock,
    emit: () => undefined,
    signal: new AbortController().signal,
  };
  const run = task.workers === 0 ? undefined : await acceptBacklog(context, store, lease, task);
  const tokens = openTokens(pipeline.sink, { clock });
  const graph = openGraph(pipeline.sink, tokens, { clock });
  const sourceOn = (time: Clock): LogSource => {
    const logs = openLogs({ ...graph, clock: time });
    return { read: (from, onProblem, signal) => logs.read({ from, onProblem, signal }), job: (signal) => readJob(graph, signal) };
  };
  const seen: CallSeen[] = [];
  const service = openSink(graph, tokens, (signal) => readJob(graph, signal), context.emit);
  const sink = slowed(service, clock, task.latency, seen);
  const around = {
    sink,
    logs: sourceOn(clock),
    directory: { of: () => Promise.resolve(new Map()), accounts: () => Promise.resolve(undefined) },
    chance: { random: Math.random, uuid: randomUUID },
    wait: 0,
  } satisfies Parameters<typeof load>[2];
  return {
    context: { ...context, store },
    openLogs: sourceOn,
    async send() {
      if (run === undefined) throw new Error('there is no backlog');
      // Tokens and the job are asked for before the clock matters.
      const release = clock.hold();
      await sink.prepare(context.signal);
      release();
      await load(context, run, around);
      return seen;
    },
    async close() {
      await lease.release();
      await store.close();
      await graph.close();
      await tokens.close();
      await clock.close();
    },
  };
}

/** Log-uniform from half to twice the latency: as often half as double. A random part of it lies before the service sees the call. */
function slowed(service: Sink, clock: SharedClock, latency: number, seen: CallSeen[]): Sink {
  const still = async <T>(work: () => Promise<T>): Promise<T> => {
    const release = clock.hold();
    try {
      return await work();
    } finally {
      release();
    }
  };
  return {
    ...service,
    prepare: (signal) => still(() => service.prepare(signal)),
    preflight: (signal) => still(() => service.preflight(signal)),
    warnOfThreshold: (disables, signal) => still(() => service.warnOfThreshold(disables, signal)),
    async upload(body, clientRequestId, signal) {
      const whole = Math.round(latency * 2 ** (Math.random() * 2 - 1));
      const before = Math.round(whole * Math.random());
      await clock.sleep(before);
      const at = clock.now();
      const answer = await still(() => service.upload(body, clientRequestId, signal));
      seen.push({ at, status: answer.kind, operations: Buffer.from(body).toString('latin1').split('"bulkId"').length - 1 });
      await clock.sleep(whole - before);
      return answer;
    },
  };
}

/** Each call of the store takes as long on the shared clock as it took this machine. */
function charged(operations: Operations, clock: SharedClock): Operations {
  // Clocks count whole milliseconds; parts of one are carried on.
  let owed = 0;
  const wrap = <A extends readonly unknown[], T>(work: (...input: A) => Promise<T>): ((...input: A) => Promise<T>) => {
    return async (...input) => {
      const release = clock.hold();
      const started = performance.now();
      try {
        return await work(...input);
      } finally {
        owed += performance.now() - started;
        const whole = Math.floor(owed);
        owed -= whole;
        release();
        if (whole > 0) await clock.sleep(whole);
      }
    };
  };
  return {
    ...operations,
    beginSending: wrap((lease, input) => operations.beginSending(lease, input)),
    finishSending: wrap((lease, input) => operations.finishSending(lease, input)),
    ofBatch: wrap((id) => operations.ofBatch(id)),
  };
}

async function acceptBacklog({ pipeline, mapping, clock }: StageContext, store: Store, lease: Lease, task: WorkerTask): Promise<Run> {
  const scope = { tenant: pipeline.sink.tenant, job: pipeline.sink.job };
  const id = `20261102T070000Z-${task.name}`;
  const at = 1;
  const run: Run = { ...scope, id, pipeline: pipeline.name, asOf: at, startedAt: at, state: 'planned', mappingId: mapping.id };
  await store.runs.begin(lease, run);
  const batches = Array.from({ length: Math.ceil(task.workers / perBatch) }, (_, sequence) => ({
    id: `${id}.${String(sequence).padStart(5, '0')}`,
    sequence,
  }));
  function* records(): Generator<AcceptRecord[]> {
    for (const batch of batches) {
      yield Array.from({ length: Math.min(perBatch, task.workers - batch.sequence * perBatch) }, (_, index): AcceptRecord => {
        const payload = payloadOf(`${task.name}${String(batch.sequence * perBatch + index).padStart(7, '0')}`);
        const { externalId } = payload;
        const hash = hashJson(payload);
        return {
          externalId,
          evaluated: { fingerprint: 'f', mappingId: mapping.id, verdict: 'active', run: id },
          desired: { payload, hash, change: 'joiner', run: id },
          baseline: 'none',
          operation: {
            id: `${batch.id}.${String(index).padStart(2, '0')}`,
            batch: batch.id,
            index,
            externalId,
            bulkId: bulkIdOf(scope, externalId, hash),
            change: 'joiner',
            payload,
            payloadHash: hash,
          },
        };
      });
    }
  }
  await store.ledger.accept(lease, { scope, run: id, planHash: 'bench', at, population: task.workers, batches, records: records() });
  // Load reads of a plan how old it is and whether it goes in stages; this one does not.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of the head is for people
  await writeDocument(store, id, 'plan.json', { run: id, createdAt: clock.now() } as PlanHead);
  const accepted = await store.runs.get(id);
  if (accepted === undefined) throw new Error('no run');
  return accepted;
}

function payloadOf(externalId: string): Payload {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
    externalId,
    active: true,
    userName: `${externalId}@contoso.example`,
    name: { givenName: 'Ada', familyName: externalId },
    displayName: `Ada ${externalId}`,
    title: 'Engineer',
    emails: [{ type: 'work', value: `${externalId}@contoso.example`, primary: true }],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
      department: 'Research',
      division: 'North',
      costCenter: 'CC1',
      employeeNumber: externalId,
    },
  };
}

interface Message {
  readonly task?: WorkerTask;
  readonly go?: true;
}

/** As a process of its own: told its task, answers when it is ready, sends when it is told to. */
if (process.send !== undefined && process.argv.includes('--worker')) {
  let prepared: Awaited<ReturnType<typeof prepareWorker>> | undefined;
  process.on('message', (message: Message) => {
    void (async () => {
      if (message.task !== undefined) {
        prepared = await prepareWorker(message.task);
        process.send?.({ ready: true });
      } else if (prepared !== undefined) {
        const calls = await prepared.send();
        await prepared.close();
        process.send?.({ calls }, () => {
          process.disconnect();
        });
      }
    })().catch((error: unknown) => {
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      process.exit(1);
    });
  });
}
