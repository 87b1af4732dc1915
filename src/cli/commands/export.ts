import { Option, type Command } from 'commander';
import { exportSubjects, exportTable, type ExportSubject } from '../../audit/export-rows.ts';
import { exportParquet } from '../../audit/export-parquet.ts';
import { exportText } from '../../audit/export-text.ts';
import { JoineryError } from '../../domain/error.ts';
import { chosenRun, withAudit, type AuditOptions } from '../audit.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { writePrivatePieces } from '../private-file.ts';
import { masksFor } from '../reveal.ts';

interface ExportOptions extends AuditOptions {
  readonly what: ExportSubject;
  readonly format: 'csv' | 'ndjson' | 'parquet';
  readonly reveal?: string;
}

/** `joinery export`: the rows of a run for a spreadsheet or another tool, streamed. */
export function exportCommand(register: Register): Command {
  return defineCommand(
    'export',
    'Write payloads, changes, rejections, outcomes or operations of a run, or the list for the data steward, as CSV, NDJSON or Parquet',
    'joinery export pipelines/contoso.yaml --what outcomes --format csv --out outcomes.csv',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--run <id>', 'the run, by its id, or `latest`', 'latest')
    .addOption(new Option('--what <subject>', 'what to write').choices(exportSubjects).makeOptionMandatory())
    .addOption(new Option('--format <format>', 'the form').choices(['csv', 'ndjson', 'parquet']).default('csv'))
    .option('--out <file>', 'the file; without it CSV and NDJSON go to stdout')
    .option('--reveal <reason>', 'write personal values unmasked; the reason is journalled')
    .action(
      register((io, file: string, options: ExportOptions) => {
        const { format, what, out } = options;
        if (format === 'parquet' && out === undefined) throw new JoineryError('AUD-110', 'Parquet is no text that stdout could show');
        return withAudit(io, file, options, async (audit) => {
          const run = await chosenRun(audit, options.run);
          const masks = await masksFor(audit, io, options.reveal, { command: `export ${what}`, run: run.id });
          const table = exportTable(audit.store, run, what, masks);
          if (out === undefined) {
            for await (const piece of exportText(table, format === 'csv' ? 'csv' : 'ndjson')) io.out(piece);
            return 'success';
          }
          const path = await writePrivatePieces(out, format === 'parquet' ? exportParquet(table) : exportText(table, format));
          audit.say(`${path}\n`);
          audit.tell({ type: 'result', path, run: run.id, what, format });
          return 'success';
        });
      }),
    );
}
