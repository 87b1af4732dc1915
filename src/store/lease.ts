import type { Instant } from '../domain/clock.ts';
import { formatInstant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { PipelineName } from '../domain/words.ts';
import type { Lease } from './contract.ts';
import type { Database, Transaction } from './database.ts';
import { appendLine } from './journal-lines.ts';
import { settleBatches } from './operation-row.ts';
import { integerOf, textOf } from './row.ts';
import { markSent } from './sent-marks.ts';
import type { PassOptions } from './turnstile.ts';

/** Leases of this process, so that closing the store gives them back. */
export class Leases {
  readonly #database: Database;
  readonly #held = new Set<Lease>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Errors: STO-201 with the name of the holder. */
  async acquire(pipeline: PipelineName, holder: string, at: Instant): Promise<Lease> {
    const database = this.#database;
    const lock = await database.tryLock(pipeline);
    if (lock === undefined) throw await lockedError(database, pipeline);
    try {
      const epoch = await database.write(async (transaction) => {
        const raised = await raiseEpoch(transaction, pipeline, holder, at);
        await appendLine(transaction, 'lease.acquired', { pipeline, epoch: raised }, at);
        await settleInterrupted(transaction, pipeline, lock.provesEnd, at);
        return raised;
      });
      const released = new AbortController();
      const lease: Lease = {
        pipeline,
        epoch,
        lost: AbortSignal.any([lock.lost, released.signal]),
        release: async () => {
          if (!this.#held.delete(lease)) return;
          released.abort(new JoineryError('STO-202', `The lease on ${pipeline} was given back.`));
          await lock.release();
        },
      };
      this.#held.add(lease);
      return lease;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held].map((lease) => lease.release()));
  }
}

/** First statement of every verb that needs the lease. Errors: STO-202. */
export async function checkLease(transaction: Transaction, lease: Lease): Promise<void> {
  const row = await transaction.first({ sql: 'SELECT epoch FROM leases WHERE pipeline = ?', bindings: [lease.pipeline] });
  if (!lease.lost.aborted && row !== undefined && integerOf(row, 'epoch') === lease.epoch) return;
  throw new JoineryError('STO-202', `The lease on ${lease.pipeline} (epoch ${String(lease.epoch)}) is no longer held by this process.`);
}

/** A transaction of the holder of the lease. */
export function writeUnder<T>(
  database: Database,
  lease: Lease,
  work: (transaction: Transaction) => Promise<T>,
  options?: PassOptions,
): Promise<T> {
  return database.write(async (transaction) => {
    await checkLease(transaction, lease);
    return work(transaction);
  }, options);
}

async function raiseEpoch(transaction: Transaction, pipeline: PipelineName, holder: string, at: Instant): Promise<number> {
  const rows = await transaction.all({
    sql: `INSERT INTO leases (pipeline, epoch, holder, acquired_at) VALUES (?, 1, ?, ?)
          ON CONFLICT (pipeline) DO UPDATE SET epoch = leases.epoch + 1, holder = excluded.holder, acquired_at = excluded.acquired_at
          RETURNING epoch`,
    bindings: [pipeline, holder, at],
  });
  const row = rows[0];
  if (row === undefined) throw new JoineryError('DOM-001', 'The epoch was not raised.');
  return integerOf(row, 'epoch');
}

/**
 * Whoever held the lease before can no longer tell how its calls ended: a batch that was being sent may have arrived (`unknown`). Where
 * the lock proves that its process has ended, its calls count as answered now, which is later than they can have reached the service;
 * otherwise they keep their places in the window for as long as a request may last.
 */
async function settleInterrupted(transaction: Transaction, pipeline: PipelineName, ended: boolean, at: Instant): Promise<void> {
  if (ended) {
    await transaction.run({
      sql: `UPDATE calls SET answered_at = CASE WHEN reserved_at > ? THEN reserved_at ELSE ? END WHERE pipeline = ? AND answered_at IS NULL`,
      bindings: [at, at, pipeline],
    });
  }
  const batches = await transaction.all({
    sql: `UPDATE batches SET state = 'unknown', detail = 'the process ended while the batch was being sent'
          WHERE state = 'sending' AND run IN (SELECT id FROM runs WHERE pipeline = ?) RETURNING id`,
    bindings: [pipeline],
  });
  for (const row of batches) {
    const batch = textOf(row, 'id');
    await transaction.run({ sql: `UPDATE operations SET state = 'unknown' WHERE batch = ? AND state = 'sending'`, bindings: [batch] });
    await markSent(transaction, pipeline, batch);
    // A log row may have closed its operations before the answer to the call came.
    await settleBatches(transaction, [batch]);
    await appendLine(transaction, 'batch.interrupted', { batch }, at);
  }
}

async function lockedError(database: Database, pipeline: PipelineName): Promise<JoineryError> {
  const row = await database.first({ sql: 'SELECT holder, acquired_at FROM leases WHERE pipeline = ?', bindings: [pipeline] });
  const whose = row === undefined ? 'another process' : `${textOf(row, 'holder')} since ${formatInstant(integerOf(row, 'acquired_at'))}`;
  return new JoineryError('STO-201', `The pipeline ${pipeline} is being executed by ${whose}.`);
}
