import type { Command } from 'commander';
import { renderDictionary } from '../../audit/dictionary-page.ts';
import { buildDictionary } from '../../audit/dictionary.ts';
import { withAudit, type AuditOptions } from '../audit.ts';
import { openFile } from '../open-file.ts';
import { defineCommand } from '../options.ts';
import { writePrivate } from '../private-file.ts';
import type { Register } from '../program.ts';

/** `joinery dictionary`: what each attribute is made from, for readers who do not write pipelines. */
export function dictionaryCommand(register: Register): Command {
  return defineCommand(
    'dictionary',
    'Write a page that says what each attribute is made from, with fill rates and masked examples',
    'joinery dictionary pipelines/contoso.yaml --out dictionary.html --open',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--out <file>', 'where the page goes', 'dictionary.html')
    .option('--open', 'open the page in the browser')
    .action(
      register((io, file: string, options: AuditOptions & { readonly open?: boolean }) =>
        withAudit(
          io,
          file,
          options,
          async ({ store, prepared, masks, say, tell }) => {
            const dictionary = await buildDictionary(store, prepared.pipeline, masks);
            const path = await writePrivate(options.out ?? 'dictionary.html', renderDictionary(dictionary));
            tell({ type: 'result', path, dictionary });
            say(`${path}\n`);
            if (options.open === true && !(await openFile(path))) io.err('Nothing here can open the page; open the file by hand.\n');
            return 'success';
          },
          // It is read before the first run, too.
          'may be absent',
        ),
      ),
    );
}
