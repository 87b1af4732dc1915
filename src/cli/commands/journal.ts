import { appendFile, readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { checkJournal, makeAnchor, parseAnchors } from '../../audit/anchor.ts';
import { JoineryError } from '../../domain/error.ts';
import { withAudit, type AuditOptions } from '../audit.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { formatCount, plural } from '../style.ts';

interface VerifyOptions extends AuditOptions {
  readonly anchors?: string;
}

/** `joinery journal`: is the journal what was written? */
export function journalCommand(register: Register): Command {
  return new Command('journal')
    .description('Verify the journal of the state, and anchor it outside')
    .addCommand(verify(register))
    .addCommand(anchor(register));
}

function verify(register: Register): Command {
  return defineCommand(
    'verify',
    'Walk the whole journal and name the first line that was altered, removed or inserted',
    'joinery journal verify pipelines/contoso.yaml --anchors /mnt/worm/joinery-anchors',
  )
    .argument('<pipeline>', 'a pipeline file of the state')
    .option('--anchors <file>', 'anchors that were kept outside')
    .action(
      register((io, file: string, options: VerifyOptions) =>
        withAudit(io, file, options, async ({ store, say, tell, style }) => {
          const anchors = options.anchors === undefined ? [] : parseAnchors(await readText(options.anchors));
          const check = await checkJournal(store, anchors);
          tell({ type: 'result', ...check });
          if (check.kind === 'broken') throw new JoineryError('AUD-107', check.words);
          say(`${style.green('✓')} ${plural(check.lines, 'line is', 'lines are')} what was written.\n`);
          if (check.anchors > 0) say(`${style.green('✓')} ${plural(check.anchors, 'anchor stands', 'anchors stand')} in it.\n`);
          else
            say(
              'No anchor was given: that the end was cut off together with the note of it, or that everything was written anew, cannot be detected.\n' +
                `Keep anchors where nobody who can write the state can write: joinery journal anchor ${file} --out FILE\n`,
            );
          return 'success';
        }),
      ),
    );
}

function anchor(register: Register): Command {
  return defineCommand(
    'anchor',
    'Verify the journal and print its last line, for keeping outside',
    'joinery journal anchor pipelines/contoso.yaml --out /mnt/worm/joinery-anchors',
  )
    .argument('<pipeline>', 'a pipeline file of the state')
    .option('--out <file>', 'add the line to this file')
    .action(
      register((io, file: string, options: AuditOptions) =>
        withAudit(io, file, options, async ({ store, say, tell }) => {
          const made = await makeAnchor(store, io.clock.now());
          if (options.out !== undefined) await addLine(options.out, `${JSON.stringify(made)}\n`);
          else say(`${JSON.stringify(made)}\n`);
          if (options.out !== undefined) say(`Line ${formatCount(made.sequence)} is anchored in ${options.out}.\n`);
          tell({ type: 'result', anchor: made });
          return 'success';
        }),
      ),
    );
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new JoineryError('CLI-102', `${file} cannot be read`, { cause });
  }
}

async function addLine(file: string, line: string): Promise<void> {
  try {
    await appendFile(file, line, { mode: 0o600 });
  } catch (cause) {
    throw new JoineryError('CLI-102', `${file} cannot be written`, { cause });
  }
}
