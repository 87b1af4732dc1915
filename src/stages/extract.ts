import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import type { ExternalId } from '../domain/words.ts';
import { mergeChanges, type ChangeChunk } from '../source/changes.ts';
import type { Source } from '../source/contract.ts';
import { writeFingerprints, type RecordPiece } from '../source/fingerprint-file.ts';
import { readPacked } from '../source/packed.ts';
import { Channel } from './channel.ts';
import { dayOf, type StageContext } from './context.ts';
import { PositionTracker } from '../source/position.ts';
import { fingerprintFile, versionFile, writeDocument, type ExtractItem, type ExtractSummary } from '../store/run-files.ts';
import { refuseMissingColumns, stopForColumns } from './missing-columns.ts';
import { previousPass, type Asked } from './previous-pass.ts';
import { openVersionedPass, type VersionedPass } from './versioned-pass.ts';

/**
 * First stage: one read-only pass over the source at one moment. Gives who must be looked at again, in key order: rows that are new or differ from the last
 * accepted run, workers whose date has come or who have work left, keys that vanished, rows without a key. Leaves the
 * pass's fingerprints and, of a watermark, its position in the run; they count only once the run is accepted. Memory stays flat: one chunk of rows, and the set of workers with work left.
 * `onRows` is called with every part of the rows.
 */
export async function* extract(
  context: StageContext,
  run: Run,
  source: Source,
  asked: Asked = { workers: new Set(), gone: new Set() },
  onRows: () => void = () => undefined,
): AsyncGenerator<readonly ExtractItem[]> {
  const { store, mapping, emit, clock, signal } = context;
  const started = clock.now();
  emit({ type: 'stage.started', stage: 'extract' });
  const previous = await previousPass(context, run, source, asked);
  const { again, partial, spared } = previous;
  if (spared !== undefined)
    emit({
      type: 'mapping.edited',
      touched: spared.touched,
      lookups: spared.lookups,
      ...(spared.because === undefined ? {} : { because: spared.because }),
    });
  const missing = new Set(previous.missing);
  const tracker = source.watermark === undefined ? undefined : new PositionTracker(run.asOf, partial?.position);
  const summary = { rows: 0, keys: 0, keyless: 0, unchanged: 0, changed: 0, vanished: 0 };
  const fingerprints = new Channel<RecordPiece>();
  const header = { run: run.id, order: source.keyOrder, mapping: mapping.id };
  const written = store.files.write({ run: run.id }, fingerprintFile, writeFingerprints(header, fingerprints));
  // Awaited below; without a handler an early failure would end the process before we get there.
  written.catch(() => undefined);
  let complete = false;
  let versioned: VersionedPass | undefined;
  try {
    await refuseMissingColumns(context, source);
    const request = { seed: store.identity.fingerprintSeed, signal, asOf: dayOf(context.pipeline, run.asOf) };
    const comparison = {
      order: source.keyOrder,
      partial: partial !== undefined,
      everybody: previous.everybody,
      spares: spared?.spares,
      asked: again,
    };
    if (source.versions !== undefined) versioned = await openVersionedPass(context, run, source.versions, previous, request, comparison);
    const chunks =
      versioned?.chunks ??
      mergeChanges(
        readPacked(source, {
          ...request,
          ...(partial === undefined ? {} : { partial }),
          ...(tracker === undefined ? {} : { tracker }),
        }),
        previous.fingerprints,
        comparison,
      );
    for await (const chunk of chunks) {
      onRows();
      summary.rows += chunk.rows;
      for (const piece of chunk.records) {
        await fingerprints.push(piece);
        summary.keys += piece.count;
      }
      summary.changed += chunk.groups.length;
      summary.keyless += chunk.keyless.length;
      summary.vanished += chunk.vanished.length;
      const items = itemsOf(chunk, missing);
      if (items.length > 0) yield items;
      emit({ type: 'stage.progress', stage: 'extract', counts: { rows: summary.rows, changed: summary.changed } });
    }
    // Who was missing before is not found to be missing again by a read that does not look for him.
    if (partial === undefined && missing.size > 0) {
      summary.vanished += missing.size;
      yield [...missing].map((externalId) => ({ kind: 'vanished', externalId }));
    }
    complete = true;
  } catch (error) {
    // Damage that shows only while the pass runs: this run fails, and the next one builds the file anew from the ledger.
    if (error instanceof JoineryError && error.code === 'SRC-401')
      for (const name of [fingerprintFile, versionFile]) await store.files.remove({ pipeline: run.pipeline }, name);
    throw await stopForColumns(context, run, error);
  } finally {
    // Left early or failed: what was read is not the whole pass, so its fingerprints must not appear.
    if (complete) fingerprints.end();
    else fingerprints.fail(new Error('the pass was not read to its end'));
    // Of a pass that ended before its first row nobody began to read them.
    await previous.fingerprints[Symbol.asyncIterator]().return?.();
    if (previous.versions?.because === undefined) await previous.versions?.file.body[Symbol.asyncIterator]().return?.();
    await versioned?.close();
  }
  await written;
  summary.unchanged = summary.keys - summary.changed;
  const position = tracker?.position;
  const watermark =
    source.watermark === undefined || position === undefined
      ? {}
      : { watermark: { ...source.watermark, position, fullPassAt: partial?.fullPassAt ?? run.asOf } };
  const versions = versioned?.position === undefined ? {} : { versions: versioned.position };
  const counts = spared?.spares === undefined ? summary : { ...summary, spared: spared.count };
  await finishExtract(context, run, { ...counts, ...watermark, ...versions });
  emit({ type: 'stage.finished', stage: 'extract', counts, milliseconds: clock.now() - started });
}

async function finishExtract(context: StageContext, run: Run, summary: ExtractSummary): Promise<void> {
  await writeDocument(context.store, run.id, 'extract.json', summary);
  await context.store.runs.advance(context.lease, run.id, { state: 'extracted', population: summary.keys });
}

/** By hand, as one list: nearly every chunk has nothing, and lists that are put together of lists are of another kind for V8 each time, so that it compiled the pass over and over. */
function itemsOf({ keyless, vanished, groups }: ChangeChunk, missing: Set<ExternalId>): readonly ExtractItem[] {
  const items: ExtractItem[] = [];
  for (const { ordinal } of keyless) items.push({ kind: 'keyless', ordinal });
  for (const externalId of vanished) {
    missing.delete(externalId);
    items.push({ kind: 'vanished', externalId });
  }
  for (const { key, rows, fingerprint, previous, isAsked } of groups) {
    // Who is missing is asked for: he is among the groups if he is there.
    missing.delete(key);
    const group = { key, rows, fingerprint };
    items.push({ kind: 'group', group, ...(previous === fingerprint ? { same: true } : {}), ...(isAsked ? { again: true } : {}) });
  }
  return items;
}
