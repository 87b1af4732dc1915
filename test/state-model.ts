import { hashJson } from '../src/domain/canonical-json.ts';
import { baselineKey, baselineOf, type LedgerEntry } from '../src/domain/ledger.ts';
import type { Payload } from '../src/domain/payload.ts';
import { isDisable, type SentChangeKind } from '../src/domain/words.ts';
import type { Closure, FinishSending } from '../src/store/contract.ts';

/** What the ledger must say of one worker, by hashes; written from the contract and not from the store's SQL. */
export interface ModelEntry {
  desired?: string;
  sent?: string;
  confirmed?: string;
  unknown: boolean;
  ever: boolean;
  failed?: string;
}

export interface ModelOperation {
  readonly id: string;
  readonly worker: string;
  readonly batch: string;
  readonly payload: Payload;
  readonly hash: string;
  readonly change: SentChangeKind;
  state: string;
  sentAt?: number;
  overtakes?: string;
  escrowed?: true;
}

export interface ModelBatch {
  readonly id: string;
  state: string;
  sends: number;
  call?: string;
}

/** The ledger's laws as a few maps: what the random walk compares the store with after every step. */
export class LedgerModel {
  readonly entries = new Map<string, ModelEntry>();
  readonly operations = new Map<string, ModelOperation>();
  readonly batches = new Map<string, ModelBatch>();

  inFlight(worker?: string): ModelOperation[] {
    return [...this.operations.values()].filter(
      (operation) => ['sending', 'sent', 'unknown'].includes(operation.state) && (worker === undefined || operation.worker === worker),
    );
  }

  ofBatch(batch: string): ModelOperation[] {
    return [...this.operations.values()].filter((operation) => operation.batch === batch);
  }

  baseline(worker: string): string {
    const entry = this.entries.get(worker);
    const sent = entry?.sent === undefined ? undefined : this.operations.get(entry.sent)?.hash;
    if (sent !== undefined) return `sent:${sent}`;
    if (entry?.unknown === true) return 'unknown';
    return entry?.confirmed === undefined ? 'none' : `confirmed:${entry.confirmed}`;
  }

  /** Answers whether the worker was dropped. */
  accept(operation: ModelOperation, baseline: string): boolean {
    if (baseline !== this.baseline(operation.worker)) {
      this.operations.set(operation.id, { ...operation, state: 'dropped' });
      return true;
    }
    const entry = this.entries.get(operation.worker) ?? { unknown: false, ever: false };
    this.entries.set(operation.worker, { ...entry, desired: operation.hash });
    this.operations.set(operation.id, operation);
    return false;
  }

  /** Workers that block; the batch is sending when there are none. */
  begin(batch: ModelBatch, replay: boolean, at: number): string[] {
    const sending = this.ofBatch(batch.id).filter((operation) => operation.state === (replay ? 'unknown' : 'planned'));
    const others = (operation: ModelOperation): ModelOperation[] =>
      this.inFlight(operation.worker).filter((other) => other.batch !== batch.id);
    const blocked = sending.filter(
      (operation) => !isDisable(operation.change) && others(operation).some((other) => replay || other.escrowed !== true),
    );
    if (blocked.length > 0) return blocked.map((operation) => operation.worker);
    batch.state = 'sending';
    batch.sends++;
    for (const operation of sending) {
      const entry = this.entries.get(operation.worker);
      const newest = others(operation).toSorted((a, b) => this.#rank(a) - this.#rank(b));
      operation.state = 'sending';
      if (replay || entry === undefined) continue;
      operation.sentAt = at;
      const overtaken = newest.at(-1)?.id;
      if (overtaken !== undefined) operation.overtakes = overtaken;
      entry.sent = operation.id;
    }
    return [];
  }

  #rank(operation: ModelOperation): number {
    return (this.entries.get(operation.worker)?.sent === operation.id ? 1e12 : 0) + (operation.sentAt ?? 0);
  }

  finish(batch: ModelBatch, answer: FinishSending['kind']): void {
    const replayed = batch.sends > 1;
    const first = { accepted: 'sent', unknown: 'unknown', refused: 'refused', notSent: 'planned' }[answer];
    const state = answer === 'accepted' ? 'sent' : replayed ? 'unknown' : first;
    if (answer === 'notSent') batch.sends--;
    for (const operation of this.ofBatch(batch.id)) {
      if (operation.state !== 'sending') continue;
      operation.state = state;
      const entry = this.entries.get(operation.worker);
      if (entry === undefined || (state !== 'planned' && state !== 'refused')) continue;
      if (entry.sent === operation.id)
        this.#setSent(entry, this.inFlight(operation.worker).find((one) => one.id === operation.overtakes)?.id);
      if (state !== 'planned') continue;
      delete operation.overtakes;
      delete operation.sentAt;
    }
    batch.state = state;
    delete batch.call;
    this.#settle(batch);
  }

  close(operation: ModelOperation, effect: Closure['effect']): void {
    const entry = this.entries.get(operation.worker);
    if (entry === undefined || operation.state === 'closed') return;
    operation.state = 'closed';
    if (effect === 'confirm') {
      entry.confirmed = operation.hash;
      entry.unknown = false;
      entry.ever ||= operation.payload.active;
      delete entry.failed;
    }
    if (effect === 'fail') entry.failed = operation.hash;
    if (effect === 'forget') entry.unknown = true;
    if (entry.sent === operation.id) this.#setSent(entry, undefined);
    const batch = this.batches.get(operation.batch);
    if (batch !== undefined && batch.state !== 'sending') this.#settle(batch);
  }

  drop(operation: ModelOperation): void {
    operation.state = 'dropped';
    const batch = this.batches.get(operation.batch);
    if (batch !== undefined && !this.ofBatch(batch.id).some((one) => one.state === 'planned')) batch.state = 'dropped';
  }

  restart(): void {
    for (const batch of this.batches.values()) {
      if (batch.state !== 'sending') continue;
      batch.state = 'unknown';
      delete batch.call;
      for (const operation of this.ofBatch(batch.id)) if (operation.state === 'sending') operation.state = 'unknown';
      this.#settle(batch);
    }
  }

  #settle(batch: ModelBatch): void {
    const open = this.ofBatch(batch.id).some((one) => ['planned', 'sending', 'sent', 'unknown'].includes(one.state));
    if (!open && batch.state !== 'refused') batch.state = 'closed';
  }

  #setSent(entry: ModelEntry, sent: string | undefined): void {
    if (sent === undefined) delete entry.sent;
    else entry.sent = sent;
  }
}

/** An entry of the store in the model's terms. */
export function modelled(entry: LedgerEntry): ModelEntry & { baseline: string } {
  return {
    ...(entry.desired === undefined ? {} : { desired: hashJson(entry.desired.payload) }),
    ...(entry.sent === undefined ? {} : { sent: entry.sent.operation }),
    ...(entry.confirmed === undefined ? {} : { confirmed: hashJson(entry.confirmed.payload) }),
    unknown: entry.baselineUnknown,
    ever: entry.everEnabled,
    ...(entry.failed === undefined ? {} : { failed: entry.failed.hash }),
    baseline: baselineKey(baselineOf(entry)),
  };
}
