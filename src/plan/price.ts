import type { Price } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';

/** What a tenant allows. Source: graph-contract 2.1. */
export interface Allowance {
  readonly windowCalls: number;
  readonly windowMilliseconds: number;
  readonly dayCalls: number;
  readonly dayMilliseconds: number;
}

/**
 * The price of a plan: its calls, and the earliest instant at which the last of them can leave. A lower bound: other senders,
 * answers and retries only make it later.
 */
export function priceOf(operations: number, calls: number, callsUsed: number, allowance: Allowance, now: Instant): Price {
  const callsLeft = Math.max(0, allowance.dayCalls - callsUsed);
  const beyond = Math.max(0, calls - callsLeft);
  // A call that does not fit today waits until the calls of today leave the rolling day, and so on.
  const days = Math.ceil(beyond / Math.max(1, allowance.dayCalls));
  const lastDayCalls = beyond === 0 ? calls : beyond - (days - 1) * allowance.dayCalls;
  const windows = Math.max(0, Math.ceil(lastDayCalls / allowance.windowCalls) - 1);
  return { operations, calls, callsLeft, earliestEnd: now + days * allowance.dayMilliseconds + windows * allowance.windowMilliseconds };
}
