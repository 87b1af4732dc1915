import { Command, CommanderError } from 'commander';
import { renderDiagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { exitClassOf, exitCodes } from '../domain/exit.ts';
import type { ExitClass } from '../domain/errors/define.ts';
import { scrubText } from '../domain/masking.ts';
import { formatPlace } from '../domain/place.ts';
import { readFileSync } from 'node:fs';
import { adoptCommand } from './commands/adopt.ts';
import { approveCommand } from './commands/approve.ts';
import { applyCommand } from './commands/apply.ts';
import { auditCommand } from './commands/audit.ts';
import { checkCommand } from './commands/check.ts';
import { emulatorCommand } from './commands/emulator.ts';
import { entraCommand } from './commands/entra.ts';
import { evalCommand } from './commands/eval.ts';
import { importExpressionCommand } from './commands/import-expression.ts';
import { explainCommand } from './commands/explain.ts';
import { dictionaryCommand } from './commands/dictionary.ts';
import { exportCommand } from './commands/export.ts';
import { journalCommand } from './commands/journal.ts';
import { planCommand } from './commands/plan.ts';
import { renameCommand } from './commands/rename.ts';
import { reportCommand } from './commands/report.ts';
import { forgetCommand } from './commands/forget.ts';
import { purgeCommand } from './commands/purge.ts';
import { forecastCommand } from './commands/forecast.ts';
import { releaseCommand } from './commands/release.ts';
import { rekeyCommand } from './commands/rekey.ts';
import { resendCommand } from './commands/resend.ts';
import { runCommand } from './commands/run.ts';
import { batchCommand, extractCommand, loadCommand, reconcileCommand, transformCommand } from './commands/stage.ts';
import { statusCommand } from './commands/status.ts';
import { transferCommand } from './commands/transfer.ts';
import { testCommand } from './commands/test.ts';
import { watchCommand } from './commands/watch.ts';
import type { Io } from './io.ts';
import { createStyle } from './style.ts';

/** Gives a command's function the process, and keeps the class of its end for the exit code. */
export type Register = <A extends readonly unknown[]>(
  action: (io: Io, ...parameters: A) => Promise<ExitClass>,
) => (...parameters: A) => Promise<void>;

const commands = [
  checkCommand,
  adoptCommand,
  releaseCommand,
  rekeyCommand,
  transferCommand,
  renameCommand,
  resendCommand,
  forecastCommand,
  planCommand,
  approveCommand,
  applyCommand,
  runCommand,
  watchCommand,
  extractCommand,
  transformCommand,
  batchCommand,
  loadCommand,
  reconcileCommand,
  statusCommand,
  reportCommand,
  explainCommand,
  exportCommand,
  journalCommand,
  purgeCommand,
  forgetCommand,
  dictionaryCommand,
  auditCommand,
  testCommand,
  evalCommand,
  importExpressionCommand,
  entraCommand,
  emulatorCommand,
];

/**
 * Runs one command line. Answers the exit code; never throws and never ends the process.
 * @param words without the interpreter and the script
 */
export async function runCommandLine(words: readonly string[], io: Io): Promise<number> {
  let end: ExitClass = 'success';
  const register: Register =
    (action) =>
    async (...parameters) => {
      end = await action(io, ...parameters);
    };
  const program = new Command('joinery')
    .description('Joiners, movers and leavers, from an HR database into Microsoft Entra ID.')
    .version(versionOf())
    .showHelpAfterError(false)
    .addHelpText('after', '\nExample:\n  joinery run pipelines/contoso.yaml --env-file .env\n\nExit codes: docs/reference/exit-codes.md\n');
  for (const define of commands) program.addCommand(define(register));
  for (const command of [program, ...descendantsOf(program)]) {
    command.exitOverride().configureOutput({ writeOut: io.out, writeErr: () => undefined });
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCodes[end];
  } catch (error) {
    return report(error, words, io);
  }
}

function descendantsOf(command: Command): readonly Command[] {
  return command.commands.flatMap((one) => [one, ...descendantsOf(one)]);
}

function report(error: unknown, words: readonly string[], io: Io): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.success;
    return report(new JoineryError('CLI-101', error.message.replace(/^error: /, '')), words, io);
  }
  const json = words.includes('--json');
  if (json)
    io.out(
      `${JSON.stringify({ type: 'error', error: error instanceof JoineryError ? error : { code: 'DOM-001', message: messageOf(error) } })}\n`,
    );
  else io.err(`${describe(error, io)}\n`);
  return exitCodes[exitClassOf(error)];
}

function describe(error: unknown, io: Io): string {
  const { red } = createStyle(io.isTerminal);
  if (!(error instanceof JoineryError)) {
    const stack = error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
    return `${red('error DOM-001')}: ${scrubText(stack)}\n  This is a defect of Joinery. The state is safe to resume from.`;
  }
  const sources = (file: string): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  const listed = error.diagnostics
    .filter(({ severity }) => severity === 'error')
    .map((diagnostic) => renderDiagnostic(diagnostic, sources));
  const at = error.place === undefined || listed.length > 0 ? '' : `\n  --> ${formatPlace(error.place)}`;
  const cause =
    error.cause instanceof JoineryError ? `\n  because: ${error.cause.code} ${error.cause.message}\n  fix: ${error.cause.fix}` : '';
  return [
    ...listed,
    `${red(`error ${error.code}`)}: ${scrubText(error.message)}${at}\n  why: ${error.why}\n  fix: ${error.fix}${cause}`,
  ].join('\n\n');
}

function messageOf(error: unknown): string {
  return scrubText(error instanceof Error ? error.message : String(error));
}

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const found = /"version":\s*"([^"]+)"/.exec(text);
  return found?.[1] ?? '0.0.0';
}
