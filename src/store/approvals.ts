import type { Approval } from '../domain/approval.ts';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { PipelineName, RunId, Sha256 } from '../domain/words.ts';
import type { Approvals } from './contract.ts';
import { insertOne, placeholders, type Database, type Reader, type Transaction } from './database.ts';
import { appendLine } from './journal-lines.ts';
import { integerOf, optionalText, present, textOf, type Row } from './row.ts';
import { findRun } from './runs.ts';

export function openApprovals(database: Database): Approvals {
  return {
    grant: (approval) => database.write((transaction) => grant(transaction, approval)),
    async of(pipeline, planHash) {
      const rows = await database.all({
        sql: 'SELECT * FROM approvals WHERE pipeline = ? AND plan_hash = ? ORDER BY at, id',
        bindings: [pipeline, planHash],
      });
      return rows.map(approvalOf);
    },
    lastUse: (pipeline, guard) => lastUse(database, pipeline, guard),
  };
}

async function grant(transaction: Transaction, approval: Approval): Promise<void> {
  const { id, pipeline, planHash, guard, run: runId, measured, by, reason, at, until } = approval;
  const run = await findRun(transaction, runId);
  if (run?.pipeline !== pipeline) throw new JoineryError('STO-301', `There is no run ${runId} of ${pipeline} in the state.`);
  await transaction.run(
    insertOne('approvals', {
      id,
      pipeline,
      plan_hash: planHash,
      guard,
      run: runId,
      measured,
      approver: by,
      reason,
      at,
      expires_at: until,
    }),
  );
  await appendLine(
    transaction,
    'guard.approved',
    { approval: id, pipeline, run: runId, plan: planHash, guard, measured, by, reason, until },
    at,
  );
}

/** Called by accept: from now on the approvals stand for what was sent by this run. */
export async function useApprovals(transaction: Transaction, run: RunId, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const changed = await transaction.run({
    sql: `UPDATE approvals SET used_by = ? WHERE id IN (${placeholders(ids.length)})`,
    bindings: [run, ...ids],
  });
  if (changed !== ids.length) throw new JoineryError('STO-301', `An approval that run ${run} relies on is not in the state.`);
}

async function lastUse(reader: Reader, pipeline: PipelineName, guard: string): Promise<Instant | undefined> {
  const row = await reader.first({
    sql: `SELECT MAX(r.started_at) AS at FROM approvals a JOIN runs r ON r.id = a.used_by
          WHERE a.pipeline = ? AND a.guard = ? AND a.used_by IS NOT NULL HAVING COUNT(*) > 0`,
    bindings: [pipeline, guard],
  });
  return row === undefined ? undefined : integerOf(row, 'at');
}

function approvalOf(row: Row): Approval {
  const planHash: Sha256 = textOf(row, 'plan_hash');
  return {
    id: textOf(row, 'id'),
    pipeline: textOf(row, 'pipeline'),
    planHash,
    guard: textOf(row, 'guard'),
    run: textOf(row, 'run'),
    measured: integerOf(row, 'measured'),
    by: textOf(row, 'approver'),
    reason: textOf(row, 'reason'),
    at: integerOf(row, 'at'),
    until: integerOf(row, 'expires_at'),
    ...present('usedBy', optionalText(row, 'used_by')),
  };
}
