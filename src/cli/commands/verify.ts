import type { Command } from 'commander';
import Table from 'cli-table3';
import { masksOf, type Masks } from '../../audit/masks.ts';
import { shortPath } from '../../audit/words.ts';
import { keyedHash, type Json } from '../../domain/canonical-json.ts';
import { driftKinds, type Drift, type DriftKind, type VerifyReport } from '../../stages/verify.ts';
import { executeOnState, type ExecuteOptions, type Execution } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { personOf } from '../io.ts';
import { checkedReason } from '../reveal.ts';
import { formatCount, plural } from '../style.ts';

interface VerifyOptions extends ExecuteOptions {
  readonly worker?: readonly string[];
  readonly reveal?: string;
}

/** Accounts that a terminal lists. */
const listed = 50;

/** `joinery verify`: what was changed in the directory behind our back. Reads only. */
export function verifyCommand(register: Register): Command {
  return defineCommand(
    'verify',
    'Compare the ledger with the directory and name accounts that were changed outside; reads only',
    'joinery verify pipelines/contoso.yaml --json',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--worker <id...>', 'only these workers')
    .option('--reveal <reason>', 'show personal values; the reason is journalled')
    .action(
      register((io, file: string, options: VerifyOptions) =>
        executeOnState(io, file, options, async (execution) => {
          const { runner, say, tell } = execution;
          const { worker, reveal } = options;
          if (reveal !== undefined) {
            const { store, pipeline } = runner;
            const workers = (worker ?? []).map((id) => keyedHash(store.identity.hashKey, id));
            const data = { pipeline: pipeline.name, command: 'verify', by: personOf(io), reason: checkedReason(reveal), workers };
            await store.journal.record('reveal', data, io.clock.now());
          }
          const masks = masksOf(runner.pipeline, reveal !== undefined);
          const drifts: Drift[] = [];
          const report = await runner.verify(worker === undefined ? undefined : new Set(worker), (drift) => {
            tell({ type: 'drift', ...shown(drift, masks) });
            if (drifts.length < listed) drifts.push(drift);
          });
          const total = driftKinds.reduce((sum, kind) => sum + report.counts[kind], 0);
          tell({ type: 'result', drifts: total, ...report });
          say(render(report, drifts, total, masks, execution));
          return total > 0 ? 'outcomes' : 'success';
        }),
      ),
    );
}

function shown({ differences, ...drift }: Drift, masks: Masks): object {
  return {
    ...drift,
    attributes: differences.map(({ path, ledger, directory }) => ({
      path,
      ledger: text(masks, path, ledger),
      directory: text(masks, path, directory),
    })),
  };
}

/** null: there is no value. */
function text(masks: Masks, path: string, value: Json | undefined): string | null {
  return value === undefined ? null : masks.attribute(path, value);
}

const words: Readonly<Record<DriftKind, string>> = {
  enabled: 'on, and should be off: somebody enabled it. joinery resend --worker ID, then apply, disables it again',
  disabled: 'off, and should be on: somebody disabled it. The next run holds the worker; joinery release lets him be enabled',
  missing: 'not there: deleted outside. joinery resend creates it anew, if that is meant',
  renumbered: 'under another employee id, or none: give it the worker’s key back, or joinery rekey',
  several: 'several with one key: remove the employee id from all but the right one',
  differs: 'with other values: joinery resend writes those of HR again',
};

function render(report: VerifyReport, drifts: readonly Drift[], total: number, masks: Masks, { style }: Execution): string {
  const { compared, skipped, counts, notComparable } = report;
  const lines = [`${style.bold('Verify')}  ${plural(compared, 'worker')} compared with ${plural(report.accounts, 'account')}`];
  const left = [
    ...(skipped.uncertain > 0 ? [`${formatCount(skipped.uncertain)} in flight or silent`] : []),
    ...(skipped.fresh > 0 ? [`${formatCount(skipped.fresh)} confirmed in the last half hour`] : []),
    ...(skipped.deleted > 0 ? [`${formatCount(skipped.deleted)} off and deleted since`] : []),
    ...(skipped.unshown > 0 ? [`${formatCount(skipped.unshown)} of whose accounts the directory does not say whether they are on`] : []),
  ];
  if (left.length > 0) lines.push(style.dim(`  not compared: ${left.join(', ')}`));
  if (notComparable.length > 0) lines.push(style.dim(`  the directory cannot show ${notComparable.map(shortPath).join(', ')}`));
  if (total === 0) return `${[...lines, style.green('  Nothing was changed outside.')].join('\n')}\n`;
  for (const kind of driftKinds)
    if (counts[kind] > 0) lines.push(style.yellow(`  ${plural(counts[kind], 'account is', 'accounts are')} ${words[kind]}`));
  const table = new Table({
    head: ['worker', 'account', 'attribute', 'ledger', 'directory'],
    style: { head: [], border: [], compact: true },
  });
  for (const { worker, kind, number, differences } of drifts) {
    if (differences.length === 0) table.push([worker, kind, kind === 'renumbered' ? 'employeeId' : '', '', number ?? '']);
    for (const [index, { path, ledger, directory }] of differences.entries())
      table.push([
        index === 0 ? worker : '',
        index === 0 ? kind : '',
        shortPath(path),
        text(masks, path, ledger) ?? '(none)',
        text(masks, path, directory) ?? '(none)',
      ]);
  }
  if (total > drifts.length) lines.push(`  the first ${formatCount(drifts.length)}; --json lists all ${formatCount(total)}`);
  return `${lines.join('\n')}\n${table.toString()}\n`;
}
