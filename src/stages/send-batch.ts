import { hashText } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { Batch, Operation } from '../domain/operation.ts';
import { decideRetry, operationsKindOf, type Attempt, type RetryDecision } from '../entra/retry-rules.ts';
import type { UploadAnswer } from '../entra/upload.ts';
import { renderBody } from '../plan/batching.ts';
import type { FinishSending } from '../store/contract.ts';
import { callAllowance, limitsFor } from './allowance.ts';
import { scopeOf, type StageContext } from './context.ts';

/** What load needs of the service. */
export interface Sink {
  /** Makes sure that a token is at hand. */
  prepare(signal: AbortSignal): Promise<void>;
  upload(body: Uint8Array, clientRequestId: string, signal: AbortSignal): Promise<UploadAnswer>;
  /** A reason not to go on: the job is paused, quarantined or was not started; undefined: it runs. */
  checkJob(signal: AbortSignal): Promise<string | undefined>;
  /** What stands between a load and its outcomes: the job's state, schedule and quarantine, roles that the token lacks. None: go on. */
  preflight(signal: AbortSignal): Promise<readonly Diagnostic[]>;
  /** Warns when so many disables are more than the job's accidental-deletion threshold. Never fails: disables go all the same. */
  warnOfThreshold(disables: number, signal: AbortSignal): Promise<void>;
}

/** A call that is reserved; its bytes leave at `at`, not before. */
interface Place {
  readonly call: string;
  readonly at: Instant;
}

/**
 * A place is taken so long before it is free, so that the store has written the reservation by then, whatever else it is asked meanwhile; ms. More would leave more batches
 * without a known end when the process is killed: a place comes free every 125 ms.
 */
const lead = 500;

/** Given by the caller, so that tests are the same every time. */
export interface Chance {
  /** 0 (inclusive) to 1 (exclusive) */
  readonly random: () => number;
  /** A GUID. */
  readonly uuid: () => string;
}

/** Sends one batch to its end: accepted, left without an answer, or an error that ends the stage. */
export class BatchSender {
  readonly #context: StageContext;
  readonly #sink: Sink;
  readonly #chance: Chance;
  #warned = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: StageContext, sink: Sink, chance: Chance) {
    this.#context = context;
    this.#sink = sink;
    this.#chance = chance;
  }

  /** Answers how many operations were accepted. Errors: STG-201, STG-202, STG-203, DOM-002. */
  async send(batch: Batch): Promise<number> {
    const attempt = { sameInARow: 0, unknownSends: batch.state === 'unknown' ? batch.sends : 0, last: '' };
    let replay = batch.state === 'unknown';
    for (;;) {
      const operations = await this.#operations(batch, replay);
      if (operations.length === 0) return 0;
      // What was sent without an answer goes again only where a second time does no harm.
      if (replay && (attempt.unknownSends >= 2 || operationsKindOf(operations.map(({ change }) => change)) === 'creations')) return 0;
      const answer = await this.#sendOnce(batch, operations, replay);
      if (answer === 'blocked') {
        // Another version of a worker is in flight, and what has left cannot be taken out of a replay: the logs tell what became of it.
        if (replay) return 0;
        continue;
      }
      attempt.sameInARow = answer.kind === attempt.last ? attempt.sameInARow + 1 : 1;
      attempt.last = answer.kind;
      if (answer.kind === 'unknown' || answer.kind === 'unavailable') attempt.unknownSends++;
      const decision = this.#decide(answer, attempt, operations);
      if (decision.act === 'done') return operations.length;
      if (decision.act === 'leave') return 0;
      if (answer.kind === 'throttled') this.#warnOfOthers();
      if (decision.act === 'stop') throw this.#stopped(batch, answer, decision);
      this.#context.emit({
        type: 'batch.retry',
        batch: batch.id,
        status: statusOf(answer),
        reason: reasonOf(answer),
        waitMilliseconds: decision.waitMilliseconds,
      });
      await this.#context.clock.sleep(decision.waitMilliseconds, this.#context.signal);
      if (decision.act === 'again' && decision.checkJob) await this.#stopIfJobStands();
      replay = decision.act === 'replay' || (replay && decision.act === 'again');
    }
  }

  async #operations(batch: Batch, replay: boolean): Promise<readonly Operation[]> {
    const all = await this.#context.store.operations.ofBatch(batch.id);
    return all.filter(({ state }) => state === (replay ? 'unknown' : 'planned'));
  }

  async #sendOnce(batch: Batch, operations: readonly Operation[], replay: boolean): Promise<UploadAnswer | 'blocked'> {
    const { store, lease, clock, emit } = this.#context;
    const body = Buffer.from(renderBody(operations));
    const clientRequestId = this.#chance.uuid();
    const place = await this.#inTurn(() => this.#reserve(batch, operations, { body, clientRequestId, replay }));
    if (place === 'blocked') return 'blocked';
    const { call, at } = place;
    // Not interrupted any more: it is recorded as sending.
    if (at > clock.now()) await clock.sleep(at - clock.now());
    emit({ type: 'batch.sending', batch: batch.id, sequence: batch.sequence, operations: operations.length, replay });
    const before = clock.now();
    // Not the stage's signal: once recorded as sending, the request in hand is finished, and its answer is known.
    const answer = await this.#sink.upload(body, clientRequestId, new AbortController().signal);
    await store.operations.finishSending(lease, { batch: batch.id, call, at: clock.now(), ...resultOf(answer) });
    if (answer.kind === 'accepted') {
      const { requestId } = answer;
      emit({ type: 'batch.accepted', batch: batch.id, sequence: batch.sequence, requestId, milliseconds: clock.now() - before });
    } else if (answer.kind === 'unknown' || answer.kind === 'unavailable')
      emit({ type: 'batch.unknown', batch: batch.id, reason: reasonOf(answer) });
    else if (answer.kind === 'refused') emit({ type: 'batch.refused', batch: batch.id, status: answer.status, reason: answer.message });
    return answer;
  }

  /** One batch after the other asks for a place: many that wait for the same one would only keep the store busy. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Waits for a slot. `blocked`: workers who are in flight were taken out of the batch, look again; of a replay nobody is. */
  async #reserve(
    batch: Batch,
    operations: readonly Operation[],
    parts: { readonly body: Uint8Array; readonly clientRequestId: string; readonly replay: boolean },
  ): Promise<Place | 'blocked'> {
    const { store, lease, clock, pipeline, signal, emit } = this.#context;
    const limits = limitsFor(callAllowance(pipeline.sink), pipeline.load.reserve, operations);
    for (;;) {
      if (signal.aborted) throw new JoineryError('DOM-002', `batch ${batch.id} and those after it were not sent`);
      const result = await store.operations.beginSending(lease, {
        batch: batch.id,
        operations: operations.map(({ id }) => id),
        bytes: parts.body.byteLength,
        bodyHash: hashText(parts.body),
        clientRequestId: parts.clientRequestId,
        scope: scopeOf(pipeline),
        limits,
        replay: parts.replay,
        at: clock.now(),
        ahead: lead,
      });
      if (result.kind === 'granted') return result;
      if (result.kind === 'blocked') {
        if (parts.replay) return 'blocked';
        const blocked = new Set(result.workers);
        const dropped = operations.filter(({ externalId }) => blocked.has(externalId)).map(({ id }) => id);
        await store.operations.drop(lease, dropped, 'an operation of the worker is in flight', clock.now());
        emit({ type: 'waiting', workers: dropped.length, reason: 'an operation of theirs is in flight' });
        return 'blocked';
      }
      await this.#wait(result.reason, result.until);
    }
  }

  /** Waits until there may be a place to take. */
  async #wait(reason: 'window' | 'quota', until: Instant | undefined): Promise<void> {
    const { clock, emit, signal } = this.#context;
    if (reason === 'quota') {
      const when = until === undefined ? '' : ` It can go on at ${new Date(until).toISOString()}.`;
      if (until !== undefined) emit({ type: 'pace', reason, until });
      throw new JoineryError('STG-202', `The day's calls of the tenant are used up.${when}`);
    }
    // Another process's call may be answered at any moment, so never longer than the window's own rhythm.
    const from = Math.min(Math.max(clock.now() + 1, until ?? clock.now() + 250), clock.now() + 5_000);
    emit({ type: 'pace', reason, until: from });
    await clock.sleep(Math.max(1, from - clock.now() - lead), signal);
  }

  #decide(answer: UploadAnswer, attempt: Attempt, operations: readonly Operation[]): RetryDecision {
    return decideRetry(answer, attempt, operationsKindOf(operations.map(({ change }) => change)), this.#chance.random());
  }

  /** Once a load: every further 429 says the same. */
  #warnOfOthers(): void {
    if (this.#warned) return;
    this.#warned = true;
    const message = 'Graph answered 429 although this load keeps to window and quota: another client sends to the tenant';
    this.#context.emit({ type: 'warning', diagnostic: { code: 'STG-405', severity: 'warning', message } });
  }

  async #stopIfJobStands(): Promise<void> {
    const reason = await this.#sink.checkJob(this.#context.signal);
    if (reason !== undefined) throw new JoineryError('STG-203', `The job's queue is full and does not drain: ${reason}`);
  }

  #stopped(batch: Batch, answer: UploadAnswer, decision: Extract<RetryDecision, { readonly act: 'stop' }>): JoineryError {
    if (decision.code === 'DOM-002') return new JoineryError('DOM-002', `batch ${batch.id} was not sent: ${decision.reason}`);
    const message = `batch ${batch.id}: ${decision.reason}`;
    if (answer.kind === 'refused') return new JoineryError('STG-201', message, { cause: new JoineryError(decision.code, decision.reason) });
    return new JoineryError('STG-203', message, { cause: new JoineryError(decision.code, decision.reason) });
  }
}

/** Omit over a union keeps its members apart. */
type Result = FinishSending extends infer F ? (F extends FinishSending ? Omit<F, 'batch' | 'call' | 'at'> : never) : never;

function resultOf(answer: UploadAnswer): Result {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'accepted', acceptedAt: answer.at, requestId: answer.requestId };
    case 'refused': {
      const requestId = answer.requestId === undefined ? {} : { requestId: answer.requestId };
      return { kind: 'refused', detail: answer.message, ...requestId };
    }
    case 'unknown':
    case 'unavailable':
      return { kind: 'unknown', detail: reasonOf(answer) };
    case 'notSent':
      return { kind: 'notSent', detail: answer.reason, counted: false };
    case 'throttled':
    case 'bucketFull':
    case 'unauthorized':
      return { kind: 'notSent', detail: reasonOf(answer), counted: true };
    default:
      return answer satisfies never;
  }
}

function statusOf(answer: UploadAnswer): number {
  switch (answer.kind) {
    case 'throttled':
      return 429;
    case 'bucketFull':
      return 500;
    case 'unauthorized':
      return 401;
    case 'unavailable':
    case 'refused':
      return answer.status;
    case 'accepted':
      return 202;
    case 'unknown':
    case 'notSent':
      return 0;
    default:
      return answer satisfies never;
  }
}

function reasonOf(answer: UploadAnswer): string {
  switch (answer.kind) {
    case 'throttled':
      return 'Graph answered 429; this run keeps to the window, so another client sends to the same tenant';
    case 'bucketFull':
      return 'the queue of the job is full';
    case 'unauthorized':
      return 'the token was refused';
    case 'unavailable':
      return `Graph answered ${String(answer.status)}`;
    case 'refused':
      return answer.message;
    case 'unknown':
    case 'notSent':
      return answer.reason;
    case 'accepted':
      return 'accepted';
    default:
      return answer satisfies never;
  }
}
