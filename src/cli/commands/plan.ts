import type { Command } from 'commander';
import { stopsPlan } from '../../domain/approval.ts';
import type { Change, RekeyCase } from '../../domain/change.ts';
import { formatInstant } from '../../domain/clock.ts';
import type { AttributeClass } from '../../domain/payload.ts';
import type { ExternalId } from '../../domain/words.ts';
import { readOnly } from '../../stages/only.ts';
import { readHandoff } from '../../store/run-files.ts';
import { executePipeline, type ExecuteOptions, type Execution } from '../execute.ts';
import { defineCommand, withVerification } from '../options.ts';
import { renderChanges, renderPlan, renderNamed, renderRekeys } from '../plan-text.ts';
import type { Register } from '../program.ts';

interface PlanOptions extends ExecuteOptions {
  readonly exitCode?: boolean;
  readonly only?: readonly string[];
}

/** `joinery plan`: the first three stages, rendered. Sends nothing. */
export function planCommand(register: Register): Command {
  return withVerification(
    defineCommand(
      'plan',
      'Extract, transform and batch, and show what would be sent; sends nothing',
      'joinery plan pipelines/contoso.yaml --exit-code',
    ),
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--first-run', 'plan although accounts exist that the state does not know; see `joinery adopt`')
    .option('--only <what...>', 'only `leavers`, or only these workers; the rest stays the work of the next run')
    .option('--exit-code', 'exit with 2 when changes are pending')
    .action(
      register((io, file: string, options: PlanOptions) =>
        executePipeline(io, file, options, async (execution) => {
          const { run, plan } = await execution.runner.plan(options.only === undefined ? undefined : readOnly(options.only));
          await showPlan(execution, run.id, plan);
          if (plan.guards.some(stopsPlan)) return 'guard';
          if (plan.rejections.fresh + plan.rejections.keyless > 0) return 'rejections';
          return options.exitCode === true && plan.price.operations > 0 ? 'pending' : 'success';
        }),
      ),
    );
}

/** The head, and old → new of the workers that would be sent. */
export async function showPlan(execution: Execution, run: string, plan: Parameters<typeof renderPlan>[0]): Promise<void> {
  const { runner, style, say, tell } = execution;
  say(renderPlan(plan, style));
  const changes: Change[] = [];
  const rekeys = new Map<string, RekeyCase>();
  const [untouched, backDated]: [ExternalId[], ExternalId[]] = [[], []];
  let total = 0;
  for await (const { change } of readHandoff(runner.store, run, 'plan.ndjson')) {
    if (change?.rekey !== undefined) rekeys.set(`${change.rekey.old} ${change.rekey.new}`, change.rekey);
    if (change === undefined || !(change.send || change.waiting || change.held !== undefined)) continue;
    total++;
    if (change.held === 'protected') untouched.push(change.externalId);
    if (change.backDated !== undefined && change.held === undefined) backDated.push(change.externalId);
    tell({
      type: 'change',
      externalId: change.externalId,
      change: change.change,
      cause: change.cause,
      waiting: change.waiting,
      ...(change.held === undefined ? {} : { held: change.held }),
      ...(change.backDated === undefined ? {} : { backDated: formatInstant(change.backDated) }),
      attributes: change.differences.map(({ path, kind }) => ({ path, kind })),
    });
    if (changes.length < 20) changes.push(change);
  }
  const classes = new Map(runner.pipeline.transform.attributes.map((attribute) => [attribute.path, attribute.class]));
  const classOf = (path: string): AttributeClass => (path === 'active' ? 'public' : (classes.get(path) ?? 'personal'));
  say(renderChanges(changes, total, classOf, style));
  say(renderNamed('Protected, never touched', untouched));
  say(renderNamed('Back-dated, disabled at once', backDated));
  say(renderRekeys([...rekeys.values()], rekeys.size, runner.pipeline.file));
  for (const found of rekeys.values()) tell({ type: 'rekey', ...found });
  tell({ type: 'result', plan });
}
