import Table from 'cli-table3';
import { rekeyWords, type Change, type PlanHead, type RekeyCase } from '../domain/change.ts';
import { formatInstant } from '../domain/clock.ts';
import { shownDifference, type Masks } from '../audit/masks.ts';
import type { PlanViewName, PlanViewRow } from '../audit/plan-views.ts';
import { shortPath } from '../audit/words.ts';
import { changeKinds, sentChangeKinds, type ExternalId } from '../domain/words.ts';
import { toldDifferences } from '../scim/index.ts';
import { formatCount, plural, type Style } from './style.ts';

/** How many workers are listed one by one; `--json` and the report have them all. */
export const listed = 20;
/** Rows of a view on a terminal. */
const listedRows = 40;

/** The plan as a person reads it before deciding. */
export function renderPlan(plan: PlanHead, style: Style): string {
  const { bold, dim, red, green } = style;
  const lines = [
    '',
    `${bold('Plan')} ${plan.hash.slice(0, 12)}  ${dim(`run ${plan.run}, as of ${formatInstant(plan.asOf)}${plan.first ? ', first run' : ''}${plan.only === undefined ? '' : `, only ${plan.only === 'leavers' ? 'leavers' : plural(plan.only.length, 'worker')}`}`)}`,
  ];
  for (const kind of changeKinds)
    if (plan.counts[kind] > 0) lines.push(`  ${kind.padEnd(10)} ${formatCount(plan.counts[kind]).padStart(8)}${meaning[kind]}`);
  if (plan.waiting > 0) lines.push(`  ${'waiting'.padEnd(10)} ${formatCount(plan.waiting).padStart(8)}  behind an operation in flight`);
  const held = Object.entries(plan.held ?? {});
  if (held.length > 0) {
    const count = held.reduce((sum, [, of]) => sum + of, 0);
    lines.push(
      `  ${'held'.padEnd(10)} ${formatCount(count).padStart(8)}  ${held.map(([cause, of]) => `${formatCount(of)} ${cause}`).join(', ')}`,
    );
  }
  if (plan.rescinded !== undefined) {
    lines.push(`  ${'cancelled'.padEnd(10)} ${formatCount(plan.rescinded).padStart(8)}  pre-hire rescinded, the account is off already`);
  }
  if (plan.backDated !== undefined) {
    lines.push(
      `  ${'back-dated'.padEnd(10)} ${formatCount(plan.backDated).padStart(8)}  leavers whose end lies before the last accepted run`,
    );
  }
  const { fresh, standing, keyless } = plan.rejections;
  if (fresh + standing + keyless > 0) {
    lines.push(
      `  ${'rejected'.padEnd(10)} ${formatCount(fresh + standing + keyless).padStart(8)}  ${formatCount(fresh + keyless)} new, ${formatCount(standing)} standing`,
    );
  }
  if (plan.price.operations === 0) lines.push('  Nothing to send.');
  else {
    const { price } = plan;
    lines.push(
      `  Price: ${plural(price.operations, 'operation')} in ${plural(price.calls, 'call')}; ${formatCount(price.callsLeft)} calls are left in the rolling day; done at ${formatInstant(price.earliestEnd)} at the earliest.`,
    );
  }
  if (plan.staging !== undefined) {
    const sizes = plan.staging.stages.map(({ operations }) => formatCount(operations));
    lines.push(`  Sent in stages of ${sizes.join(', ')}: ${plan.staging.because.join('; ')}.`);
  }
  const { secondPass } = plan.price;
  if (secondPass !== undefined) {
    lines.push(
      `  Second pass for managers who come with this plan: at most ${plural(secondPass.operations, 'operation')} in ${plural(secondPass.calls, 'call')} more.`,
    );
  }
  for (const guard of plan.guards) {
    const { approved } = guard;
    if (approved !== undefined) {
      lines.push(
        `  ${green('✓')} guard ${guard.guard}: approved by ${approved.by} until ${formatInstant(approved.until)}: ${approved.reason}`,
      );
      lines.push(`    ${dim(guard.words)}`);
      continue;
    }
    lines.push(`  ${guard.tripped ? red('✗') : green('✓')} guard ${guard.guard}: ${guard.tripped ? red(guard.words) : dim(guard.words)}`);
  }
  return `${lines.join('\n')}\n`;
}

const meaning: Readonly<Record<(typeof changeKinds)[number], string>> = {
  joiner: '  created, enabled',
  'pre-hire': '  created disabled, start soon',
  enable: '  first activation',
  mover: '  attributes change',
  leaver: '  disabled',
  rehire: '  enabled again',
  cancelled: '  pre-hire rescinded',
  none: '  nothing to send',
  ignored: '  inactive and unknown, never sent',
  frozen: '  disabled and still inactive, never sent',
};

/** The cases that only a person can close, each with the way. */
export function renderRekeys(cases: readonly RekeyCase[], total: number, file: string): string {
  if (cases.length === 0) return '';
  const lines = [`${plural(total, 'rekey case')}: nothing is sent about either key until somebody decides`];
  for (const { old, new: young, by } of cases.slice(0, listed)) {
    lines.push(`  ${old} and ${young} share ${rekeyWords[by]}`);
  }
  if (total > listed) lines.push(`  … and ${formatCount(total - listed)} more; --json lists them all`);
  lines.push(
    '  One person: 1. set employeeId of the account to the new key in the directory;',
    `              2. joinery rekey ${file} OLD NEW --reason TEXT`,
    `  Two people: joinery rekey ${file} OLD NEW --different --reason TEXT`,
  );
  return `${lines.join('\n')}\n`;
}

/** Workers whom a decision is about, by name: whom the plan must not touch, whose end came late. */
export function renderNamed(title: string, workers: readonly ExternalId[]): string {
  if (workers.length === 0) return '';
  const named = workers.slice(0, listed).join(', ');
  const more = workers.length > listed ? ` … and ${formatCount(workers.length - listed)} more; --json lists them all` : '';
  return `${title}: ${named}${more}\n`;
}

/** A view of the plan; the widest first. */
export function renderPlanView(by: PlanViewName, rows: readonly PlanViewRow[]): string {
  if (rows.length === 0) return '';
  const kinds = by === 'change' ? [] : sentChangeKinds.filter((kind) => rows.some(({ changes }) => changes[kind] !== undefined));
  const table = new Table({
    head: [by, 'workers', ...kinds, 'set', 'changed', 'emptied'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...Array.from({ length: kinds.length + 4 }, () => 'right' as const)],
  });
  for (const { name, workers, changes, set, changed, emptied } of rows.slice(0, listedRows)) {
    table.push([name, ...[workers, ...kinds.map((kind) => changes[kind] ?? 0), set, changed, emptied].map(formatCount)]);
  }
  const rest = rows.length - listedRows;
  return `${table.toString()}\n${rest > 0 ? `… and ${plural(rest, 'more row')}; --json lists them all\n` : ''}`;
}

/** Old → new of the first workers, as openly as the class of each attribute allows. */
export function renderChanges(changes: readonly Change[], total: number, masks: Masks, style: Style): string {
  if (changes.length === 0) return '';
  const table = new Table({
    head: ['worker', 'change', 'attribute', 'old', 'new'],
    style: { head: [], border: [], compact: true },
    wordWrap: false,
  });
  for (const change of changes.slice(0, listed)) {
    const told = toldDifferences(change.differences);
    const rows = told.slice(0, 4);
    for (const [index, difference] of rows.entries()) {
      const shown = shownDifference(difference, masks);
      table.push([
        index === 0 ? change.externalId : '',
        index === 0 ? (change.held === undefined ? change.change : `${change.change}, held (${change.held})`) : '',
        shortPath(difference.path),
        shown.old,
        difference.kind === 'emptied' ? style.yellow('(emptied)') : shown.new,
      ]);
    }
    const more = told.length - rows.length;
    if (more > 0) table.push(['', '', `… and ${String(more)} more`, '', '']);
  }
  const rest = total - Math.min(listed, changes.length);
  return `${table.toString()}\n${rest > 0 ? `… and ${plural(rest, 'more worker')}; --json lists them all\n` : ''}`;
}
