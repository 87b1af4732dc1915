import { createHash } from 'node:crypto';
import type pg from 'pg';
import { JoineryError } from '../domain/error.ts';
import type { PipelineLock } from './database.ts';
import { postgresFailure } from './postgres-connection.ts';

/**
 * The lock of one pipeline is a session lock on a connection of its own: the server ends it with the session, and the session with the
 * process. The short wait lets a session vanish whose process has just been killed.
 */
export async function lockPipelineRow(driver: typeof pg, config: pg.ClientConfig, pipeline: string): Promise<PipelineLock | undefined> {
  const client = new driver.Client(config);
  const lost = new AbortController();
  let releasing = false;
  const onEnd = (): void => {
    if (!releasing) lost.abort(new JoineryError('STO-202', `The connection that held the lease on ${pipeline} was lost.`));
  };
  client.on('error', onEnd);
  client.on('end', onEnd);
  try {
    await client.connect();
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
      await client.end().catch(() => undefined);
    },
  };
}

/** 64 bits of a hash: two pipelines that share a key would only wait for each other. */
function lockKey(pipeline: string): string {
  return createHash('sha256').update(`joinery lease ${pipeline}`).digest().readBigInt64BE(0).toString();
}
