import type { Command } from 'commander';
import { stopsPlan } from '../../domain/approval.ts';
import type { Run } from '../../domain/run.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { executeOnState, executePipeline, type ExecuteOptions, type Execution } from '../execute.ts';
import { choiceOf, defineCommand, withChoice, withVerification, type ChoiceOptions } from '../options.ts';
import { describeCounts } from '../progress.ts';
import type { Register } from '../program.ts';
import { showPlan } from './plan.ts';

type StageOptions = ExecuteOptions & ChoiceOptions;

/** `joinery extract`: always begins a run. */
export function extractCommand(register: Register): Command {
  return defineCommand('extract', 'Begin a run: read the source and keep what changed', 'joinery extract pipelines/contoso.yaml --json')
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register((io, file: string, options: StageOptions) =>
        executePipeline(io, file, options, async (execution) => tellRun(execution, await execution.runner.extract())),
      ),
    );
}

export function transformCommand(register: Register): Command {
  return withVerification(
    withChoice(
      defineCommand('transform', 'Map the rows of an extracted run to payloads', 'joinery transform pipelines/contoso.yaml --run latest'),
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register((io, file: string, options: StageOptions) => {
        const choice = choiceOf({ run: 'latest', ...options });
        return executeOnState(io, file, options, async (execution) => tellRun(execution, await execution.runner.transform(choice)));
      }),
    );
}

export function batchCommand(register: Register): Command {
  return withChoice(
    defineCommand(
      'batch',
      'Compare payloads with the ledger: plan, guards and batches',
      'joinery batch pipelines/contoso.yaml --run latest',
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--first-run', 'plan although accounts exist that the state does not know; see `joinery adopt`')
    .action(
      register((io, file: string, options: StageOptions) => {
        const choice = choiceOf({ run: 'latest', ...options });
        return executeOnState(io, file, options, async (execution) => {
          const { run, plan } = await execution.runner.batch(choice);
          await showPlan(execution, run.id, plan, { io });
          if (plan.guards.some(stopsPlan)) return 'guard';
          return plan.rejections.fresh + plan.rejections.keyless > 0 ? 'rejections' : 'success';
        });
      }),
    );
}

/** `joinery load`: sends only a plan that somebody chose; does not wait for outcomes. */
export function loadCommand(register: Register): Command {
  return withChoice(
    defineCommand(
      'load',
      'Send the batches of a planned run, or go on with an interrupted one',
      'joinery load pipelines/contoso.yaml --run latest',
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register((io, file: string, options: StageOptions) => {
        const choice = choiceOf(options);
        return executeOnState(io, file, options, async (execution) => tellRun(execution, await execution.runner.load(choice)));
      }),
    );
}

/** `joinery reconcile`: takes all open operations of the job, whichever run they are of. */
export function reconcileCommand(register: Register): Command {
  return defineCommand(
    'reconcile',
    'Read the provisioning logs and close open operations of the job',
    'joinery reconcile pipelines/contoso.yaml --wait 0',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--wait <duration>', 'how long to wait for outcomes (default 3h); 0: one look')
    .action(
      register((io, file: string, options: StageOptions) =>
        executeOnState(io, file, options, async ({ runner, say, tell }): Promise<ExitClass> => {
          const outcomes = await runner.reconcile();
          say(`${describeCounts(outcomes)}\n`);
          tell({ type: 'result', outcomes });
          const bad = ['failed', 'silent', 'escrowed', 'open'].some((outcome) => (outcomes[outcome] ?? 0) > 0);
          return bad ? 'outcomes' : 'success';
        }),
      ),
    );
}

function tellRun({ say, tell }: Execution, run: Run): ExitClass {
  say(`run ${run.id} is ${run.state}\n`);
  tell({ type: 'result', run });
  return 'success';
}
