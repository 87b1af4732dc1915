import { stopsPlan } from '../domain/approval.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { Run } from '../domain/run.ts';
import type { ExternalId } from '../domain/words.ts';
import type { Decision, Explanation, OperationStory } from './explanation.ts';
import type { WorkerFiles } from './worker-files.ts';
import { changeWords, endOf, endWords, spaced } from './words.ts';

export interface SummaryParts {
  readonly decision: Decision | undefined;
  readonly rejections: Explanation['rejections'];
  readonly guards: Explanation['guards'];
  /** Of this run. */
  readonly operations: readonly OperationStory[];
  readonly entry: LedgerEntry | undefined;
  readonly files: WorkerFiles;
}

/** What happened to the worker in the run, in a few sentences; every worker that is known gets one that is true. */
export function summaryOf(worker: ExternalId, run: Run, parts: SummaryParts): string {
  return [
    `Worker ${worker} in run ${run.id}:`,
    planWords(parts),
    stopWords(run, parts),
    ...parts.operations.map(endingWords),
    accountWords(parts),
  ]
    .filter((words) => words !== '')
    .join(' ');
}

function planWords({ decision, rejections, files, operations }: SummaryParts): string {
  if (rejections.length > 0 && decision?.send !== true)
    return `rejected (${rejections.map(({ code, message }) => `${code}: ${message}`).join('; ')}).`;
  if (files.vanished && decision?.change === undefined) return 'the key was missing from the source.';
  if (decision?.change === undefined || (decision.change === 'none' && operations.length > 0)) {
    if (operations.length > 0) return 'sent without a change of its own in the plan, by a second pass.';
    return decision === undefined ? 'nothing about the worker had changed, so the run did not look at him.' : decision.because;
  }
  const also = rejections.length > 0 ? ` The rows are rejected (${rejections.map(({ code }) => code).join(', ')}).` : '';
  return `${decision.change} (${changeWords[decision.change]}). ${decision.because}${also}`;
}

function stopWords(run: Run, { guards, decision }: SummaryParts): string {
  const tripped = guards.filter(stopsPlan).map(({ guard }) => guard);
  if (tripped.length > 0) return `The plan was stopped by guard ${tripped.join(' and ')}: nothing of it was sent.`;
  if (run.state === 'abandoned') return 'The plan was never accepted: a newer run was begun.';
  return run.state === 'planned' && decision?.send === true ? 'The plan is not accepted yet.' : '';
}

function endingWords({ outcome, state, reason, batch, place }: OperationStory): string {
  const where = `operation ${String(place)} of batch ${batch.id}`;
  if (outcome === undefined && state === 'planned') return `Planned as ${where}, not sent yet.`;
  const end = endOf(outcome ?? (['sending', 'sent', 'unknown'].includes(state) ? 'open' : state));
  return `Sent as ${where}: ${spaced(end)} (${endWords[end]})${reason === undefined ? '' : `, ${reason}`}.`.replace(/\.+$/, '.');
}

function accountWords({ entry }: SummaryParts): string {
  if (entry?.sent !== undefined) return 'An operation is in flight.';
  if (entry?.baselineUnknown === true) return 'What the service has now is unknown.';
  if (entry?.confirmed === undefined) return 'No account of the worker is confirmed.';
  return `The account is confirmed as ${entry.confirmed.payload.active ? 'enabled' : 'disabled'}.`;
}
