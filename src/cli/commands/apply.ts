import type { Command } from 'commander';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { choiceOf, defineCommand, withChoice, type ChoiceOptions } from '../options.ts';
import { reportResult } from '../outcome-text.ts';
import type { Register } from '../program.ts';
import { withReport } from '../run-report.ts';

/** `joinery apply`: sends a plan that somebody chose, and waits for its outcomes. */
export function applyCommand(register: Register): Command {
  return withChoice(
    defineCommand(
      'apply',
      'Send the plan of a run and wait for its outcomes',
      'joinery apply pipelines/contoso.yaml --plan-hash 7cf1014c415a',
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--wait <duration>', 'how long to wait for outcomes (default 3h)')
    .action(
      register((io, file: string, options: ExecuteOptions & ChoiceOptions) => {
        const choice = choiceOf(options);
        return executeOnState(io, file, options, async (execution) =>
          reportResult(execution, io.clock, await withReport(execution, io.clock, () => execution.runner.apply(choice))),
        );
      }),
    );
}
