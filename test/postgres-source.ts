import { Client } from 'pg';
import { systemClock, type Clock } from '../src/domain/clock.ts';
import { Secret } from '../src/domain/masking.ts';
import type { Row } from '../src/domain/row.ts';
import type { PostgresSource } from '../src/pipeline/pipeline.ts';
import type { Source } from '../src/source/contract.ts';
import { openSource } from '../src/source/open-source.ts';
import { freshDatabase } from './database.ts';

/** A database of its own with somebody who may do everything there, and sources over it. */
export interface PostgresBench {
  readonly url: string;
  readonly admin: Client;
  /** Closed by `closeSources`. */
  readonly open: (over: Partial<PostgresSource>, lockTimeout?: number, clock?: Clock) => Promise<Source>;
  /** Sessions of the sources, but for the admin's. */
  readonly sessions: (state?: string) => Promise<number>;
  readonly closeSources: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openPostgresBench(name: string): Promise<PostgresBench> {
  const url = await freshDatabase(name);
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const opened: Source[] = [];
  return {
    url,
    admin,
    async open(over, lockTimeout = 200, clock = systemClock) {
      const connection = new Secret('HR_DATABASE_URL', url);
      const source = await openSource(
        { type: 'postgres', connection, key: 'id', statementTimeout: 60_000, ...over },
        { lockTimeout, clock },
      );
      opened.push(source);
      return source;
    },
    async sessions(state = '%') {
      const { rows } = await admin.query(
        "select count(*)::int as count from pg_stat_activity where application_name = 'joinery' and datname = current_database() and state like $1",
        [state],
      );
      return rows[0].count;
    },
    async closeSources() {
      await Promise.all(opened.splice(0).map((source) => source.close()));
    },
    close: () => admin.end(),
  };
}

export const query = (sql: string): Partial<PostgresSource> => ({ query: { sql, file: 'workers.sql', firstLine: 1 } });

export async function readAll(source: Source, seed = 1n, chunk = 1000, signal?: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of source.read({ seed, chunk, ...(signal === undefined ? {} : { signal }) })) rows.push(...part);
  return rows;
}

/** Runs `act` for each chunk until it says that it has enough. */
export async function eachChunk(source: Source, chunk: number, act: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
  const chunks = source.read({ seed: 1n, chunk, ...(signal === undefined ? {} : { signal }) })[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true) {
    if (await act()) await chunks.return?.();
  }
}
