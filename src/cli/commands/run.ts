import type { Command } from 'commander';
import type { Register } from '../program.ts';
import { executePipeline, type ExecuteOptions } from '../execute.ts';
import { defineCommand, withVerification } from '../options.ts';
import { reportResult } from '../outcome-text.ts';
import { withReport } from '../run-report.ts';

/** `joinery run`: all five stages. */
export function runCommand(register: Register): Command {
  return withVerification(
    defineCommand(
      'run',
      'All stages: read the source, plan, send what changed, and wait for the outcomes',
      'joinery run pipelines/contoso.yaml --env-file .env',
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--first-run', 'plan although accounts exist that the state does not know; see `joinery adopt`')
    .option('--wait <duration>', 'how long to wait for outcomes (default 3h)')
    .action(
      register((io, file: string, options: ExecuteOptions) =>
        executePipeline(
          io,
          file,
          options,
          async (execution) => reportResult(execution, io.clock, await withReport(execution, io.clock, () => execution.runner.run())),
          {
            planAtOnce: true,
          },
        ),
      ),
    );
}
