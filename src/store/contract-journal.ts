import type { Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { Sha256 } from '../domain/words.ts';

export interface JournalLine {
  readonly sequence: number;
  readonly at: Instant;
  readonly kind: string;
  /** Ids, counts and keyed hashes only; never a worker's id or value. */
  readonly data: Readonly<Record<string, Json>>;
  readonly previous: Sha256;
  readonly hash: Sha256;
}

export interface Journal {
  /** For acts that change no other state: approvals, releases, reveals. */
  record(kind: string, data: Readonly<Record<string, Json>>, at: Instant): Promise<JournalLine>;
  /** In order, in chunks. */
  stream(from?: number): AsyncIterable<readonly JournalLine[]>;
  last(): Promise<JournalLine | undefined>;
  /** The last line as the store notes it apart from the lines, so that a journal whose end was cut off is found out. */
  head(): Promise<JournalHead | undefined>;
}

export interface JournalHead {
  readonly sequence: number;
  readonly hash: Sha256;
}
