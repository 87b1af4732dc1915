import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import { readTextFile } from '../../domain/text-file.ts';
import type { RekeyPair } from '../../stages/rekey.ts';
import { personOf } from '../io.ts';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface RekeyOptions extends ExecuteOptions {
  readonly reason: string;
  readonly different?: boolean;
  readonly pairs?: string;
  readonly from?: string;
}

/** `joinery rekey`: somebody decided whether two keys are one person. Changes the state only; the next run sends what follows from it. */
export function rekeyCommand(register: Register): Command {
  return defineCommand(
    'rekey',
    'Close a rekey case: a worker is known under a new key, or two keys are different people; the journal keeps who said so and why',
    'joinery rekey pipelines/contoso.yaml C00017 W004711 --reason "contractor became an employee"',
  )
    .argument('<pipeline>', 'the pipeline file')
    .argument('[old]', 'the key under which the account is known')
    .argument('[new]', 'the key under which the source returns the person now')
    .requiredOption('--reason <text>', 'why; kept in the journal')
    .option('--different', 'the two are different people')
    .option('--pairs <file>', 'many at once: a text file with one OLD NEW a line; lines that begin with # are for people')
    .option('--from <name>', 'the pipeline that looks after the old keys, if it is another; it must not be executing')
    .action(
      register((io, file: string, old: string | undefined, young: string | undefined, options: RekeyOptions) => {
        const pairs = pairsOf(old, young, options.pairs);
        return executeOnState(io, file, options, async ({ runner, say, tell }) => {
          const different = options.different === true;
          await runner.rekey({
            pairs,
            different,
            reason: options.reason,
            by: personOf(io),
            ...(options.from === undefined ? {} : { owner: options.from }),
          });
          const count = plural(pairs.length, 'case');
          say(
            different
              ? `${count} closed: different people. The next run goes on with each of them.\n`
              : `${count} closed: the accounts are known under their new keys. The next run sends what differs.\n`,
          );
          tell({ type: 'result', rekeyed: pairs, different });
          return 'success';
        });
      }),
    );
}

/** Errors: CLI-101 unless there are two keys or a file, CLI-102 for a file that cannot be read. */
function pairsOf(old: string | undefined, young: string | undefined, file: string | undefined): readonly RekeyPair[] {
  if (file === undefined) {
    if (old === undefined || young === undefined) throw new JoineryError('CLI-101', 'give the keys OLD and NEW, or --pairs FILE');
    return [{ old, new: young }];
  }
  if (old !== undefined) throw new JoineryError('CLI-101', 'give either OLD and NEW or --pairs FILE');
  let text: string;
  try {
    text = readTextFile(file);
  } catch (cause) {
    throw new JoineryError('CLI-102', `--pairs ${file} cannot be read`, { cause });
  }
  const pairs = text.split(/\r?\n/).flatMap((line, index) => {
    const [first, second, ...rest] = line.trim().split(/\s+/);
    if (first === undefined || first === '' || first.startsWith('#')) return [];
    if (second === undefined || rest.length > 0) throw new JoineryError('CLI-101', `${file}:${String(index + 1)} is not OLD NEW`);
    return [{ old: first, new: second }];
  });
  if (pairs.length === 0) throw new JoineryError('CLI-101', `--pairs ${file} names nobody`);
  return pairs;
}
