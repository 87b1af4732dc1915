import type { Run } from '../domain/run.ts';
import { mergeChanges, type ChangeChunk, type Comparison } from '../source/changes.ts';
import type { ReadRequest, RowVersions, VersionedRead } from '../source/contract.ts';
import { writeFingerprints, type FingerprintHeader, type RecordPiece } from '../source/fingerprint-file.ts';
import { compareVersions, keepVersions, mergeMoved, mostMoved, movedGroundOf } from '../source/version-changes.ts';
import { versionFile, type VersionPosition } from '../store/run-files.ts';
import { Channel } from './channel.ts';
import type { StageContext } from './context.ts';
import type { PreviousPass, PreviousVersions } from './previous-pass.ts';

export interface VersionedPass {
  readonly chunks: AsyncIterable<ChangeChunk>;
  /** Undefined: versions say nothing of this source now. */
  readonly position: VersionPosition | undefined;
  close(): Promise<void>;
}

/**
 * A pass over a source that tells versions of its rows: of every row key and version are read, and then, at the same moment, the rows whose version is another, or all of them where that would not be
 * safe or not be cheaper; `source.read` tells which, and why. The versions are left in the run beside the fingerprints; both count once it is accepted.
 */
export async function openVersionedPass(
  context: StageContext,
  run: Run,
  source: RowVersions,
  previous: PreviousPass,
  request: Pick<ReadRequest, 'asOf' | 'seed' | 'signal'>,
  comparison: Comparison,
): Promise<VersionedPass> {
  const before = previous.versions ?? { because: 'nothing was read before' };
  const read = await source.open(request);
  try {
    return await beginPass(context, run, read, before, previous.fingerprints, comparison);
  } catch (error) {
    await read.close();
    throw error;
  }
}

async function beginPass(
  context: StageContext,
  run: Run,
  read: VersionedRead,
  before: PreviousVersions,
  fingerprints: AsyncIterable<Uint8Array>,
  comparison: Comparison,
): Promise<VersionedPass> {
  const { ground } = read;
  const readWhole = (because: string): AsyncIterable<ChangeChunk> => {
    context.emit({ type: 'source.read', because });
    return mergeChanges(read.all(), fingerprints, comparison);
  };
  const close = (): Promise<void> => read.close();
  if ('because' in ground) return { chunks: readWhole(ground.because), position: undefined, close };
  const because = before.because ?? movedGroundOf(before.position, ground);
  const header = { run: run.id, order: comparison.order, mapping: context.mapping.id };
  const position = { ...ground, fullPassAt: run.asOf };
  if (because !== undefined || before.because !== undefined) {
    await keepingVersions(context, header, (keep) => keepVersions(read, comparison, keep));
    return { chunks: readWhole(because ?? before.because ?? ''), position, close };
  }
  const { rows, moved } = await keepingVersions(context, header, (keep) => compareVersions(read, before.file.body, comparison, keep));
  if (moved === undefined) return { chunks: readWhole(`more than ${String(mostMoved)} rows have another version`), position, close };
  context.emit({ type: 'source.read', rows: moved.rows });
  return {
    chunks: mergeMoved(read, { rows, moved }, fingerprints, comparison),
    position: { ...position, fullPassAt: before.position.fullPassAt },
    close,
  };
}

/** The file appears only if `work` came to its end. */
async function keepingVersions<T>(
  { store }: StageContext,
  header: FingerprintHeader,
  work: (keep: (piece: RecordPiece) => Promise<void>) => Promise<T>,
): Promise<T> {
  const kept = new Channel<RecordPiece>();
  const written = store.files.write({ run: header.run }, versionFile, writeFingerprints(header, kept));
  // Awaited below; without a handler an early failure would end the process before we get there.
  written.catch(() => undefined);
  let found;
  try {
    found = await work((piece) => kept.push(piece));
  } catch (error) {
    kept.fail(new Error('the versions were not read to their end'));
    throw error;
  }
  kept.end();
  await written;
  return found;
}
