import type { Allowance } from '../plan/price.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';

/** 40 calls in any 5 s and the licence's calls in any 24 h, both per tenant. Source: graph-contract 2.1. */
export function callAllowance(sink: SinkDeclaration): Allowance {
  return { windowCalls: 40, windowMilliseconds: 5_000, dayCalls: sink.quota.calls, dayMilliseconds: 86_400_000 };
}
