import type { Command } from 'commander';
import { formatInstant } from '../../domain/clock.ts';
import { readJob, preflight, type JobExecution } from '../../entra/job.ts';
import { readNotifications } from '../../entra/notifications.ts';
import { scopeOf } from '../../stages/context.ts';
import { withGraph, stateFacts } from '../entra-execution.ts';
import { executeBesideState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { formatCount, formatSpan, plural } from '../style.ts';

/** Accepted this long ago without an outcome: worth a name. */
const lateAfter = 3_600_000;
const listed = 20;

/** `joinery entra status`: the job as the service tells it, beside what our state knows. Reads only. */
export function entraStatusCommand(register: Register): Command {
  return defineCommand(
    'status',
    'Show job, schedule, quarantine, counters, quota, and silent and waiting workers',
    'joinery entra status pipelines/contoso.yaml --json',
  )
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register((io, file: string, options: ExecuteOptions) =>
        executeBesideState(io, file, options, async ({ runner, style, say, tell }) => {
          const { sink } = runner.pipeline;
          const [job, notifications] = await withGraph(io, sink, async (graph) => [
            await readJob(graph, io.signal),
            await readNotifications(graph, sink.servicePrincipal, io.signal),
          ]);
          const state = await stateFacts(io, runner);
          const scope = scopeOf(runner.pipeline);
          const findings = preflight(job, sink.tenant);
          const silent = state.open.filter(({ acceptedAt }) => acceptedAt !== undefined && state.now - acceptedAt > lateAfter);
          const entries = await runner.store.ledger.getMany(scope, [...new Set(state.open.map(({ externalId }) => externalId))]);
          const waiting = [...entries.values()].filter(
            ({ sent, desired }) => sent !== undefined && desired !== undefined && desired.hash !== sent.hash,
          );
          tell({
            type: 'result',
            job,
            notifications,
            findings,
            calls: state.calls,
            open: state.open.length,
            silent: silent.map(({ externalId }) => externalId),
            waiting: waiting.map(({ externalId }) => externalId),
          });
          say(`${style.bold(job.id)}\n`);
          say(
            `  state        ${job.code}; schedule ${job.schedule.state}${job.schedule.interval === undefined ? '' : ` every ${job.schedule.interval}`}\n`,
          );
          if (job.quarantine !== undefined) {
            const next = job.quarantine.nextAttempt === undefined ? '' : `; next attempt ${formatInstant(job.quarantine.nextAttempt)}`;
            say(style.red(`  quarantine   ${job.quarantine.words}${next}\n`));
          }
          say(`  last run     ${describe(job.lastExecution)}\n`);
          say(`  last success ${describe(job.lastSuccessfulExecution)}\n`);
          say(`  last export  ${describe(job.lastExportingExecution)}\n`);
          const failures = job.failures ?? 0;
          const counters = `${formatCount(job.synchronized ?? 0)} records with an account; ${plural(failures, 'cycle')} in a row failed`;
          say(`  counters     ${failures > 0 ? style.red(counters) : counters}\n`);
          say(`  e-mail       ${notifications.email ?? style.red('none: a start ends in quarantine')}\n`);
          say(
            `  threshold    ${notifications.deletionThreshold === undefined ? 'none' : `${formatCount(notifications.deletionThreshold)} deletions`}\n`,
          );
          say(`  quota        ${formatCount(state.calls.used)} of ${formatCount(state.calls.of)} calls used in the last 24 h\n`);
          say(`  in flight    ${formatCount(state.open.length)} operations\n`);
          if (silent.length > 0)
            say(
              style.yellow(
                `  silent       ${names(silent.map(({ externalId }) => externalId))}, accepted more than ${formatSpan(lateAfter)} ago\n`,
              ),
            );
          if (waiting.length > 0)
            say(`  waiting      ${names(waiting.map(({ externalId }) => externalId))}, behind an operation in flight\n`);
          for (const { code, message } of findings) say(style.yellow(`  ${code}: ${message}\n`));
          return findings.some(({ severity }) => severity === 'error') ? 'sink' : 'success';
        }),
      ),
    );
}

function names(externalIds: readonly string[]): string {
  const rest = externalIds.length - listed;
  return `${externalIds.slice(0, listed).join(', ')}${rest > 0 ? ` and ${formatCount(rest)} more` : ''}`;
}

function describe(execution: JobExecution | undefined): string {
  if (execution === undefined) return 'none';
  const counts = [
    ['imported', execution.imported],
    ['exported', execution.exported],
    ['escrowed', execution.escrowed],
  ] as const;
  const told = counts.flatMap(([name, count]) => (count === undefined ? [] : [`${formatCount(count)} ${name}`])).join(', ');
  const at = execution.began === undefined ? '' : ` ${formatInstant(execution.began)}`;
  return `${execution.state}${at}: ${told}${execution.error === undefined ? '' : `; ${execution.error}`}`;
}
