import type { Command } from 'commander';
import { formatInstant, type Instant } from '../../domain/clock.ts';
import { JoineryError } from '../../domain/error.ts';
import { callAllowance } from '../../stages/allowance.ts';
import { scopeOf } from '../../stages/context.ts';
import { lastSuccess, type LastSuccess } from '../../stages/last-success.ts';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand, parseDuration } from '../options.ts';
import { describeCounts, describeEnd } from '../progress.ts';
import type { Register } from '../program.ts';
import { formatCount, formatSpan } from '../style.ts';

interface StatusOptions extends ExecuteOptions {
  readonly maxAge?: string;
}

/** `joinery status`: runs, ledger, open operations and quota, from the state alone. */
export function statusCommand(register: Register): Command {
  return defineCommand(
    'status',
    'Show runs, ledger, open operations and quota, from the state alone',
    'joinery status pipelines/contoso.yaml --json',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--max-age <duration>', 'fail (exit 4) unless a run has succeeded within this time: for a monitor that looks from outside')
    .action(
      register((io, file: string, options: StatusOptions) =>
        executeOnState(io, file, options, async ({ runner, style, say, tell }) => {
          const { store, pipeline } = runner;
          const scope = scopeOf(pipeline);
          const allowance = callAllowance(pipeline.sink);
          const now = io.clock.now();
          const [runs, ledger, open, calls, conditions, success] = await Promise.all([
            store.runs.list(pipeline.name, 10),
            store.ledger.counts(scope, pipeline.name),
            store.operations.open(scope),
            store.operations.callsUsed(scope.tenant, now - allowance.dayMilliseconds, now + 1),
            store.conditions.of(pipeline.name),
            lastSuccess(store, pipeline.name),
          ]);
          const tallies = await Promise.all(runs.map((run) => store.operations.tally(run.id)));
          tell({
            type: 'result',
            pipeline: pipeline.name,
            runs: runs.map((run, index) => ({ ...run, outcomes: tallies[index] })),
            ledger,
            open: open.length,
            calls: { used: calls, of: allowance.dayCalls },
            conditions,
            lastSuccess: success.at ?? null,
          });
          say(`${style.bold(pipeline.name)}\n`);
          say(`  ledger   ${describeCounts({ ...ledger })}\n`);
          say(`  open     ${formatCount(open.length)} operations of the job are in flight\n`);
          say(`  quota    ${formatCount(calls)} of ${formatCount(allowance.dayCalls)} calls used in the last 24 h\n`);
          say(`  success  ${success.at === undefined ? 'none yet' : formatInstant(success.at)}\n`);
          for (const { name, since, signature, over } of conditions) {
            const words = `${name}${signature === '' ? '' : ` (${signature})`} since ${formatInstant(since)}${over === undefined ? '' : ', over'}`;
            say(style.yellow(`  told of  ${words}\n`));
          }
          for (const [index, run] of runs.entries()) {
            say(`  ${run.id}  ${run.state.padEnd(11)} ${formatInstant(run.asOf)}  ${describeEnd(run.state, tallies[index] ?? {})}\n`);
          }
          if (runs.length === 0) say('  no run yet\n');
          if (options.maxAge !== undefined) refuseStale(now, success, options.maxAge, pipeline.name);
          return 'success';
        }),
      ),
    );
}

/** Clocks of two machines may differ by so much before anybody is told; ms. */
const clocksMayDiffer = 300_000;

/** Errors: STG-303; STG-304 for a success that is later than now, which says nothing about its age. */
export function refuseStale(now: Instant, { at }: LastSuccess, maxAge: string, pipeline: string): void {
  const limit = parseDuration(maxAge);
  if (at !== undefined && at - now > clocksMayDiffer) {
    const words = `the last run that succeeded ended at ${formatInstant(at)}, ${formatSpan(at - now)} after this clock`;
    throw new JoineryError('STG-304', `pipeline ${pipeline}: ${words} (${formatInstant(now)})`);
  }
  if (at !== undefined && now - at <= limit) return;
  const words = at === undefined ? 'no run has succeeded yet' : `the last run that succeeded ended ${formatSpan(now - at)} ago`;
  throw new JoineryError('STG-303', `pipeline ${pipeline}: ${words}, --max-age is ${maxAge}`);
}
