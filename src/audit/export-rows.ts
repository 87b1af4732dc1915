import { formatInstant } from '../domain/clock.ts';
import type { Run } from '../domain/run.ts';
import { differences } from '../scim/index.ts';
import type { Store } from '../store/contract.ts';
import { readHandoff } from '../store/run-files.ts';
import { erasedWord, isErasedDifference, isErasedPayload, type Masks } from './masks.ts';
import { everybody, stewardList } from './steward.ts';
import { reasonOf } from './trouble-groups.ts';

export const exportSubjects = ['payloads', 'changes', 'rejections', 'outcomes', 'operations', 'steward'] as const;
export type ExportSubject = (typeof exportSubjects)[number];

/** A cell: text, number, boolean or nothing. */
type Cell = string | number | boolean | null;

/** What a column holds. `instant`: ISO 8601 in UTC as text, a timestamp where the format has one. */
export type ColumnType = 'text' | 'integer' | 'boolean' | 'instant';

export interface ExportColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A table that is made row by row, with its columns in order. Values are shown as the masks say. */
export interface ExportTable {
  readonly columns: readonly ExportColumn[];
  readonly rows: AsyncIterable<readonly Cell[]>;
}

/** Columns by name; text, unless the type stands behind it: `place:integer`. */
export function exportColumns(names: string): readonly ExportColumn[] {
  return names.split(' ').map((column) => {
    const [name = '', type = 'text'] = column.split(':');
    return { name, type: columnTypes.find((one) => one === type) ?? 'text' };
  });
}

const columnTypes: readonly ColumnType[] = ['text', 'integer', 'boolean', 'instant'];

/**
 * - `payloads`: a row per worker and attribute of what is sent. `changes`: a row per worker and attribute that differs, old and new.
 * - `rejections`: a row per worker and reason. `outcomes`: a row per operation with its end. `operations`: with batch, place and ids.
 * `steward`: a row per worker who stands with something open in the ledger, now, whichever run it came from, with what to do.
 * All stream: memory does not grow with the run.
 */
export function exportTable(store: Store, run: Run, subject: ExportSubject, masks: Masks): ExportTable {
  switch (subject) {
    case 'payloads':
      return { columns: exportColumns('run worker change attribute value'), rows: payloads(store, run, masks) };
    case 'changes':
      return {
        columns: exportColumns('run worker change cause sent:boolean waiting:boolean attribute kind old new'),
        rows: changes(store, run, masks),
      };
    case 'rejections':
      return { columns: exportColumns('run worker rows new:boolean code message'), rows: rejections(store, run, masks) };
    case 'outcomes':
      return {
        columns: exportColumns('run worker change outcome state code reason sent_at:instant accepted_at:instant closed_at:instant'),
        rows: outcomes(store, run, masks),
      };
    case 'operations':
      return {
        columns: exportColumns(
          'run worker change operation batch place:integer bulk_id payload_hash active:boolean state outcome overtakes',
        ),
        rows: operations(store, run),
      };
    case 'steward':
      return { columns: exportColumns('worker kind attribute value reason todo'), rows: steward(store, run, masks) };
    default:
      return subject satisfies never;
  }
}

async function* steward(store: Store, run: Run, masks: Masks): AsyncGenerator<Cell[]> {
  const { rows } = await stewardList(store, run, run.pipeline, masks, everybody);
  for (const { worker, kind, attribute, value, reason, todo } of rows)
    yield [worker, kind, attribute === '' ? null : attribute, value === '' ? null : value, reason, todo];
}

async function* payloads(store: Store, run: Run, masks: Masks): AsyncGenerator<Cell[]> {
  for await (const chunk of store.operations.stream(run.id)) {
    for (const { externalId, change, payload } of chunk) {
      if (isErasedPayload(payload)) yield [run.id, externalId, change, erasedWord, null];
      else
        for (const { path, new: value } of differences(undefined, payload))
          yield [run.id, externalId, change, path, masks.attribute(path, value)];
    }
  }
}

async function* changes(store: Store, run: Run, masks: Masks): AsyncGenerator<Cell[]> {
  for await (const { change } of readHandoff(store, run.id, 'plan.ndjson')) {
    if (change === undefined) continue;
    const { externalId, cause, send, waiting } = change;
    for (const difference of change.differences) {
      const { path, kind } = difference;
      const old = difference.old === undefined ? null : masks.attribute(path, difference.old);
      const next = isErasedDifference(difference)
        ? erasedWord
        : difference.new === undefined
          ? null
          : masks.attribute(path, difference.new);
      yield [run.id, externalId, change.change, cause, send, waiting, path, kind, old, next];
    }
  }
}

async function* rejections(store: Store, run: Run, masks: Masks): AsyncGenerator<Cell[]> {
  for await (const { externalId, ordinals, reasons, fresh } of readHandoff(store, run.id, 'rejections.ndjson'))
    for (const { code, message } of reasons) yield [run.id, externalId ?? null, ordinals.join(' '), fresh, code, masks.text(message)];
}

async function* outcomes(store: Store, run: Run, masks: Masks): AsyncGenerator<Cell[]> {
  const at = (instant: number | undefined): string | null => (instant === undefined ? null : formatInstant(instant));
  for await (const chunk of store.operations.stream(run.id)) {
    for (const operation of chunk) {
      const { externalId, change, outcome, state, failure, sentAt, acceptedAt, closedAt } = operation;
      const times = [at(sentAt), at(acceptedAt), at(closedAt)];
      yield [run.id, externalId, change, outcome ?? null, state, failure?.code ?? null, reasonOf(operation, masks), ...times];
    }
  }
}

async function* operations(store: Store, run: Run): AsyncGenerator<Cell[]> {
  for await (const chunk of store.operations.stream(run.id)) {
    for (const { id, externalId, change, batch, index, bulkId, payloadHash, payload, state, outcome, overtakes } of chunk)
      yield [
        run.id,
        externalId,
        change,
        id,
        batch,
        index + 1,
        bulkId,
        payloadHash,
        payload.active,
        state,
        outcome ?? null,
        overtakes ?? null,
      ];
  }
}
