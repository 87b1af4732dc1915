import { randomBytes, randomUUID } from 'node:crypto';
import type { Instant } from '../domain/clock.ts';
import type { StoreIdentity } from './contract.ts';
import { insertOne, type Database, type Reader } from './database.ts';
import { appendLine } from './journal-lines.ts';
import { textOf } from './row.ts';

/** Reads who this store is; made once, with the store, from the system's randomness. */
export async function ensureIdentity(database: Database, at: Instant): Promise<StoreIdentity> {
  const known = await readIdentity(database);
  if (known !== undefined) return known;
  return database.write(async (transaction) => {
    // Somebody else may have been first.
    const theirs = await readIdentity(transaction);
    if (theirs !== undefined) return theirs;
    const made: StoreIdentity = {
      id: randomUUID(),
      fingerprintSeed: randomBytes(8).readBigUInt64BE(0),
      hashKey: new Uint8Array(randomBytes(32)),
    };
    const values = {
      id: made.id,
      fingerprintSeed: made.fingerprintSeed.toString(),
      hashKey: Buffer.from(made.hashKey).toString('hex'),
    };
    for (const [name, value] of Object.entries(values)) await transaction.run(insertOne('meta', { name, value }));
    await appendLine(transaction, 'store.created', { store: made.id }, at);
    return made;
  });
}

/** undefined when the store has none yet. */
export async function readIdentity(reader: Reader): Promise<StoreIdentity | undefined> {
  const rows = await reader.all({ sql: `SELECT name, value FROM meta WHERE name IN ('id', 'fingerprintSeed', 'hashKey')`, bindings: [] });
  const values = new Map(rows.map((row) => [textOf(row, 'name'), textOf(row, 'value')]));
  const [id, seed, key] = [values.get('id'), values.get('fingerprintSeed'), values.get('hashKey')];
  if (id === undefined || seed === undefined || key === undefined) return undefined;
  return { id, fingerprintSeed: BigInt(seed), hashKey: new Uint8Array(Buffer.from(key, 'hex')) };
}
