import { uploadLimits } from '../entra/call-limits.ts';
import type { Operation } from '../domain/operation.ts';
import { isDisable } from '../domain/words.ts';
import type { Allowance } from '../plan/price.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';

/** 40 calls in any 5 s and the licence's calls in any 24 h, both per tenant. Source: graph-contract 2.1. */
export function callAllowance(sink: SinkDeclaration): Allowance {
  const { windowCalls, windowMilliseconds, dayMilliseconds } = uploadLimits;
  return { windowCalls, windowMilliseconds, dayMilliseconds, dayCalls: sink.quota.calls };
}

/** Which calls a batch may use: disables the whole day's quota, everybody else what is not reserved for them. */
export function limitsFor(allowance: Allowance, operations: readonly Operation[]): Allowance {
  const disables = operations.some(({ change }) => isDisable(change));
  return disables ? allowance : { ...allowance, dayCalls: allowance.dayCalls - reservedCalls(allowance.dayCalls) };
}

/** 5 % of the day's calls are kept for disables, so that a long first load cannot keep a leaver's account on. */
function reservedCalls(dayCalls: number): number {
  return Math.ceil(dayCalls * 0.05);
}
