import type { Operation } from '../domain/operation.ts';
import { sentChangeKinds, type ExternalId, type JobScope, type PipelineName, type RunId } from '../domain/words.ts';
import { toLookAt, troubled } from './audit-schema.ts';
import type { EndFigure, Figures, LookedAt, StandingFigure, WorkerEnd } from './contract.ts';
import { inChunks, placeholders, type Database } from './database.ts';
import { findJob } from './jobs.ts';
import { endOfOperation, inFlight, operationOf } from './operation-row.ts';
import { flagOf, integerOf, jsonOf, optionalJson, optionalText, textOf, wordOf } from './row.ts';

const rowsPerQuery = 500;
const workersPerQuery = 500;

/** How far an operation came: its outcome, else `open`, `unsent`, or the state it ended in. The same words as in `Operations.tally`. */
const endOf = `CASE WHEN outcome IS NOT NULL THEN outcome WHEN ${inFlight} THEN 'open' WHEN state = 'planned' THEN 'unsent' ELSE state END`;

export function openFigures(database: Database): Figures {
  return {
    ends: (run) => ends(database, run),
    troubled: (run) => streamTroubled(database, run),
    ofWorkers: (run, externalIds) => ofWorkers(database, run, externalIds),
    async calls(run) {
      const row = await database.first({
        sql: 'SELECT COUNT(*) AS calls FROM calls WHERE counted = 1 AND batch IN (SELECT id FROM batches WHERE run = ?)',
        bindings: [run],
      });
      return row === undefined ? 0 : integerOf(row, 'calls');
    },
    standing: (scope, owner) => standing(database, scope, owner),
    lookAt: (scope, owner, limit) => lookAt(database, scope, owner, limit),
    async pipelines() {
      const rows = await database.all({ sql: 'SELECT DISTINCT pipeline FROM runs ORDER BY pipeline', bindings: [] });
      return rows.map((row) => textOf(row, 'pipeline'));
    },
  };
}

async function ends(database: Database, run: RunId): Promise<readonly EndFigure[]> {
  const rows = await database.all({
    sql: `SELECT change, ${endOf} AS name, COUNT(*) AS operations FROM operations WHERE run = ? GROUP BY 1, 2 ORDER BY 1, 2`,
    bindings: [run],
  });
  return rows.map((row) => ({
    change: wordOf(row, 'change', sentChangeKinds),
    end: textOf(row, 'name'),
    operations: integerOf(row, 'operations'),
  }));
}

async function* streamTroubled(database: Database, run: RunId): AsyncGenerator<readonly Operation[]> {
  for (let after: readonly [string, number] = ['', -1]; ;) {
    const rows = await database.all({
      sql: `SELECT * FROM operations WHERE run = ? AND ${troubled} AND (batch > ? OR (batch = ? AND ordinal > ?)) ORDER BY batch, ordinal LIMIT ${String(rowsPerQuery)}`,
      bindings: [run, after[0], ...after],
    });
    if (rows.length > 0) yield rows.map(operationOf);
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsPerQuery) return;
    after = [textOf(last, 'batch'), integerOf(last, 'ordinal')];
  }
}

async function ofWorkers(
  database: Database,
  run: RunId,
  externalIds: readonly ExternalId[],
): Promise<ReadonlyMap<ExternalId, readonly WorkerEnd[]>> {
  const found = new Map<ExternalId, WorkerEnd[]>();
  const scope = await database.first({ sql: 'SELECT tenant, job FROM runs WHERE id = ?', bindings: [run] });
  if (scope === undefined) return found;
  const job = (await findJob(database, { tenant: textOf(scope, 'tenant'), job: textOf(scope, 'job') })) ?? 0;
  for (const chunk of inChunks([...new Set(externalIds)], workersPerQuery)) {
    const rows = await database.all({
      sql: `SELECT external_id, change, state, outcome FROM operations WHERE job_id = ? AND external_id IN (${placeholders(chunk.length)}) AND run = ? ORDER BY batch, ordinal`,
      bindings: [job, ...chunk, run],
    });
    for (const row of rows) {
      const externalId = textOf(row, 'external_id');
      const known = found.get(externalId);
      if (known === undefined) found.set(externalId, [endOfOperation(row)]);
      else known.push(endOfOperation(row));
    }
  }
  return found;
}

async function standing(database: Database, scope: JobScope, owner: PipelineName): Promise<readonly StandingFigure[]> {
  const rows = await database.all({
    sql: `SELECT reasons, COUNT(*) AS workers FROM entries WHERE job_id = ? AND owner = ? AND ${toLookAt}
            AND verdict = 'rejected' AND reasons IS NOT NULL GROUP BY reasons`,
    bindings: [(await findJob(database, scope)) ?? 0, owner],
  });
  const byCode = new Map<string, number>();
  for (const row of rows) {
    for (const code of new Set(jsonOf<readonly string[]>(row, 'reasons')))
      byCode.set(code, (byCode.get(code) ?? 0) + integerOf(row, 'workers'));
  }
  return [...byCode].map(([code, workers]) => ({ code, workers })).toSorted((left, right) => right.workers - left.workers);
}

/** What the service retries of this pipeline's workers, by key, and how many of them have nothing else that is open. */
async function escrowed(
  database: Database,
  job: number,
  owner: PipelineName,
  limit: number,
): Promise<{ readonly workers: ReadonlyMap<ExternalId, Operation>; readonly others: number }> {
  const from = `FROM operations o JOIN entries e ON e.job_id = o.job_id AND e.external_id = o.external_id
                WHERE o.job_id = ? AND e.owner = ? AND o.${inFlight} AND o.outcome = 'escrowed'`;
  const rows = await database.all({ sql: `SELECT o.* ${from} ORDER BY o.external_id LIMIT ${String(limit)}`, bindings: [job, owner] });
  const others = await database.first({
    sql: `SELECT COUNT(DISTINCT o.external_id) AS found ${from} AND ${toLookAt} IS NOT TRUE`,
    bindings: [job, owner],
  });
  return {
    workers: new Map(rows.map(operationOf).map((operation) => [operation.externalId, operation])),
    others: others === undefined ? 0 : integerOf(others, 'found'),
  };
}

function ifPresent(operation: Operation | undefined): Pick<LookedAt, 'escrowed'> {
  return operation === undefined ? {} : { escrowed: operation };
}

async function lookAt(
  database: Database,
  scope: JobScope,
  owner: PipelineName,
  limit: number,
): Promise<{ readonly workers: readonly LookedAt[]; readonly total: number }> {
  const job = (await findJob(database, scope)) ?? 0;
  const condition = `job_id = ? AND owner = ? AND ${toLookAt}`;
  const all = await database.first({ sql: `SELECT COUNT(*) AS found FROM entries WHERE ${condition}`, bindings: [job, owner] });
  const rows = await database.all({
    sql: `SELECT external_id, verdict, reasons, evaluated_run, failed_hash, failed_code, failed_at, baseline_unknown, missing_passes, missing_since FROM entries
          WHERE ${condition} ORDER BY external_id LIMIT ${String(limit)}`,
    bindings: [job, owner],
  });
  const workers = rows.map((row): LookedAt => {
    const [code, passes] = [optionalText(row, 'failed_code'), integerOf(row, 'missing_passes')];
    const isRejected = optionalText(row, 'verdict') === 'rejected';
    return {
      externalId: textOf(row, 'external_id'),
      ...(isRejected
        ? { rejected: { codes: optionalJson<readonly string[]>(row, 'reasons') ?? [], run: textOf(row, 'evaluated_run') } }
        : {}),
      ...(code === undefined ? {} : { failed: { hash: textOf(row, 'failed_hash'), code, at: integerOf(row, 'failed_at') } }),
      silent: flagOf(row, 'baseline_unknown'),
      ...(passes === 0 ? {} : { missing: { passes, since: integerOf(row, 'missing_since') } }),
    };
  });
  const retried = await escrowed(database, job, owner, limit);
  const known = new Set(workers.map(({ externalId }) => externalId));
  const joined = workers.map((one) => ({ ...one, ...ifPresent(retried.workers.get(one.externalId)) }));
  for (const [externalId, operation] of retried.workers)
    if (!known.has(externalId)) joined.push({ externalId, silent: false, escrowed: operation });
  return {
    workers: joined.toSorted((left, right) => (left.externalId < right.externalId ? -1 : 1)).slice(0, limit),
    total: (all === undefined ? 0 : integerOf(all, 'found')) + retried.others,
  };
}
