import type { Run } from '../domain/run.ts';
import type { Moment, OperationStory } from './explanation.ts';
import type { WorkerFiles } from './worker-files.ts';
import { spaced } from './words.ts';

/** What became of the worker over all runs that are still known, oldest first. */
export function timelineOf(histories: readonly WorkerFiles[], operations: readonly OperationStory[], runs: readonly Run[]): Moment[] {
  const states = new Map(runs.map((run) => [run.id, run]));
  const moments: Moment[] = histories.map(({ run, line, rejection, vanished, group }) => ({
    at: run.startedAt,
    run: run.id,
    state: run.state,
    words: planned({
      change: line?.change?.change,
      codes: rejection?.reasons.map(({ code }) => code),
      vanished,
      verdict: line?.evaluated?.verdict,
      read: group !== undefined,
    }),
  }));
  for (const operation of operations) {
    const run = states.get(operation.run);
    const base = { run: operation.run, state: run?.state ?? 'finished' };
    if (operation.sentAt !== undefined)
      moments.push({ ...base, at: operation.sentAt, words: `sent as ${operation.change} in batch ${operation.batch.id}` });
    const end = operation.closedAt;
    if (end !== undefined)
      moments.push({
        ...base,
        at: end,
        words: `${spaced(operation.outcome ?? operation.state)}${operation.reason === undefined ? '' : `: ${operation.reason}`}`,
      });
    else if (operation.state === 'dropped' || operation.state === 'refused')
      moments.push({
        ...base,
        at: operation.sentAt ?? run?.startedAt ?? 0,
        words: `${operation.state}${operation.reason === undefined ? '' : `: ${operation.reason}`}`,
      });
    else if (operation.outcome === 'escrowed')
      moments.push({ ...base, at: operation.acceptedAt ?? 0, words: 'failed, the service retries by itself' });
  }
  // Stable: what a run planned comes before what it sent at the same instant.
  return moments.toSorted((left, right) => left.at - right.at);
}

interface Planned {
  readonly change: string | undefined;
  readonly codes: readonly string[] | undefined;
  readonly vanished: boolean;
  readonly verdict: string | undefined;
  readonly read: boolean;
}

function planned({ change, codes, vanished, verdict, read }: Planned): string {
  const rejected = codes === undefined ? '' : `rejected (${codes.join(', ')})`;
  if (change !== undefined) return `planned as ${change}${rejected === '' ? '' : `, ${rejected}`}`;
  if (rejected !== '') return rejected;
  if (vanished) return 'missing from the source';
  if (verdict !== undefined) return `looked at: ${spaced(verdict)}`;
  return read ? 'read' : 'looked at';
}
