import type { GuardVerdict } from '../domain/change.ts';
import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import type { Source } from '../source/contract.ts';
import type { StageContext } from './context.ts';

/**
 * A column that expressions read, of a source without a contract: what the query does not return would be nothing for everybody. Declared columns are looked at
 * by the source itself. Errors: SRC-204.
 */
export async function refuseMissingColumns({ pipeline, mapping, signal }: StageContext, source: Source): Promise<void> {
  if (pipeline.source.columns !== undefined) return;
  const returned = new Set((await source.describe(signal)).map(({ name }) => name));
  const missing = [...mapping.columns].filter((name) => !returned.has(name));
  if (missing.length === 0) return;
  throw new JoineryError('SRC-204', `the source does not return ${missing.join(', ')}; it returns ${[...returned].join(', ')}`);
}

/** A missing column stops a run as a guard does: its verdict is told, and the run counts as stopped. Any other error goes on as it is. */
export async function stopForColumns(context: StageContext, run: Run, error: unknown): Promise<unknown> {
  if (!isMissingColumn(error)) return error;
  const message = `guard columns: ${error.message}`;
  const verdict: GuardVerdict = {
    guard: 'columns',
    tripped: true,
    measured: 1,
    limit: 0,
    final: true,
    words: `${error.message}. ${error.fix}`,
  };
  context.emit({ type: 'guard', verdict });
  await context.store.runs.advance(context.lease, run.id, { state: 'stopped' });
  return new JoineryError('SRC-204', message, {
    why: error.why,
    fix: error.fix,
    diagnostics: error.diagnostics,
    cause: error.cause,
    ...(error.place === undefined ? {} : { place: error.place }),
  });
}

export function isMissingColumn(error: unknown): error is JoineryError {
  return error instanceof JoineryError && error.code === 'SRC-204';
}
