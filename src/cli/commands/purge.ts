import type { Command } from 'commander';
import { formatInstant } from '../../domain/clock.ts';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { personOf } from '../io.ts';
import { formatCount, plural } from '../style.ts';

interface PurgeOptions extends ExecuteOptions {
  readonly yes?: boolean;
}

/** `joinery purge`: erases what `retention:` no longer allows to be kept. Shows first; erases with --yes. */
export function purgeCommand(register: Register): Command {
  return defineCommand(
    'purge',
    'Erase rows and payloads that are older than the retention of the pipeline; hashes and counts stay',
    'joinery purge pipelines/contoso.yaml --yes',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--yes', 'erase; without it the command only says what it would erase')
    .action(
      register((io, file: string, options: PurgeOptions) =>
        executeOnState(io, file, options, async ({ runner, say, tell }) => {
          const erase = options.yes === true;
          const report = erase ? await runner.purge(personOf(io)) : await runner.planPurge();
          const operations = report.runs.reduce((sum, run) => sum + run.operations, 0);
          const nothing = report.runs.length + report.workers + report.logRows === 0;
          say(
            `Rows read before ${formatInstant(report.rowsBefore).slice(0, 10)}, and payloads of before ${formatInstant(report.payloadsBefore).slice(0, 10)}:\n`,
          );
          for (const { run, files, operations: of } of report.runs)
            say(`  run ${run}  ${[...files, ...(of === 0 ? [] : [plural(of, 'payload')])].join(', ')}\n`);
          if (report.workers > 0) say(`  ${plural(report.workers, 'leaver')}: confirmed payload, but for the names that a rehire keeps\n`);
          if (report.logRows > 0) say(`  ${plural(report.logRows, 'log row')}\n`);
          say(
            nothing
              ? 'Nothing is old enough.\n'
              : `${formatCount(operations)} payloads in ${plural(report.runs.length, 'run')} ${erase ? 'are erased; hashes, counts and kinds of change stay.' : 'would be erased. Nothing was erased yet: add --yes.'}\n`,
          );
          tell({ type: 'result', erased: erase, ...report });
          return 'success';
        }),
      ),
    );
}
