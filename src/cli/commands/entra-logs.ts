import { Option, type Command } from 'commander';
import type { Instant } from '../../domain/clock.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import type { LogRow } from '../../domain/log-row.ts';
import { groupErrors } from '../../entra/doctor/examine-rows.ts';
import { openLogs, type Logs } from '../../entra/logs.ts';
import { classWords, explainCode } from '../../entra/outcome-codes.ts';
import { withGraph } from '../entra-execution.ts';
import { executeBesideState, type ExecuteOptions, type Execution } from '../execute.ts';
import type { Io } from '../io.ts';
import { defineCommand, parseDuration } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface LogOptions extends ExecuteOptions {
  readonly worker?: string;
  readonly status?: string;
  readonly since: string;
  readonly run?: string;
  readonly follow?: boolean;
  readonly every: string;
}

/** Rows become visible late and out of order: each look begins this long before the last one, ms. */
const overlap = 20 * 60_000;

/** `joinery entra logs`: the provisioning logs of the job, known codes explained. Reads only. */
export function entraLogsCommand(register: Register): Command {
  return defineCommand(
    'logs',
    'Show the provisioning logs by worker, status, time or run, with errors grouped and explained',
    'joinery entra logs pipelines/contoso.yaml --status failure --since 3h',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--worker <id>', 'only this worker')
    .addOption(new Option('--status <status>', 'how the row ended').choices(['success', 'failure', 'skipped', 'warning']))
    .option('--since <time>', 'a duration such as 3h, or an instant', '24h')
    .option('--run <id>', 'only workers of this run, since its first upload')
    .option('--follow', 'go on with rows that become visible, until interrupted')
    .option('--every <duration>', 'pause between two looks with --follow', '30s')
    .action(
      register((io, file: string, options: LogOptions) =>
        executeBesideState(io, file, options, (execution) => showLogs(io, options, execution)),
      ),
    );
}

interface Choice {
  readonly from: Instant;
  readonly workers?: ReadonlySet<string>;
  readonly status?: string;
  readonly worker?: string;
}

async function showLogs(io: Io, options: LogOptions, execution: Execution): Promise<ExitClass> {
  const choice = await readChoice(io, options, execution);
  const seen = new Set<string>();
  return withGraph(io, execution.runner.pipeline.sink, async (graph) => {
    const logs = openLogs(graph);
    const rows: LogRow[] = [];
    let from = choice.from;
    for (;;) {
      const asked = io.clock.now();
      for (const row of await look(logs, { ...choice, from }, seen, io)) {
        rows.push(row);
        execution.tell({ type: 'row', ...publicPart(row) });
        execution.say(lineOf(row, execution));
      }
      if (options.follow !== true) break;
      from = Math.max(choice.from, asked - overlap);
      try {
        await io.clock.sleep(parseDuration(options.every), io.signal);
      } catch {
        // Following ends when somebody says so, and that is no failure.
        break;
      }
    }
    const groups = groupErrors(rows);
    for (const { code, explanation, workers } of groups) {
      execution.say(
        `\n${execution.style.bold(code)}: ${plural(workers.length, 'worker')}\n  ${explanation.words} (${classWords[explanation.class]})\n  ${explanation.todo}\n`,
      );
    }
    execution.say(`\n${plural(rows.length, 'row')}\n`);
    execution.tell({ type: 'result', rows: rows.length, errors: groups });
    return groups.some(({ explanation }) => explanation.outcome === 'failed') ? 'outcomes' : 'success';
  });
}

async function readChoice(io: Io, options: LogOptions, { runner }: Execution): Promise<Choice> {
  const since = /^\d{4}-/.test(options.since) ? Date.parse(options.since) : io.clock.now() - parseDuration(options.since);
  if (Number.isNaN(since)) throw new JoineryError('CLI-101', `--since ${options.since} is no duration and no instant`);
  const common = {
    ...(options.status === undefined ? {} : { status: options.status }),
    ...(options.worker === undefined ? {} : { worker: options.worker }),
  };
  if (options.run === undefined) return { from: since, ...common };
  const run = options.run === 'latest' ? await runner.store.runs.latest(runner.pipeline.name) : await runner.store.runs.get(options.run);
  if (run?.pipeline !== runner.pipeline.name)
    throw new JoineryError('STG-101', `pipeline ${runner.pipeline.name} has no run ${options.run}`);
  const workers = new Set<string>();
  let from = Infinity;
  for await (const operations of runner.store.operations.stream(run.id)) {
    for (const { externalId, acceptedAt, sentAt } of operations) {
      workers.add(externalId);
      from = Math.min(from, acceptedAt ?? sentAt ?? Infinity);
    }
  }
  return { from: from === Infinity ? since : from, workers, ...common };
}

async function look(logs: Logs, choice: Choice, seen: Set<string>, io: Io): Promise<readonly LogRow[]> {
  const fresh: LogRow[] = [];
  const onProblem = ({ message }: { readonly message: string }): void => {
    io.err(`${message}\n`);
  };
  const query = { from: choice.from, onProblem, signal: io.signal, ...(choice.worker === undefined ? {} : { externalId: choice.worker }) };
  for await (const page of logs.read(query)) {
    for (const row of page) {
      if (seen.has(row.id)) continue;
      seen.add(row.id);
      if (choice.status !== undefined && row.provisioningStatusInfo.status !== choice.status) continue;
      if (choice.workers !== undefined && !choice.workers.has(row.sourceIdentity?.id ?? '')) continue;
      fresh.push(row);
    }
  }
  return fresh;
}

/** A row without what it tells of a person: its steps hold every attribute's value, and reasons may quote one. */
function publicPart(row: LogRow): Readonly<Record<string, unknown>> {
  return {
    id: row.id,
    at: row.activityDateTime,
    externalId: row.sourceIdentity?.id ?? null,
    changeId: row.changeId,
    action: row.provisioningAction,
    status: row.provisioningStatusInfo.status,
    code: row.provisioningStatusInfo.errorInformation?.errorCode ?? null,
    attributes: (row.modifiedProperties ?? []).map(({ displayName }) => displayName ?? ''),
  };
}

/** Worker ids are keys, names and values of people are not shown. */
function lineOf(row: LogRow, { style }: Execution): string {
  const { status, errorInformation } = row.provisioningStatusInfo;
  const code = errorInformation?.errorCode ?? '';
  const colour = { failure: style.red, warning: style.yellow, success: style.green }[status] ?? style.dim;
  const words = code === '' ? '' : `  ${code}: ${explainCode(code, errorInformation?.reason ?? '').words}`;
  const changed = (row.modifiedProperties ?? []).map(({ displayName }) => displayName ?? '').join(', ');
  return `${row.activityDateTime}  ${(row.sourceIdentity?.id ?? '').padEnd(10)} ${row.provisioningAction.padEnd(8)} ${colour(status.padEnd(8))}${words}${changed === '' ? '' : `  ${style.dim(changed)}`}\n`;
}
