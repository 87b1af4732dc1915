import type { Command } from 'commander';
import { stopsPlan } from '../../domain/approval.ts';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { showPlan } from './plan.ts';

interface RenameOptions extends ExecuteOptions {
  readonly worker: string;
  readonly to?: string;
}

/** `joinery rename`: plans another user name for one worker; guarded and priced like any plan, sent by `joinery apply`. */
export function renameCommand(register: Register): Command {
  return defineCommand(
    'rename',
    'Plan another user name for a worker; joinery apply sends the plan',
    'joinery rename pipelines/contoso.yaml --worker W004711 --to anna.berg@contoso.example',
  )
    .argument('<pipeline>', 'the pipeline file')
    .requiredOption('--worker <id>', 'the worker, by the key of the source')
    .option('--to <name>', 'the user name (default: the first candidate of the pipeline that is free)')
    .action(
      register((io, file: string, options: RenameOptions) =>
        executeOnState(io, file, options, async (execution) => {
          const { run, plan } = await execution.runner.rename(options.worker, options.to);
          await showPlan(execution, run.id, plan, { io });
          execution.say(`To send it: joinery apply ${file} --run ${run.id}\n`);
          return plan.guards.some(stopsPlan) ? 'guard' : 'success';
        }),
      ),
    );
}
