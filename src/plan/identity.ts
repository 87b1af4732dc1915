import { canonicalJson, keyedHash, type Json } from '../domain/canonical-json.ts';
import type { RowGroup } from '../domain/row.ts';

/**
 * Who a worker is, whatever his key: a keyed hash over the columns that `source.identity` names, so that two keys of one person can be found and nothing can be read
 * out of the state. Text is compared without case, outer blanks and differences of Unicode form. undefined: no columns, an empty value, or rows of the key that disagree:
 * who is not certain is compared with nobody.
 */
export function identityOf(group: RowGroup, columns: readonly string[], hashKey: Uint8Array): string | undefined {
  if (columns.length === 0) return undefined;
  let found: string | undefined;
  for (const { values } of group.rows) {
    const parts: Json[] = [];
    for (const column of columns) {
      const part = partOf(values[column]);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    const text = canonicalJson(parts);
    if (found !== undefined && found !== text) return undefined;
    found = text;
  }
  // The hashes of ids in the journal are made with the same key.
  return found === undefined ? undefined : keyedHash(hashKey, `identity ${found}`);
}

function partOf(value: Json | undefined): Json | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'string') return value;
  const text = value.normalize('NFC').trim().toLowerCase();
  return text === '' ? undefined : text;
}
