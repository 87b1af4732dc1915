import type { Command } from 'commander';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import type { ExternalId } from '../../domain/words.ts';
import { personOf } from '../io.ts';
import { checkedReason } from '../reveal.ts';
import { plural } from '../style.ts';

interface ForgetOptions extends ExecuteOptions {
  readonly worker: string;
  readonly reason: string;
  readonly yes?: boolean;
}

/** `joinery forget`: erases one former worker from the state. Shows first; erases with --yes. */
export function forgetCommand(register: Register): Command {
  return defineCommand(
    'forget',
    'Erase one former worker from ledger, operations, log rows and run files; a keyed hash stays',
    'joinery forget pipelines/contoso.yaml --worker W004711 --reason "request 23 of the data protection officer" --yes',
  )
    .argument('<pipeline>', 'the pipeline file')
    .requiredOption('--worker <id>', 'the worker, by the key of the source')
    .requiredOption('--reason <text>', 'why; kept in the journal')
    .option('--yes', 'erase; without it the command only says what it would erase')
    .action(
      register((io, file: string, options: ForgetOptions) =>
        executeOnState(io, file, options, async ({ runner, say, tell }) => {
          const reason = checkedReason(options.reason);
          const { worker } = options;
          if (options.yes !== true) {
            const plan = await runner.planForget(worker);
            const runs = new Set(plan.files.map(({ run }) => run));
            say(
              `Worker ${worker} is disabled and no longer in the source. His entry, payloads and log rows would be erased, and he in ${plural(plan.files.length, 'file')} of ${plural(runs.size, 'run')}.\n${namedWords(plan.namedBy)}Nothing was erased yet: add --yes.\n`,
            );
            tell({ type: 'result', erased: false, ...plan });
            return 'success';
          }
          const done = await runner.forget(worker, reason, personOf(io));
          say(
            `Forgotten: entry, ${plural(done.operations, 'payload')}, ${plural(done.logRows, 'log row')}, ${plural(done.files.length, 'file')} of runs. What is left of him stands as ${done.pseudonym}.\n`,
          );
          say(namedWords(done.namedBy));
          say('The account itself is in the directory: delete it there if it is to go as well. Backups and anchors are not touched.\n');
          tell({ type: 'result', erased: true, ...done });
          return 'success';
        }),
      ),
    );
}

/** Where he stays, and why. */
function namedWords(workers: readonly ExternalId[]): string {
  if (workers.length === 0) return '';
  const named = workers.slice(0, 10).join(', ');
  const more = workers.length > 10 ? ` and ${String(workers.length - 10)} more` : '';
  return `His key stays as the manager of ${named}${more}: in the complete record that they have, without which they could not be disabled, or in their row. It goes when HR names another manager.\n`;
}
