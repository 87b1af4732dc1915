import type { Command } from 'commander';
import { adoptionFile, adoptionKinds, type AdoptionKind, type AdoptionReport } from '../../stages/adopt.ts';
import { executePipeline, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { formatCount, plural } from '../style.ts';

/** `joinery adopt`: starting where users exist. Sends nothing. */
export function adoptCommand(register: Register): Command {
  return defineCommand(
    'adopt',
    'Take the accounts that exist as the baseline of a new or lost state; sends nothing',
    'joinery adopt pipelines/contoso.yaml --env-file .env',
  )
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register((io, file: string, options: ExecuteOptions) =>
        executePipeline(io, file, options, async ({ runner, say, tell }) => {
          const report = await runner.adopt();
          say(renderAdoption(report, runner.store.files.path({ run: report.run }, adoptionFile)));
          tell({ type: 'result', adoption: report });
          return 'success';
        }),
      ),
    );
}

const meanings: Readonly<Record<AdoptionKind, string>> = {
  matched: 'one account carries the key: taken as the baseline',
  known: 'known to the state already',
  foreign: 'belong to another pipeline',
  ambiguous: 'several accounts carry the key: correct employeeId in the directory',
  onPremises: 'mastered on-premises: the service cannot write the account',
  nameTaken: 'no account carries the key, and the user name is taken: set employeeId on that account if it is the same person',
  unmatchedWorker: 'no account: created by the next run if active',
  unmatchedAccount: 'accounts that no key of the source names: left alone',
};

/** What was found, and what the next run would send. */
function renderAdoption(report: AdoptionReport, file: string | undefined): string {
  const lines = ['', `${plural(report.accounts, 'account')} in the directory, ${plural(report.keys, 'key')} in the source`];
  for (const kind of adoptionKinds) {
    if (report.counts[kind] > 0) lines.push(`  ${kind.padEnd(17)} ${formatCount(report.counts[kind]).padStart(8)}  ${meanings[kind]}`);
  }
  lines.push(`  Adopted now: ${formatCount(report.adopted)}. Nothing was sent.`);
  if (report.settled > 0) {
    lines.push(
      `  ${plural(report.settled, 'attribute')} that had been sent empty: the directory shows what the account has, and the state knows it again.`,
    );
  }
  const changes = Object.entries(report.changes).map(([change, count]) => `${formatCount(count)} ${change}`);
  if (changes.length > 0) lines.push(`  For the adopted the next run plans: ${changes.join(', ')}.`);
  const differing = Object.entries(report.differences).toSorted(([, left], [, right]) => right - left);
  for (const [path, count] of differing.slice(0, 12)) lines.push(`    ${path} differs for ${plural(count, 'worker')}`);
  if (report.notComparable.length > 0) {
    lines.push(`  The directory cannot show these, so they are sent once to everybody: ${report.notComparable.join(', ')}`);
  }
  if (file !== undefined) lines.push(`  Every worker and account by name: ${file}`);
  return `${lines.join('\n')}\n`;
}
