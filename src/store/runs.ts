import type { Clock, Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { PipelineName, RunId } from '../domain/words.ts';
import type { Lease, RunPatch, RunRecords } from './contract.ts';
import { insertOne, placeholders, type Database, type Reader, type Transaction } from './database.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';
import { flagOf, integerOf, optionalInteger, optionalText, present, textOf, wordOf, type Row } from './row.ts';

const runStates: readonly RunState[] = [
  'started',
  'extracted',
  'transformed',
  'planned',
  'stopped',
  'accepted',
  'loaded',
  'finished',
  'abandoned',
  'superseded',
];

export function openRuns(database: Database, clock: Clock): RunRecords {
  return {
    begin: (lease, run) => writeUnder(database, lease, (transaction) => begin(transaction, lease, run)),
    advance: (lease, id, patch) => writeUnder(database, lease, (transaction) => advance(transaction, lease, id, patch, clock.now())),
    get: (id) => findRun(database, id),
    list: (pipeline, limit) => newest(database, pipeline, limit),
    latest: async (pipeline, states) => (await newest(database, pipeline, 1, states))[0],
    latestWhole: async (pipeline, states) => (await newest(database, pipeline, 1, states, true))[0],
    mostPopulation: (pipeline, states, since) => mostPopulation(database, pipeline, states, since),
  };
}

export async function findRun(reader: Reader, id: RunId): Promise<Run | undefined> {
  const row = await reader.first({ sql: 'SELECT * FROM runs WHERE id = ?', bindings: [id] });
  return row === undefined ? undefined : runOf(row);
}

/** The run, if the lease covers it. Errors: STO-301, STO-303. */
export async function runUnder(transaction: Transaction, lease: Lease, id: RunId): Promise<Run> {
  const run = await findRun(transaction, id);
  if (run === undefined) throw new JoineryError('STO-301', `There is no run ${id} in the state.`);
  if (run.pipeline !== lease.pipeline) {
    throw new JoineryError('STO-303', `The run ${id} belongs to ${run.pipeline}; the lease is on ${lease.pipeline}.`);
  }
  return run;
}

/** Runs that start in the same millisecond are ordered by their id. */
async function newest(
  reader: Reader,
  pipeline: PipelineName,
  limit: number,
  states?: readonly RunState[],
  whole = false,
): Promise<readonly Run[]> {
  const conditions = [
    'pipeline = ?',
    ...(whole ? ['partial = 0'] : []),
    ...(states === undefined ? [] : [`state IN (${placeholders(states.length)})`]),
  ];
  const rows = await reader.all({
    sql: `SELECT * FROM runs WHERE ${conditions.join(' AND ')} ORDER BY started_at DESC, id DESC LIMIT ?`,
    bindings: [pipeline, ...(states ?? []), limit],
  });
  return rows.map(runOf);
}

async function mostPopulation(
  reader: Reader,
  pipeline: PipelineName,
  states: readonly RunState[],
  since: Instant,
): Promise<number | undefined> {
  const row = await reader.first({
    sql: `SELECT MAX(population) AS population FROM runs WHERE pipeline = ? AND started_at >= ? AND state IN (${placeholders(states.length)})`,
    bindings: [pipeline, since, ...states],
  });
  return row === undefined ? undefined : optionalInteger(row, 'population');
}

async function begin(transaction: Transaction, lease: Lease, run: Run): Promise<void> {
  if (run.pipeline !== lease.pipeline) {
    throw new JoineryError('STO-303', `The run ${run.id} belongs to ${run.pipeline}; the lease is on ${lease.pipeline}.`);
  }
  await transaction.run(
    insertOne('runs', {
      id: run.id,
      pipeline: run.pipeline,
      tenant: run.tenant,
      job: run.job,
      as_of: run.asOf,
      started_at: run.startedAt,
      state: run.state,
      mapping_id: run.mappingId,
      plan_hash: run.planHash ?? null,
      population: run.population ?? null,
      finished_at: run.finishedAt ?? null,
      begun_by: run.by ?? null,
      partial: run.partial === true ? 1 : 0,
    }),
  );
  await appendLine(
    transaction,
    'run.begun',
    {
      run: run.id,
      pipeline: run.pipeline,
      mapping: run.mappingId,
      asOf: run.asOf,
      state: run.state,
      ...present('by', run.by),
      ...present('partial', run.partial),
    },
    run.startedAt,
  );
}

async function advance(transaction: Transaction, lease: Lease, id: RunId, patch: RunPatch, at: Instant): Promise<void> {
  await runUnder(transaction, lease, id);
  const changed = {
    ...present('state', patch.state),
    ...present('plan_hash', patch.planHash),
    ...present('population', patch.population),
    ...present('finished_at', patch.finishedAt),
    ...present('partial', patch.partial === true ? 1 : undefined),
  };
  if (Object.keys(changed).length === 0) return;
  await transaction.run({
    sql: `UPDATE runs SET ${Object.keys(changed)
      .map((column) => `${column} = ?`)
      .join(', ')} WHERE id = ?`,
    bindings: [...Object.values(changed), id],
  });
  await appendLine(transaction, 'run.advanced', { run: id, ...changed }, at);
}

function runOf(row: Row): Run {
  return {
    id: textOf(row, 'id'),
    pipeline: textOf(row, 'pipeline'),
    tenant: textOf(row, 'tenant'),
    job: textOf(row, 'job'),
    asOf: integerOf(row, 'as_of'),
    startedAt: integerOf(row, 'started_at'),
    state: wordOf(row, 'state', runStates),
    mappingId: textOf(row, 'mapping_id'),
    ...present('planHash', optionalText(row, 'plan_hash')),
    ...present('population', optionalInteger(row, 'population')),
    ...present('finishedAt', optionalInteger(row, 'finished_at')),
    ...present('by', optionalText(row, 'begun_by')),
    ...present('partial', flagOf(row, 'partial') ? (true as const) : undefined),
  };
}
