import type { Clock } from '../domain/clock.ts';
import type { ExitClass } from '../domain/errors/define.ts';
import { firstExitClass } from '../domain/exit.ts';
import type { RunResult } from '../stages/run.ts';
import type { Execution } from './execute.ts';
import { describeCounts } from './progress.ts';
import { nameRunFiles } from './run-report.ts';
import { formatCount, plural } from './style.ts';

/** What a run came to, in words and as an exit class. */
export async function reportResult(execution: Execution, clock: Clock, result: RunResult): Promise<ExitClass> {
  const { say, tell, style } = execution;
  const { run, tally, plan, dropped } = result;
  const bad = ['failed', 'silent', 'escrowed'].reduce((sum, outcome) => sum + (tally[outcome] ?? 0), 0);
  const open = tally['open'] ?? 0;
  const fresh = plan.rejections.fresh + plan.rejections.keyless;
  const sent = plan.price.operations > 0;
  const followUps = Object.values(tally).reduce((sum, count) => sum + count, 0) - plan.price.operations;
  say(`\n${style.bold('Outcomes')}  ${sent || Object.keys(tally).length > 0 ? describeCounts(tally) : 'nothing had to be sent'}\n`);
  if (followUps > 0)
    say(
      style.dim(
        `  ${plural(followUps, 'of these operations was', 'of these operations were')} added after the plan: workers who waited, or whose manager had to be there first.\n`,
      ),
    );
  if (bad > 0) say(style.red(`  ${formatCount(bad)} operations are not applied; the report lists worker, reason and what to do.\n`));
  if (open > 0)
    say(style.yellow(`  ${formatCount(open)} operations are still open; \`joinery reconcile\` closes them when the logs tell.\n`));
  await nameRunFiles(execution, run.id, clock);
  tell({ type: 'result', run, plan, outcomes: tally, dropped });
  const classes: ExitClass[] = [];
  if (bad > 0 || open > 0) classes.push('outcomes');
  if (fresh > 0) classes.push('rejections');
  return firstExitClass(classes);
}
