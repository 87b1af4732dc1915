import { uploadLimits } from '../entra/call-limits.ts';
import type { Operation } from '../domain/operation.ts';
import { isDisable } from '../domain/words.ts';
import type { Allowance } from '../plan/price.ts';
import type { LoadDeclaration, SinkDeclaration } from '../pipeline/pipeline.ts';

/** 40 calls in any 5 s and the licence's calls in any 24 h, both per tenant. Source: graph-contract 2.1. */
export function callAllowance(sink: SinkDeclaration): Allowance {
  const { windowCalls, windowMilliseconds, dayMilliseconds } = uploadLimits;
  return { windowCalls, windowMilliseconds, dayMilliseconds, dayCalls: sink.quota.calls };
}

/** Which calls a batch may use: all that are not left to other clients; joiners and movers not those either that are kept for disables. Never fewer than one a window. */
export function limitsFor(allowance: Allowance, reserve: LoadDeclaration['reserve'], operations: readonly Operation[]): Allowance {
  const { windowCalls, dayCalls } = allowance;
  const ours = {
    ...allowance,
    windowCalls: Math.max(1, Math.floor(windowCalls * (1 - reserve.others))),
    dayCalls: dayCalls - part(dayCalls, reserve.others),
  };
  const disables = operations.some(({ change }) => isDisable(change));
  return disables ? ours : { ...ours, dayCalls: ours.dayCalls - part(dayCalls, reserve.disables) };
}

/** Rounded up, whatever 0.05 times a hundred is in binary. */
function part(calls: number, share: number): number {
  return Math.ceil(Number((calls * share).toFixed(6)));
}
