import type { Command } from 'commander';
import { formatInstant } from '../../domain/clock.ts';
import { callAllowance } from '../../stages/allowance.ts';
import { scopeOf } from '../../stages/context.ts';
import { executePipeline, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import { describeCounts, describeEnd } from '../progress.ts';
import type { Register } from '../program.ts';
import { formatCount } from '../style.ts';

/** `joinery status`: runs, ledger, open operations and quota, from the state alone. */
export function statusCommand(register: Register): Command {
  return defineCommand(
    'status',
    'Show runs, ledger, open operations and quota, from the state alone',
    'joinery status pipelines/contoso.yaml --json',
  )
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register((io, file: string, options: ExecuteOptions) =>
        executePipeline(io, file, options, async ({ runner, style, say, tell }) => {
          const { store, pipeline } = runner;
          const scope = scopeOf(pipeline);
          const allowance = callAllowance(pipeline.sink);
          const now = io.clock.now();
          const [runs, ledger, open, calls] = await Promise.all([
            store.runs.list(pipeline.name, 10),
            store.ledger.counts(scope, pipeline.name),
            store.operations.open(scope),
            store.operations.callsUsed(scope.tenant, now - allowance.dayMilliseconds, now + 1),
          ]);
          const tallies = await Promise.all(runs.map((run) => store.operations.tally(run.id)));
          tell({
            type: 'result',
            pipeline: pipeline.name,
            runs: runs.map((run, index) => ({ ...run, outcomes: tallies[index] })),
            ledger,
            open: open.length,
            calls: { used: calls, of: allowance.dayCalls },
          });
          say(`${style.bold(pipeline.name)}\n`);
          say(`  ledger   ${describeCounts({ ...ledger })}\n`);
          say(`  open     ${formatCount(open.length)} operations of the job are in flight\n`);
          say(`  quota    ${formatCount(calls)} of ${formatCount(allowance.dayCalls)} calls used in the last 24 h\n`);
          for (const [index, run] of runs.entries()) {
            say(`  ${run.id}  ${run.state.padEnd(11)} ${formatInstant(run.asOf)}  ${describeEnd(run.state, tallies[index] ?? {})}\n`);
          }
          if (runs.length === 0) say('  no run yet\n');
          return 'success';
        }),
      ),
    );
}
