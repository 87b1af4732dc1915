import { compareKeys, type KeyOrder, type Row, type RowGroup } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { GroupChunk } from './groups.ts';

/** A key and the fingerprint of its rows, as they were when they were last accepted. */
export interface KeyFingerprint {
  readonly key: ExternalId;
  readonly fingerprint: string;
}

interface ChangedGroup extends RowGroup {
  /** Undefined: the key was not there before. */
  readonly previous: string | undefined;
}

/** A part of the comparison, in key order across the parts. */
export interface ChangeChunk {
  /** All groups that were read. */
  readonly groups: readonly RowGroup[];
  /** The next `previous`: the groups that were read and, of a partial read, those of `previous` that were not. */
  readonly records: readonly KeyFingerprint[];
  /** Those whose fingerprint differs, and new ones. */
  readonly changed: readonly ChangedGroup[];
  readonly unchanged: number;
  /** Keys of `previous` that are not there any more; none in a partial read. Meaningful only when the read came to its end. */
  readonly vanished: readonly ExternalId[];
  readonly keyless: readonly Row[];
}

/**
 * Merges what the source returns now with what it returned before, both in the same key order, in one pass and flat memory. Keys are compared exactly.
 * `previous` out of order or with a key twice is a defect of the file (its reader refuses it) and not looked for here. `partial`: what was not read
 * is not gone, it stays as it was.
 */
export async function* mergeChanges(
  chunks: AsyncIterable<GroupChunk>,
  previous: AsyncIterable<readonly KeyFingerprint[]>,
  order: KeyOrder,
  partial = false,
): AsyncGenerator<ChangeChunk> {
  const before = new Cursor(previous);
  try {
    for await (const { groups, keyless } of chunks) {
      const changed: ChangedGroup[] = [];
      const vanished: ExternalId[] = [];
      const merged: KeyFingerprint[] = [];
      for (const group of groups) {
        let old = before.current ?? (await before.refill());
        while (old !== undefined && old.key !== group.key && compareKeys(order, old.key, group.key) < 0) {
          if (partial) merged.push(old);
          else vanished.push(old.key);
          old = before.next() ?? (await before.refill());
        }
        const known = old?.key === group.key ? old.fingerprint : undefined;
        if (known !== undefined) before.next();
        if (known !== group.fingerprint) changed.push({ ...group, previous: known });
        if (partial) merged.push(group);
      }
      yield { groups, records: partial ? merged : groups, changed, unchanged: groups.length - changed.length, vanished, keyless };
    }
    for (let rest = before.rest() ?? (await before.refillRest()); rest !== undefined; rest = await before.refillRest()) {
      const vanished = partial ? [] : rest.map(({ key }) => key);
      yield { groups: [], records: partial ? rest : [], changed: [], unchanged: 0, vanished, keyless: [] };
    }
  } finally {
    await before.close();
  }
}

/** Steps through chunks; awaits once a chunk, not once a key. */
class Cursor {
  readonly #iterator: AsyncIterator<readonly KeyFingerprint[]>;
  #chunk: readonly KeyFingerprint[] = [];
  #at = 0;

  constructor(chunks: AsyncIterable<readonly KeyFingerprint[]>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** Undefined: the chunk is used up; `refill`. */
  get current(): KeyFingerprint | undefined {
    return this.#chunk[this.#at];
  }

  next(): KeyFingerprint | undefined {
    this.#at++;
    return this.#chunk[this.#at];
  }

  /** The first of the next chunk that is not empty; undefined: there is none. */
  async refill(): Promise<KeyFingerprint | undefined> {
    while (this.#at >= this.#chunk.length) {
      const result = await this.#iterator.next();
      if (result.done === true) return undefined;
      this.#chunk = result.value;
      this.#at = 0;
    }
    return this.#chunk[this.#at];
  }

  /** What is left of the chunk, taken. */
  rest(): readonly KeyFingerprint[] | undefined {
    const rest = this.#chunk.slice(this.#at);
    this.#at = this.#chunk.length;
    return rest.length === 0 ? undefined : rest;
  }

  async refillRest(): Promise<readonly KeyFingerprint[] | undefined> {
    return (await this.refill()) === undefined ? undefined : this.rest();
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
