import { systemClock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { FailedStatement } from './postgres-errors.ts';
import { findWritingNode } from './postgres-plan.ts';
import type { CopyOut } from './postgres-copy-out.ts';
import type { CancelWay, PostgresPool, PostgresSession } from './postgres-session.ts';
import type { Statement } from './statement.ts';
import type { StatementLimit } from './statement-limit.ts';

export const copyStart = 'COPY (';
const explainStart = 'EXPLAIN (FORMAT JSON) ';
/** How long the server may take to answer what it has to answer at once; ms. */
const silenceAllowed = 15_000;
const cancelledEvery = 1_000;

/** One transaction of ours, from its begin to the connection's return to the pool, cancelled when the caller says so or leaves early. */
export class Reading {
  readonly session: PostgresSession;
  readonly #pool: PostgresPool;
  readonly #signal: AbortSignal | undefined;
  readonly #explain: (error: unknown, failed: FailedStatement) => JoineryError;
  readonly #onAbort = (): void => this.#abort();
  #copy: CopyOut | undefined;
  /** What was sent last, as far as a person wrote it. */
  #statement: Statement | undefined;
  /** Characters before the statement's text in what was sent last. */
  #shift = 0;
  #isBroken = false;
  #cancelling: Promise<void> | undefined;
  #atLimit: JoineryError | undefined;
  readonly #over = new AbortController();

  constructor(
    pool: PostgresPool,
    session: PostgresSession,
    signal: AbortSignal | undefined,
    explain: (error: unknown, failed: FailedStatement) => JoineryError,
  ) {
    this.session = session;
    this.#pool = pool;
    this.#signal = signal;
    this.#explain = explain;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  about(statement: Statement): void {
    this.#statement = statement;
  }

  /**
   * Planning the statement, as EXPLAIN does, checks the account's rights, and shows what a read-only transaction would refuse only when the statement runs, whatever view or function it is in; nothing
   * is run.
   */
  async plan(sql: string): Promise<void> {
    this.#shift = explainStart.length;
    const { rows } = await this.session.connection.query(`${explainStart}${sql}`);
    this.#shift = 0;
    const writing = findWritingNode(rows);
    if (writing !== undefined) {
      const place = this.#statement?.placeOf(0);
      throw new JoineryError('SRC-209', `PostgreSQL would ${writing} for this statement`, place === undefined ? {} : { place });
    }
  }

  /** One statement's rows; the ones before are read to their end. `limit`: of all statements of this read. */
  start(copy: CopyOut, limit: StatementLimit): void {
    this.#signal?.throwIfAborted();
    const isFirst = this.#copy === undefined;
    this.#copy = copy;
    this.#shift = copyStart.length;
    this.session.connection.query(copy);
    if (isFirst) void this.#watch(limit);
  }

  /** The read ends at the limit; `explain` has the statement ended on the server. */
  async #watch(limit: StatementLimit): Promise<void> {
    try {
      await limit.reached(this.#over.signal);
    } catch {
      return;
    }
    this.#atLimit = new JoineryError('SRC-207', `PostgreSQL: the statement kept us waiting for more than ${String(limit.limit)} ms`);
    this.#copy?.fail(this.#atLimit);
  }

  /** What to throw: the signal's own reason when it was the caller who ended the read. */
  async explain(error: unknown): Promise<unknown> {
    if (this.#signal?.aborted === true) return this.#signal.reason;
    if (error === this.#atLimit && this.#copy !== undefined) {
      // A network that swallows packets reports nothing: a server that does not even answer to this is gone.
      await this.#stop(this.#copy);
      return this.#isBroken ? new JoineryError('SRC-102', 'PostgreSQL did not answer beyond the limit of the statement') : error;
    }
    const explained = this.#explain(error, { statement: this.#statement, shift: this.#shift });
    this.#isBroken ||= explained.code === 'SRC-102';
    return explained;
  }

  async end(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const { connection } = this.session;
    // A cancel that is still on its way ends whatever the connection does when it arrives: the next read of the pool, if this one did not wait.
    await this.#cancelling;
    if (this.#copy !== undefined && !this.#isBroken) await this.#stop(this.#copy);
    if (!this.#isBroken) {
      // A query may have locked something for its session (pg_advisory_lock), which a rollback leaves as it is. In one message: a pooler may give the next one to another session.
      await connection.query('rollback; select pg_catalog.pg_advisory_unlock_all()').catch(() => {
        this.#isBroken = true;
      });
    }
    this.#over.abort(new Error('over'));
    this.#pool.release(connection, this.#isBroken);
  }

  /**
   * Ends a copy that still runs, on the server; a server that cannot be told loses the connection. Told again until it has ended, in the one way and in the other: a cancel that comes before its session has
   * begun with the statement finds it idle and is lost.
   */
  async #stop(copy: CopyOut): Promise<void> {
    copy.discard();
    for (let told = 0; !copy.isDone && !this.#isBroken; told++) {
      if (told * cancelledEvery >= silenceAllowed) {
        this.#isBroken = true;
        return;
      }
      await this.#tell(told % 2 === 0 ? 'request' : 'statement', cancelledEvery, copy.finished);
    }
  }

  /** Until the server was told and `ended` is settled, or for so long; ms. */
  async #tell(way: CancelWay, atMost: number, ended?: Promise<void>): Promise<void> {
    const over = new AbortController();
    const other = way === 'request' ? 'statement' : 'request';
    const telling = this.#pool
      .cancel(this.session, way, over.signal)
      .catch((error: unknown) => {
        if (over.signal.aborted) throw error;
        return this.#pool.cancel(this.session, other, over.signal);
      })
      .catch(() => {
        if (!over.signal.aborted || ended === undefined) this.#isBroken = true;
      });
    const inTime = systemClock.sleep(atMost, over.signal).catch(() => undefined);
    await Promise.race([Promise.all([telling, this.#isBroken ? undefined : ended]), inTime]);
    over.abort(new Error('over'));
    await telling;
  }

  #abort(): void {
    this.#copy?.fail(this.#signal?.reason);
    // A statement before the copy may wait for a lock; `end` cancels a copy.
    if (this.#copy === undefined) this.#cancelling = this.#tell('request', silenceAllowed);
  }
}
