import { createHash } from 'node:crypto';
import type pg from 'pg';
import { JoineryError } from '../domain/error.ts';
import { scrubText } from '../domain/masking.ts';
import type { AskingConnection } from '../domain/own-session.ts';
import type { PipelineLock } from './database.ts';
import { postgresFailure, requireOwnSession } from './postgres-connection.ts';

/**
 * The lock of one pipeline is a session lock on a connection of its own: the server ends it with the session, and the session with the
 * process. The short wait lets a session vanish whose process has just been killed. `other` shows that the session is our own (STO-107).
 */
export async function lockPipelineRow(client: pg.Client, other: AskingConnection, pipeline: string): Promise<PipelineLock | undefined> {
  const lost = new AbortController();
  let releasing = false;
  const onEnd = (error?: Error): void => {
    if (releasing) return;
    const why = error === undefined || error.message === '' ? '' : `: ${scrubText(error.message)}`;
    lost.abort(new JoineryError('STO-202', `The connection that held the lease on ${pipeline} was lost${why}.`));
  };
  client.on('error', onEnd);
  client.on('end', () => onEnd());
  try {
    await client.connect();
    await requireOwnSession(client, other);
    await client.query(`SET lock_timeout = '250ms'`);
    await client.query('SELECT pg_advisory_lock($1::bigint)', [lockKey(pipeline)]);
  } catch (error) {
    releasing = true;
    await client.end().catch(() => undefined);
    const failure = postgresFailure(error);
    if (failure instanceof JoineryError && failure.code === 'STO-203') return undefined;
    throw failure;
  }
  return {
    lost: lost.signal,
    provesEnd: false,
    async release() {
      releasing = true;
      // A pooler that is set to reset nothing would keep the lock with the session.
      await client.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
      await client.end().catch(() => undefined);
    },
  };
}

/** 64 bits of a hash: two pipelines that share a key would only wait for each other. */
function lockKey(pipeline: string): string {
  return createHash('sha256').update(`joinery lease ${pipeline}`).digest().readBigInt64BE(0).toString();
}
