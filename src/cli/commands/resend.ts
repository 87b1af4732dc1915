import type { Command } from 'commander';
import { stopsPlan } from '../../domain/approval.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ResendChoice } from '../../stages/resend.ts';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { showPlan } from './plan.ts';

interface ResendOptions extends ExecuteOptions {
  readonly worker?: readonly string[];
  readonly attribute?: readonly string[];
  readonly where?: string;
  readonly all?: boolean;
}

/** `joinery resend`: plans to send workers again of whom nothing differs; guarded and priced like any plan, sent by `joinery apply`. */
export function resendCommand(register: Register): Command {
  return defineCommand(
    'resend',
    'Plan to send workers again although nothing differs; joinery apply sends the plan',
    'joinery resend pipelines/contoso.yaml --attribute department',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--worker <id...>', 'these workers, by the key of the source; also who is off, if his account was turned on outside')
    .option('--attribute <name...>', 'everybody whose last payload has one of these attributes')
    .option(
      '--where <expression>',
      'everybody for whose row this JSONata expression is true; columns, lets, lookups and functions as in the pipeline',
    )
    .option('--all', 'everybody of the pipeline')
    .action(
      register((io, file: string, options: ResendOptions) => {
        const choice = choiceOf(options);
        return executeOnState(io, file, options, async (execution) => {
          const { run, plan } = await execution.runner.resend(choice);
          await showPlan(execution, run.id, plan, { io });
          execution.say(`To send it: joinery apply ${file} --run ${run.id}\n`);
          return plan.guards.some(stopsPlan) ? 'guard' : 'success';
        });
      }),
    );
}

/** Errors: STG-106 unless exactly one way of choosing is given. */
function choiceOf({ worker, attribute, where, all }: ResendOptions): ResendChoice {
  const given = [worker !== undefined, attribute !== undefined, where !== undefined, all === true].filter(Boolean).length;
  if (given !== 1) throw new JoineryError('STG-106', 'exactly one of --worker, --attribute, --where and --all is needed');
  if (where !== undefined) return { where };
  if (worker !== undefined) return { workers: worker };
  return attribute !== undefined ? { attributes: attribute } : { all: true };
}
