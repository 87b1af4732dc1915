/**
 * Joinery as a library: a runner that executes a pipeline stage by stage or as a whole, the store it keeps its state in, and the words it speaks in.
 * Nothing is connected and no driver is loaded at import.
 */
export { preparePipeline, stateOf, type Prepared } from './stages/prepare.ts';
export { Runner } from './stages/runner.ts';
export type { RunChoice, RunnerOptions } from './stages/runner-options.ts';
export type { RunResult } from './stages/run.ts';
export type { Chance } from './stages/send-batch.ts';
export { openStore, type StoreOptions } from './store/open.ts';
export type { Store } from './store/contract.ts';
export type { JoineryEvent, EventSink, Counts } from './domain/event.ts';
export type { Change, AttributeDifference, GuardVerdict, PlanHead, Price, Rejection } from './domain/change.ts';
export type { LedgerEntry } from './domain/ledger.ts';
export type { Batch, Operation } from './domain/operation.ts';
export type { Run, RunState } from './domain/run.ts';
export type { Payload } from './domain/payload.ts';
export type { Diagnostic } from './domain/diagnostic.ts';
export { renderDiagnostic } from './domain/diagnostic.ts';
export { JoineryError } from './domain/error.ts';
export { systemClock, type Clock } from './domain/clock.ts';
export { VirtualClock } from './domain/virtual-clock.ts';
export * from './domain/words.ts';
