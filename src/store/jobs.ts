import type { JobScope } from '../domain/words.ts';
import type { Reader, Transaction } from './database.ts';
import { integerOf } from './row.ts';

/** The number under which the tables know a job; undefined when nothing was ever written about it. Numbers never change, so it is asked for once. */
export async function findJob(reader: Reader, scope: JobScope): Promise<number | undefined> {
  const name = `${scope.tenant}\n${scope.job}`;
  const known = reader.jobs.get(name);
  if (known !== undefined) return known;
  const row = await reader.first({ sql: 'SELECT id FROM jobs WHERE tenant = ? AND job = ?', bindings: [scope.tenant, scope.job] });
  if (row === undefined) return undefined;
  const id = integerOf(row, 'id');
  // What a transaction sees may be its own, and may never be committed.
  if (reader.sees === 'committed') reader.jobs.set(name, id);
  return id;
}

/** The same, made where there is none. Writers take turns, so the next number is free. */
export async function ensureJob(transaction: Transaction, scope: JobScope): Promise<number> {
  const known = await findJob(transaction, scope);
  if (known !== undefined) return known;
  const row = await transaction.first({ sql: 'SELECT COALESCE(MAX(id), 0) + 1 AS id FROM jobs', bindings: [] });
  const id = row === undefined ? 1 : integerOf(row, 'id');
  await transaction.run({ sql: 'INSERT INTO jobs (id, tenant, job) VALUES (?, ?, ?)', bindings: [id, scope.tenant, scope.job] });
  return id;
}
