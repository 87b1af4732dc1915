import type { Instant } from '../domain/clock.ts';
import { unansweredMilliseconds, type CallLimits } from './contract.ts';
import type { Reader } from './database.ts';
import { integerOf, optionalInteger } from './row.ts';

export type Room =
  | { readonly kind: 'free'; readonly at: Instant }
  | { readonly kind: 'full'; readonly reason: 'window' | 'quota'; readonly until?: Instant };

/**
 * Whether one more call of the tenant may leave at `at`, or at most `ahead` ms later. A call holds its place in the window until it was answered as long ago as the
 * window is wide: the service counts arrivals, and a call has arrived by the time it is answered, so no network delay can make more
 * arrivals fall into one window than are allowed. An unanswered call of a process that died holds its place for
 * `unansweredMilliseconds`, longer than any request may last. The quota is counted from reservations, over a rolling day.
 */
export async function roomFor(reader: Reader, tenant: string, limits: CallLimits, at: Instant, ahead = 0): Promise<Room> {
  // Nothing is left for this purpose on any day.
  if (limits.dayCalls <= 0) return { kind: 'full', reason: 'quota' };
  const oldest = await nthNewest(reader, tenant, limits.dayCalls, at - limits.dayMilliseconds);
  if (oldest !== undefined) return { kind: 'full', reason: 'quota', until: oldest + limits.dayMilliseconds };

  const held = await heldPlaces(reader, tenant, limits.windowMilliseconds, at);
  const next = held[held.length - limits.windowCalls];
  if (next === undefined) return { kind: 'free', at };
  if (next <= at + ahead) return { kind: 'free', at: next };
  // A place that waits for its answer can free one window from now, at the earliest.
  return { kind: 'full', reason: 'window', until: Math.min(next, at + limits.windowMilliseconds) };
}

/** When the places that are held at `at` become free, soonest first. */
async function heldPlaces(reader: Reader, tenant: string, window: number, at: Instant): Promise<readonly Instant[]> {
  const rows = await reader.all({
    sql: `SELECT reserved_at, answered_at FROM calls
          WHERE tenant = ? AND counted = 1 AND (answered_at > ? OR (answered_at IS NULL AND reserved_at > ?))`,
    bindings: [tenant, at - window, at - window - unansweredMilliseconds],
  });
  return rows
    .map((row) => (optionalInteger(row, 'answered_at') ?? integerOf(row, 'reserved_at') + unansweredMilliseconds) + window)
    .toSorted((a, b) => a - b);
}

/** When the n-th newest counted call after `since` was reserved; undefined when there are fewer. */
async function nthNewest(reader: Reader, tenant: string, n: number, since: Instant): Promise<Instant | undefined> {
  const row = await reader.first({
    sql: `SELECT reserved_at FROM calls WHERE tenant = ? AND counted = 1 AND reserved_at > ? ORDER BY reserved_at DESC LIMIT 1 OFFSET ?`,
    bindings: [tenant, since, n - 1],
  });
  return row === undefined ? undefined : integerOf(row, 'reserved_at');
}
