import { invariant } from '../domain/error.ts';
import type { Row } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import { mergeChanges, type ChangeChunk, type Comparison } from './changes.ts';
import type { VersionedRead, VersionGround } from './contract.ts';
import { noRecords, type RecordPiece } from './fingerprint-file.ts';
import type { PackedRows } from './packed.ts';

/** What a comparison of versions found. */
export interface VersionChanges {
  /** Rows whose version was looked at. */
  readonly rows: number;
  /** Undefined: more moved than is held in memory, and to read everything is cheaper then, too. */
  readonly moved?: MovedRows;
}

export interface MovedRows {
  /** Of the workers whose versions are others, and of those that were asked for, in key order: where their rows are to be found. */
  readonly places: readonly string[];
  readonly rows: number;
  readonly vanished: readonly ExternalId[];
  readonly keyless: readonly Row[];
}

/** Places, vanished keys and rows without a key that are held; some 100 bytes each. */
export const mostMoved = 50_000;
/** Places in one statement: it takes the server a few milliseconds. */
const placesTogether = 1_000;

const half = 2n ** 31n;

/** Why versions that were read on the ground of `before` say nothing now; undefined: they do. */
export function movedGroundOf(before: VersionGround, now: VersionGround): string | undefined {
  if (before.identity !== now.identity) return 'the server was started anew, or the table or a type of its columns is another';
  const begun = BigInt(now.transaction) - BigInt(before.transaction);
  if (begun < 0n) return 'the server has lost transactions';
  return begun >= half ? 'the server has begun so many transactions that their numbers come again' : undefined;
}

/** The versions of all rows, for the next run. Errors: as of `mergeChanges`. */
export async function keepVersions(
  read: Pick<VersionedRead, 'versions'>,
  { order }: Pick<Comparison, 'order'>,
  keep: (piece: RecordPiece) => Promise<void>,
): Promise<void> {
  for await (const { records } of mergeChanges(read.versions(), noRecords(), { order, recordsOnly: true }))
    for (const piece of records) await keep(piece);
}

/** Compares the versions of all rows with the ones before, like fingerprints: key by key, in one pass. `keep` is given the next `previous`. Errors: as of `mergeChanges`. */
export async function compareVersions(
  read: Pick<VersionedRead, 'versions' | 'placeOf'>,
  previous: AsyncIterable<Uint8Array>,
  comparison: Pick<Comparison, 'order' | 'asked'>,
  keep: (piece: RecordPiece) => Promise<void>,
  most = mostMoved,
): Promise<VersionChanges> {
  const places: string[] = [];
  const vanished: ExternalId[] = [];
  const keyless: Row[] = [];
  let moved = 0;
  let rows = 0;
  let isHeld = true;
  for await (const chunk of mergeChanges(read.versions(), previous, comparison)) {
    rows += chunk.rows;
    for (const piece of chunk.records) await keep(piece);
    isHeld &&= places.length + vanished.length + keyless.length + chunk.groups.length + chunk.vanished.length <= most;
    if (!isHeld) {
      for (const list of [places, vanished, keyless]) list.length = 0;
      continue;
    }
    for (const group of chunk.groups) {
      moved += group.rows.length;
      // Joined to several others, a row is there several times.
      places.push(...new Set(group.rows.map((row) => read.placeOf(row))));
    }
    vanished.push(...chunk.vanished);
    keyless.push(...chunk.keyless);
  }
  return isHeld ? { rows, moved: { places, rows: moved, vanished, keyless } } : { rows };
}

/** The rows that moved, compared with the fingerprints of all: who was written anew as he was is none of the groups. */
export async function* mergeMoved(
  read: Pick<VersionedRead, 'at'>,
  { rows, moved }: { readonly rows: number; readonly moved: MovedRows },
  fingerprints: AsyncIterable<Uint8Array>,
  comparison: Pick<Comparison, 'order' | 'asked'>,
): AsyncGenerator<ChangeChunk> {
  const { vanished, keyless } = moved;
  yield { records: [], rows, groups: [], vanished, keyless };
  for await (const chunk of mergeChanges(rowsAt(read, moved), fingerprints, { ...comparison, partial: true, gone: vanished }))
    yield { ...chunk, rows: 0 };
}

async function* rowsAt(read: Pick<VersionedRead, 'at'>, { places, rows }: MovedRows): AsyncGenerator<PackedRows> {
  let found = 0;
  for (let at = 0; at < places.length; at += placesTogether) {
    for await (const block of read.at(places.slice(at, at + placesTogether))) {
      found += block.ends.length;
      yield block;
    }
  }
  // One moment: a row cannot have gone since its version was read. Were one missing, it would count as unchanged.
  invariant(found === rows, `${String(rows)} rows were looked for by their places, ${String(found)} were found`);
}
