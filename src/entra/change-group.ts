import type { Instant } from '../domain/clock.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { ExternalId } from '../domain/words.ts';

/** The rows of one change of one worker: what the logs tell about it so far. */
export interface ChangeGroup {
  readonly changeId: string;
  /** undefined: no row names one (the service logs entries without an externalId too). */
  readonly externalId?: ExternalId;
  /** Oldest first, each row once. */
  readonly rows: readonly LogRow[];
  /** Of the oldest and the newest row. */
  readonly first: Instant;
  readonly last: Instant;
}

/**
 * Groups rows by `changeId`. Rows may come in any order, in any pages and several times: the result is the same. Groups are sorted
 * by their first row, ties by changeId.
 */
export function groupChanges(rows: Iterable<LogRow>): ChangeGroup[] {
  const groups = new Map<string, Map<string, LogRow>>();
  for (const row of rows) {
    // One changeId with two workers has not been seen; if it comes, neither may close the other's operation.
    const key = JSON.stringify([row.changeId, row.sourceIdentity?.id ?? '']);
    const group = groups.get(key) ?? new Map<string, LogRow>();
    group.set(row.id, group.has(row.id) ? preferred(group.get(row.id) ?? row, row) : row);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map(toGroup)
    .toSorted(
      (left, right) =>
        left.first - right.first ||
        compareText(left.changeId, right.changeId) ||
        compareText(left.externalId ?? '', right.externalId ?? ''),
    );
}

function toGroup(members: ReadonlyMap<string, LogRow>): ChangeGroup {
  const rows = [...members.values()].toSorted(compareRows);
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('a group without rows');
  const externalId = first.sourceIdentity?.id ?? '';
  return {
    changeId: first.changeId,
    rows,
    first: instantOf(first),
    last: instantOf(last),
    ...(externalId === '' ? {} : { externalId }),
  };
}

export function instantOf(row: LogRow): Instant {
  return Date.parse(row.activityDateTime);
}

/** By time; within one instant what failed stands last, so that doubt never ends in “applied”. */
export function compareRows(left: LogRow, right: LogRow): number {
  return instantOf(left) - instantOf(right) || rankOf(left) - rankOf(right) || compareText(left.id, right.id);
}

const ranks: Readonly<Record<string, number>> = { success: 0, skipped: 1, warning: 2, failure: 3 };

function rankOf(row: LogRow): number {
  return ranks[row.provisioningStatusInfo.status] ?? 1;
}

/** One id with two contents: the same choice whatever the order, and the later one of time. */
function preferred(left: LogRow, right: LogRow): LogRow {
  const order = compareRows(left, right) || compareText(JSON.stringify(left), JSON.stringify(right));
  return order < 0 ? right : left;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
