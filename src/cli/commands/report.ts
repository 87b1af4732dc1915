import type { Command } from 'commander';
import { buildReport } from '../../audit/build-report.ts';
import { renderReport, sentence } from '../../audit/report-page.ts';
import { writeReport } from '../../audit/write-report.ts';
import { JoineryError } from '../../domain/error.ts';
import { chosenRun, withAudit, type AuditOptions } from '../audit.ts';
import { openFile } from '../open-file.ts';
import { defineCommand } from '../options.ts';
import { writePrivate } from '../private-file.ts';
import type { Register } from '../program.ts';

interface ReportOptions extends AuditOptions {
  readonly open?: boolean;
}

/** `joinery report`: one HTML page about a run, from the state alone. */
export function reportCommand(register: Register): Command {
  return defineCommand(
    'report',
    'Write the report of a run: one HTML page that loads nothing',
    'joinery report pipelines/contoso.yaml --run latest --open',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--run <id>', 'the run, by its id, or `latest`', 'latest')
    .option('--out <file>', 'write the page there instead of into the run')
    .option('--open', 'open the page in the browser')
    .action(
      register((io, file: string, options: ReportOptions) =>
        withAudit(io, file, options, async (audit) => {
          const { store, masks, say, tell } = audit;
          const run = await chosenRun(audit, options.run);
          const report = await buildReport(store, run.id, masks, io.clock.now());
          const path =
            options.out === undefined
              ? await writeReport(store, run.id, masks, io.clock.now())
              : await writePrivate(options.out, renderReport(report));
          if (path === undefined) throw new JoineryError('AUD-102', `the state keeps its files in a database: give --out FILE`);
          tell({ type: 'result', path, report });
          say(`${run.id}  ${sentence(report)}\n${path}\n`);
          if (options.open === true && !(await openFile(path))) io.err('Nothing here can open the page; open the file by hand.\n');
          return 'success';
        }),
      ),
    );
}
