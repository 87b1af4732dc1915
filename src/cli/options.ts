import { parseEnv } from 'node:util';
import { Command, Option } from 'commander';
import { JoineryError } from '../domain/error.ts';
import { readTextFile, undecodableOf } from '../domain/text-file.ts';
import type { RunChoice } from '../stages/runner-options.ts';
import type { Io } from './io.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly envFile?: readonly string[];
  readonly state?: string;
}

export interface ChoiceOptions {
  readonly run?: string;
  readonly planHash?: string;
}

/** A command with the common options, an example and its description. */
export function defineCommand(name: string, summary: string, example: string): Command {
  return new Command(name)
    .description(summary)
    .option('--json', 'print one JSON document, or NDJSON, on stdout; everything else goes to stderr')
    .option('--quiet', 'print only errors and the result')
    .addOption(new Option('--no-color', 'no colours (also NO_COLOR)'))
    .option(
      '-e, --env-file <file>',
      'read variables for ${NAME} from a file; given again, the later file goes before the earlier, and the environment before both',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option('--state <location>', 'folder or PostgreSQL URL of the state (also JOINERY_STATE)', namedState)
    .addHelpText('after', `\nExample:\n  ${example}\n`);
}

export function withChoice(command: Command): Command {
  return command
    .option('--run <id>', 'the run, by its id, or `latest`')
    .option('--plan-hash <hash>', 'the run whose plan has this hash (8 digits or more)');
}

/** For commands that evaluate expressions. */
export function withVerification(command: Command): Command {
  return command.option(
    '--verify-engine',
    'evaluate every worker in both JSONata engines; a difference is an error (default: every 1,000th)',
  );
}

/** Errors: STG-103 when neither is given. */
export function choiceOf(options: ChoiceOptions): RunChoice {
  if (options.planHash !== undefined) return { planHash: options.planHash };
  if (options.run !== undefined) return { run: options.run };
  throw new JoineryError('STG-103', 'neither --run nor --plan-hash was given');
}

/** The process's variables, and under them those of each --env-file. Errors: CLI-102. */
export function environmentOf(io: Io, options: CommonOptions): Readonly<Record<string, string | undefined>> {
  const read = (file: string): object => {
    try {
      return parseEnv(readTextFile(file));
    } catch (cause) {
      const bad = undecodableOf(cause, file);
      if (bad === undefined) throw new JoineryError('CLI-102', `--env-file ${file} cannot be read`, { cause });
      throw new JoineryError('CLI-102', `--env-file ${file} cannot be read: ${bad.reason}`, {
        place: bad.place,
        fix: 'Save the file as UTF-8.',
      });
    }
  };
  return Object.assign({}, ...(options.envFile ?? []).map(read), io.environment);
}

/** `--state "$STATE"` with the variable not set must not begin with an empty state somewhere else. Errors: CLI-101. */
function namedState(location: string): string {
  if (location.trim() === '') throw new JoineryError('CLI-101', '--state is empty; name a folder or a postgres:// URL, or leave it out');
  return location;
}

/** 0 to 65535. Errors: CLI-101. */
export function parsePort(text: string, option: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new JoineryError('CLI-101', `${option} takes a port, 0 to 65535, not ${JSON.stringify(text)}`);
  return port;
}

/** `90m`, `3h`, `30s`, `0`: milliseconds. Errors: CLI-101. */
export function parseDuration(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (found === null) throw new JoineryError('CLI-101', `${text} is no duration; write 30s, 10m, 3h or 1d`);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(found[1]) * (units[found[2] ?? 's'] ?? 1_000);
}
