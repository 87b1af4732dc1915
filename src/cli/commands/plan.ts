import { Option, type Command } from 'commander';
import { masksOf, shownDifference, type Masks } from '../../audit/masks.ts';
import { PlanWorkers, renderPlanPage } from '../../audit/plan-page.ts';
import { PlanTally, planViewNames, type PlanViewName } from '../../audit/plan-views.ts';
import { stopsPlan } from '../../domain/approval.ts';
import { isRescinded, type Change, type PlanHead, type RekeyCase } from '../../domain/change.ts';
import { formatInstant } from '../../domain/clock.ts';
import type { ExternalId } from '../../domain/words.ts';
import { readOnly } from '../../stages/only.ts';
import { readHandoff } from '../../store/run-files.ts';
import { writePrivate } from '../private-file.ts';
import { personOf, type Io } from '../io.ts';
import { executePipeline, type ExecuteOptions, type Execution } from '../execute.ts';
import { defineCommand, withVerification } from '../options.ts';
import { listed, renderChanges, renderPlan, renderPlanView, renderNamed, renderRekeys } from '../plan-text.ts';
import type { Register } from '../program.ts';
import { checkedReason } from '../reveal.ts';

interface PlanOptions extends ExecuteOptions {
  readonly exitCode?: boolean;
  readonly only?: readonly string[];
  readonly by?: PlanViewName;
  readonly out?: string;
  readonly reveal?: string;
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
    .addOption(new Option('--by <view>', 'sum the changes up by change kind, department or attribute').choices(planViewNames))
    .option('--out <file>', 'write the plan as one HTML page that loads nothing, for whoever approves it')
    .option('--reveal <reason>', 'show personal values; the reason is journalled')
    .option('--exit-code', 'exit with 2 when changes are pending')
    .action(
      register((io, file: string, options: PlanOptions) =>
        executePipeline(io, file, options, async (execution) => {
          const { run, plan } = await execution.runner.plan(options.only === undefined ? undefined : readOnly(options.only));
          await showPlan(execution, run.id, plan, { io, ...options });
          if (plan.guards.some(stopsPlan)) return 'guard';
          if (plan.rejections.fresh + plan.rejections.keyless > 0) return 'rejections';
          return options.exitCode === true && plan.price.operations > 0 ? 'pending' : 'success';
        }),
      ),
    );
}

interface PlanShape extends Pick<PlanOptions, 'by' | 'out' | 'reveal'> {
  readonly io: Io;
}

/** The head, a view, and old → new of the workers that would be sent. Errors: AUD-105, CLI-102. */
export async function showPlan(execution: Execution, run: string, plan: PlanHead, { io, by, out, reveal }: PlanShape): Promise<void> {
  const { runner, style, say, tell, isTold } = execution;
  const { store, pipeline } = runner;
  if (reveal !== undefined) {
    const data = { pipeline: pipeline.name, command: 'plan', by: personOf(io), reason: checkedReason(reveal), run };
    await store.journal.record('reveal', data, io.clock.now());
  }
  const masks = masksOf(pipeline, reveal !== undefined);
  say(renderPlan(plan, style));
  const changes: Change[] = [];
  const rekeys = new Map<string, RekeyCase>();
  const [untouched, backDated, rescinded]: [ExternalId[], ExternalId[], ExternalId[]] = [[], [], []];
  const { price, waiting, held = {} } = plan;
  const total = Object.values(held).reduce((sum, count) => sum + count, price.operations + waiting);
  const tally = by === undefined && out === undefined ? undefined : new PlanTally(masks);
  const page = out === undefined ? undefined : { out, workers: new PlanWorkers(masks) };
  // Where the head says that nobody is to be named, the first few are all that is read of a plan of many.
  const isAllRead = isTold || tally !== undefined || namesSomebody(plan);
  for await (const { change } of readHandoff(store, run, 'plan.ndjson')) {
    if (!isAllRead && changes.length === listed) break;
    if (change?.rekey !== undefined) rekeys.set(`${change.rekey.old} ${change.rekey.new}`, change.rekey);
    if (change === undefined) continue;
    tally?.add(change);
    page?.workers.add(change);
    if (isRescinded(change)) {
      rescinded.push(change.externalId);
      if (isTold) tell(shownChange(change, masks));
    }
    if (!(change.send || change.waiting || change.held !== undefined)) continue;
    if (change.held === 'protected') untouched.push(change.externalId);
    if (change.backDated !== undefined && change.held === undefined) backDated.push(change.externalId);
    if (isTold) tell(shownChange(change, masks));
    if (changes.length < listed) changes.push(change);
  }
  if (by !== undefined && tally !== undefined) {
    say(renderPlanView(by, tally.view(by)));
    tell({ type: 'view', by, rows: tally.view(by) });
  }
  say(renderChanges(changes, total, masks, style));
  say(renderNamed('Protected, never touched', untouched));
  say(renderNamed('Back-dated, disabled at once', backDated));
  say(renderNamed('Cancelled before the first day, off already', rescinded));
  say(renderRekeys([...rekeys.values()], rekeys.size, pipeline.file));
  for (const found of rekeys.values()) tell({ type: 'rekey', ...found });
  if (page !== undefined && tally !== undefined) {
    const text = renderPlanPage({ plan, tally, workers: page.workers, masked: masks.masked, writtenAt: io.clock.now() });
    say(`${await writePrivate(page.out, text)}\n`);
  }
  tell({ type: 'result', plan });
}

function namesSomebody({ held, rekeys, rescinded, backDated }: PlanHead): boolean {
  return held?.protected !== undefined || rekeys !== undefined || rescinded !== undefined || backDated !== undefined;
}

/** Old and new as text, as openly as the attribute's class allows; null: there is none. An emptied attribute has its own kind and no new value. */
function shownChange({ externalId, change, cause, waiting, held, backDated, differences }: Change, masks: Masks): object {
  return {
    type: 'change',
    externalId,
    change,
    cause,
    waiting,
    ...(held === undefined ? {} : { held }),
    ...(backDated === undefined ? {} : { backDated: formatInstant(backDated) }),
    attributes: differences.map((difference) => {
      const { path, kind } = difference;
      const shown = shownDifference(difference, masks);
      return { path, kind, old: difference.old === undefined ? null : shown.old, new: kind === 'emptied' ? null : shown.new };
    }),
  };
}
