import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { hashJson } from '../src/domain/canonical-json.ts';
import { JoineryError } from '../src/domain/error.ts';
import type { LedgerEntry } from '../src/domain/ledger.ts';
import { isDisable } from '../src/domain/words.ts';
import { lastPayload } from '../src/plan/decision.ts';
import type { AcceptRecord, AccountName, Closure, FinishSending, Lease, Store } from '../src/store/contract.ts';
import { foldUserName } from '../src/store/entry.ts';
import { LedgerModel, modelled, type ModelOperation } from './state-model.ts';
import { batchId, beginRun, collect, evaluatedAt, limits, payloadOf, sendingInput } from './state-builders.ts';

const verbs = ['accept', 'send', 'send', 'answer', 'answer', 'close', 'close', 'escrow', 'drop', 'stale', 'restart'] as const;
export const step = fc.record({ verb: fc.constantFrom(...verbs), a: fc.nat(1 << 20), b: fc.nat(1 << 20), c: fc.nat(1 << 20) });
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const workers = ['w0', 'w1', 'w2'];
const wide = { ...limits, windowCalls: 1e6, dayCalls: 1e6 };

/** One random walk over the verbs in a job of its own. Picks among what is possible; what is impossible is a step that does nothing. */
export class Walk {
  readonly model = new LedgerModel();
  readonly store: Store;
  readonly scope: { tenant: string; job: string };
  readonly pipeline: string;
  lease: Lease;
  staleLeases: Lease[] = [];
  at = 1000;

  constructor(store: Store, lease: Lease, name: string) {
    this.store = store;
    this.lease = lease;
    this.pipeline = name;
    this.scope = { tenant: 'tenant', job: name };
  }

  async take(taken: Step): Promise<void> {
    this.at += 10;
    const confirmedBefore = await this.confirmed();
    await this[taken.verb](taken);
    if (taken.verb !== 'close') assert.deepEqual(await this.confirmed(), confirmedBefore);
    await this.compare();
  }

  async accept({ a, b, c }: Step): Promise<void> {
    const run = `${this.pipeline}-${String(this.at)}`;
    await beginRun(this.store, this.lease, run, { ...this.scope });
    const records: AcceptRecord[] = [];
    const dropped: string[] = [];
    for (const [place, worker] of workers.entries()) {
      if (((a >> place) & 1) === 0) continue;
      const payload = payloadOf(worker, { title: String((c >> (place * 2)) & 3) }, ((b >> place) & 1) === 0);
      const change = payload.active ? 'mover' : 'leaver';
      const hash = hashJson(payload);
      const baseline = ((a >> (place + 4)) & 3) === 3 ? 'confirmed:moved' : this.model.baseline(worker);
      const operation: ModelOperation = { id: `${run}-${worker}`, worker, batch: batchId(run, 0), payload, hash, change, state: 'planned' };
      const planned = {
        id: operation.id,
        index: records.length,
        externalId: worker,
        bulkId: 'b',
        change,
        payload,
        payloadHash: hash,
      } as const;
      records.push({
        externalId: worker,
        evaluated: evaluatedAt(run, ((b >> (place + 4)) & 1) === 0 ? {} : { missingManager: workers[(b >> 8) % 4] ?? 'nobody' }),
        desired: { payload, hash, change, run },
        baseline,
        operation: { ...planned, batch: batchId(run, 0) },
      });
      if (this.model.accept(operation, baseline)) dropped.push(worker);
    }
    const batches = records.length === 0 ? [] : [{ id: batchId(run, 0), sequence: 0 }];
    const input = { scope: this.scope, run, planHash: 'p', at: this.at, population: 3, records: [records], batches };
    const result = await this.store.ledger.accept(this.lease, input);
    assert.deepEqual(result.dropped, dropped);
    if (records.length === 0) return;
    this.model.batches.set(batchId(run, 0), {
      id: batchId(run, 0),
      state: dropped.length === records.length ? 'dropped' : 'planned',
      sends: 0,
    });
  }

  async send({ a }: Step): Promise<void> {
    const ready = [...this.model.batches.values()].filter(
      (batch) => batch.state === 'planned' || (batch.state === 'unknown' && batch.sends < 2),
    );
    const batch = ready[a % Math.max(1, ready.length)];
    if (batch === undefined) return;
    const replay = batch.state === 'unknown';
    const input = await sendingInput(this.store, batch.id, this.at, { replay, scope: this.scope, limits: wide });
    const blocked = this.model.begin(batch, replay, this.at);
    const result = await this.store.operations.beginSending(this.lease, input);
    if (blocked.length > 0) assert.deepEqual(result, { kind: 'blocked', workers: blocked });
    else assert.equal(result.kind, 'granted');
    if (result.kind === 'granted') batch.call = result.call;
  }

  async answer({ a, b }: Step): Promise<void> {
    const sending = [...this.model.batches.values()].filter((batch) => batch.state === 'sending');
    const batch = sending[a % Math.max(1, sending.length)];
    if (batch?.call === undefined) return;
    const common = { batch: batch.id, call: batch.call, at: this.at };
    const answers: FinishSending[] = [
      { ...common, kind: 'accepted', acceptedAt: this.at, requestId: 'r' },
      { ...common, kind: 'notSent', detail: 'd', counted: b % 2 === 0 },
      { ...common, kind: 'unknown', detail: 'd' },
      { ...common, kind: 'refused', detail: 'd' },
    ];
    const answer = answers[b % answers.length];
    if (answer === undefined) return;
    await this.store.operations.finishSending(this.lease, answer);
    this.model.finish(batch, answer.kind);
  }

  async close({ a, b }: Step): Promise<void> {
    const open = this.model.inFlight();
    const operation = open[a % Math.max(1, open.length)];
    const effect = (['confirm', 'confirm', 'fail', 'forget', 'none'] as const)[b % 5];
    if (operation === undefined || effect === undefined) return;
    const closure: Closure = {
      operation: operation.id,
      outcome: effect === 'fail' ? 'failed' : 'applied',
      effect,
      evidence: { kind: 'log' },
    };
    await this.store.operations.close(this.lease, this.scope, [closure], this.at);
    this.model.close(operation, effect);
  }

  async escrow({ a }: Step): Promise<void> {
    const operation = this.model.inFlight()[a % Math.max(1, this.model.inFlight().length)];
    if (operation === undefined) return;
    await this.store.operations.escrow(this.lease, operation.id, { code: 'c', reason: 'r' }, this.at);
    operation.escrowed = true;
  }

  async drop({ a }: Step): Promise<void> {
    const planned = [...this.model.operations.values()].filter((operation) => operation.state === 'planned');
    const operation = planned[a % Math.max(1, planned.length)];
    if (operation === undefined) return;
    await this.store.operations.drop(this.lease, [operation.id], 'dropped', this.at);
    this.model.drop(operation);
  }

  /** A process that was cut off without noticing tries to go on. */
  async stale({ a, b }: Step): Promise<void> {
    const lease = this.staleLeases[a % Math.max(1, this.staleLeases.length)];
    if (lease === undefined) return;
    const head = await this.store.journal.head();
    const operation = [...this.model.operations.keys()][b % Math.max(1, this.model.operations.size)] ?? '';
    const closure: Closure = { operation, outcome: 'applied', effect: 'confirm', evidence: { kind: 'log' } };
    const attempts = [
      () => this.store.operations.close(lease, this.scope, [closure], this.at),
      () => this.store.operations.drop(lease, [operation], 'x', this.at),
      () => beginRun(this.store, lease, `${this.pipeline}-stale`, this.scope),
    ];
    const attempt = attempts[b % attempts.length] ?? attempts[0];
    if (attempt !== undefined) await assert.rejects(attempt, (error) => error instanceof JoineryError && error.code === 'STO-202');
    assert.deepEqual(await this.store.journal.head(), head);
  }

  async restart(): Promise<void> {
    this.staleLeases.push({ ...this.lease, lost: new AbortController().signal });
    await this.lease.release();
    this.lease = await this.store.acquireLease(this.pipeline, 'walk', this.at);
    this.model.restart();
  }

  async confirmed(): Promise<unknown> {
    const entries = await collect(this.store.ledger.streamEntries(this.scope, this.pipeline));
    return entries.filter((entry) => entry.confirmed !== undefined).map((entry) => [entry.externalId, entry.confirmed]);
  }

  async compare(): Promise<void> {
    const entries = await collect(this.store.ledger.streamEntries(this.scope, this.pipeline));
    assert.deepEqual(
      Object.fromEntries(entries.map((entry) => [entry.externalId, modelled(entry)])),
      Object.fromEntries([...this.model.entries].map(([worker, entry]) => [worker, { ...entry, baseline: this.model.baseline(worker) }])),
    );
    // What is said of accounts without their payloads is what the payloads say.
    const told = await this.store.ledger.accountNames(this.scope, this.pipeline, [...workers, 'nobody']);
    assert.deepEqual(
      told,
      new Map(entries.flatMap((entry) => (lastPayload(entry) === undefined ? [] : [[entry.externalId, accountName(entry)]]))),
    );
    assert.deepEqual(
      await this.store.ledger.settled(this.scope, [...workers, 'nobody']),
      new Set(entries.filter(isSettled).map(({ externalId }) => externalId)),
    );
    const known = new Set(entries.flatMap(({ externalId, confirmed }) => (confirmed === undefined ? [] : [externalId])));
    const unsettled = await this.store.ledger.unsettled(this.scope, this.pipeline);
    for (const { externalId, evaluated } of entries) {
      if (evaluated?.missingManager !== undefined && known.has(evaluated.missingManager)) assert.ok(unsettled.includes(externalId));
    }
    const { enabled } = await this.store.ledger.counts(this.scope, this.pipeline);
    assert.equal((await this.store.ledger.standing(this.scope, this.pipeline)).enabled, enabled);
    for (const batch of this.model.batches.values()) {
      const stored = await this.store.operations.batch(batch.id);
      assert.deepEqual([batch.id, stored?.state, stored?.sends], [batch.id, batch.state, batch.sends]);
      const operations = await this.store.operations.ofBatch(batch.id);
      const modelOperations = this.model.ofBatch(batch.id).map((operation) => [operation.id, operation.state, operation.overtakes]);
      assert.deepEqual(
        operations.map((operation) => [operation.id, operation.state, operation.overtakes]),
        modelOperations,
      );
    }
    const open = await this.store.operations.open(this.scope);
    for (const worker of workers) {
      const flying = open.filter((operation) => operation.externalId === worker);
      const overtaking = flying.filter((operation) => operation.overtakes !== undefined);
      assert.ok(flying.length - overtaking.length <= 1 + overtaking.length);
      // Only a disable flies beside a version that may still apply; anything else waits until the service only retries what is older.
      for (const [place, operation] of flying.entries()) {
        const older = flying.slice(0, place).filter((other) => this.model.operations.get(other.id)?.escrowed !== true);
        if (!isDisable(operation.change)) assert.deepEqual(older, []);
      }
    }
  }
}

function isSettled({ desired, sent, confirmed }: LedgerEntry): boolean {
  return (
    confirmed !== undefined &&
    confirmed.erased === undefined &&
    sent === undefined &&
    (desired === undefined || desired.hash === confirmed.hash)
  );
}

function accountName({ desired, sent, confirmed }: LedgerEntry): AccountName {
  const last = sent ?? confirmed;
  const userName = last?.payload['userName'];
  return {
    ...(typeof userName === 'string' ? { userName: foldUserName(userName) } : {}),
    isSettled: desired === undefined || hashJson(desired.payload) === hashJson(last?.payload),
  };
}
