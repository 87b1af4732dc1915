import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { arrivedManagers } from './arrived-managers.ts';
import { counting } from './counting.ts';
import { insertOne, type Database, type Reader, type Statement } from './database.ts';
import { enabledCounts } from './enabled-counts.ts';
import { foundation } from './foundation.ts';
import { auditSchema } from './audit-schema.ts';
import { erasureSchema } from './erasure-schema.ts';
import { names } from './names.ts';
import { people } from './people.ts';
import { guarding } from './guarding.ts';
import { keyIndex } from './key-index.ts';
import { noticing } from './noticing.ts';
import { scale } from './scale.ts';
import { settling } from './settling.ts';
import { standing } from './standing.ts';
import { integerOf } from './row.ts';

/** One step of the schema, for both engines. Never changed once released: a later one corrects it. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  statements(types: ColumnTypes): readonly string[];
}

/** The few words of SQL in which the engines differ. */
export interface ColumnTypes {
  readonly kind: Database['kind'];
  /** Compares by bytes, so that order and ranges are the same everywhere. */
  readonly text: string;
  readonly bytes: string;
  /** A member of a JSON text as text; NULL where there is none. */
  readonly member: (column: string, name: string) => string;
}

export const migrations: readonly Migration[] = [
  foundation,
  standing,
  people,
  erasureSchema,
  names,
  auditSchema,
  guarding,
  noticing,
  scale,
  counting,
  settling,
  enabledCounts,
  arrivedManagers,
  keyIndex,
];

const columnTypes: Readonly<Record<Database['kind'], ColumnTypes>> = {
  sqlite: { kind: 'sqlite', text: 'text', bytes: 'blob', member: (column, name) => `${column} ->> '$.${name}'` },
  postgres: {
    kind: 'postgres',
    text: 'text COLLATE "C"',
    bytes: 'bytea',
    member: (column, name) => `CAST(${column} AS json) ->> '${name}'`,
  },
};

const tableQuery: Readonly<Record<Database['kind'], Statement>> = {
  sqlite: { sql: `SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'migrations'`, bindings: [] },
  postgres: { sql: `SELECT 1 AS found WHERE to_regclass('migrations') IS NOT NULL`, bindings: [] },
};

/**
 * Brings the schema up to the newest version, forward only, all steps in one transaction that other processes wait for. Answers the
 * versions applied. Errors: STO-103 when the store is newer than this program.
 */
export async function migrate(database: Database, at: Instant, steps: readonly Migration[] = migrations): Promise<readonly number[]> {
  // Asked outside of the lock first: an opening process must not wait for a long accept when there is nothing to do.
  if ((await versionOf(database, steps)) === newestOf(steps)) return [];
  return database.write(async (transaction) => {
    await transaction.run({
      sql: `CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, name text NOT NULL, applied_at bigint NOT NULL)`,
      bindings: [],
    });
    const version = await versionOf(transaction, steps);
    const due = steps.filter((step) => step.version > version);
    for (const step of due) {
      for (const sql of step.statements(columnTypes[database.kind])) await transaction.run({ sql, bindings: [] });
      await transaction.run(insertOne('migrations', { version: step.version, name: step.name, applied_at: at }));
    }
    return due.map((step) => step.version);
  });
}

/** The version of the schema; 0 when there is none. Errors: STO-103. */
export async function versionOf(reader: Reader, steps: readonly Migration[] = migrations): Promise<number> {
  if ((await reader.first(tableQuery[reader.kind])) === undefined) return 0;
  const row = await reader.first({ sql: 'SELECT COALESCE(MAX(version), 0) AS version FROM migrations', bindings: [] });
  const version = row === undefined ? 0 : integerOf(row, 'version');
  if (version > newestOf(steps)) {
    throw new JoineryError(
      'STO-103',
      `The state has version ${String(version)}; this program knows versions up to ${String(newestOf(steps))}.`,
    );
  }
  return version;
}

export function newestOf(steps: readonly Migration[]): number {
  return steps.at(-1)?.version ?? 0;
}
