import { Command, CommanderError } from 'commander';
import { renderDiagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { exitClassOf, exitCodes } from '../domain/exit.ts';
import type { ExitClass } from '../domain/errors/define.ts';
import { scrubText } from '../domain/masking.ts';
import { formatPlace } from '../domain/place.ts';
import { readFileSync } from 'node:fs';
import type { Io } from './io.ts';
import { createStyle } from './style.ts';
import { visible } from './visible.ts';

/** Gives a command's function the process, and keeps the class of its end for the exit code. */
export type Register = <A extends readonly unknown[]>(
  action: (io: Io, ...parameters: A) => Promise<ExitClass>,
) => (...parameters: A) => Promise<void>;

type Load = () => Promise<(register: Register) => Command>;

/** By group and name, in the order of the help; only the one that is typed is loaded, for a scheduler starts a process every half hour. */
const groups: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  'Author a pipeline': {
    init: async () => (await import('./commands/init.ts')).initCommand,
    check: async () => (await import('./commands/check.ts')).checkCommand,
    eval: async () => (await import('./commands/eval.ts')).evalCommand,
    test: async () => (await import('./commands/test.ts')).testCommand,
    'import-expression': async () => (await import('./commands/import-expression.ts')).importExpressionCommand,
  },
  Run: {
    plan: async () => (await import('./commands/plan.ts')).planCommand,
    approve: async () => (await import('./commands/approve.ts')).approveCommand,
    apply: async () => (await import('./commands/apply.ts')).applyCommand,
    run: async () => (await import('./commands/run.ts')).runCommand,
    watch: async () => (await import('./commands/watch.ts')).watchCommand,
  },
  'Stage by stage': {
    extract: async () => (await import('./commands/stage.ts')).extractCommand,
    transform: async () => (await import('./commands/stage.ts')).transformCommand,
    batch: async () => (await import('./commands/stage.ts')).batchCommand,
    load: async () => (await import('./commands/stage.ts')).loadCommand,
    reconcile: async () => (await import('./commands/stage.ts')).reconcileCommand,
  },
  'Joiners, movers and leavers': {
    adopt: async () => (await import('./commands/adopt.ts')).adoptCommand,
    forecast: async () => (await import('./commands/forecast.ts')).forecastCommand,
    release: async () => (await import('./commands/release.ts')).releaseCommand,
    rekey: async () => (await import('./commands/rekey.ts')).rekeyCommand,
    transfer: async () => (await import('./commands/transfer.ts')).transferCommand,
    rename: async () => (await import('./commands/rename.ts')).renameCommand,
    resend: async () => (await import('./commands/resend.ts')).resendCommand,
  },
  'See what became of it': {
    status: async () => (await import('./commands/status.ts')).statusCommand,
    verify: async () => (await import('./commands/verify.ts')).verifyCommand,
    notify: async () => (await import('./commands/notify.ts')).notifyCommand,
    report: async () => (await import('./commands/report.ts')).reportCommand,
    explain: async () => (await import('./commands/explain.ts')).explainCommand,
    export: async () => (await import('./commands/export.ts')).exportCommand,
    dictionary: async () => (await import('./commands/dictionary.ts')).dictionaryCommand,
    audit: async () => (await import('./commands/audit.ts')).auditCommand,
    journal: async () => (await import('./commands/journal.ts')).journalCommand,
  },
  'Keep and erase': {
    purge: async () => (await import('./commands/purge.ts')).purgeCommand,
    forget: async () => (await import('./commands/forget.ts')).forgetCommand,
  },
  'Microsoft Entra': {
    entra: async () => (await import('./commands/entra.ts')).entraCommand,
    emulator: async () => (await import('./commands/emulator.ts')).emulatorCommand,
  },
};

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
  const all = Object.entries(groups).flatMap(([group, commands]) =>
    Object.entries(commands).map(([name, load]) => ({ group, name, load })),
  );
  const named = all.filter(({ name }) => name === words[0]);
  // Whoever types no command, or a wrong one, is shown all of them.
  const shown = named.length === 0 ? all : named;
  const loaded = await Promise.all(shown.map(async ({ group, load }) => ({ group: `${group}:`, define: await load() })));
  for (const { group, define } of loaded) program.addCommand(define(register).helpGroup(group));
  for (const command of [program, ...descendantsOf(program)]) {
    command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err, outputError: () => undefined });
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
    // A group without a command: commander has shown its help on stderr.
    if (error.code === 'commander.help') return exitCodes.configuration;
    return report(new JoineryError('CLI-101', error.message.replace(/^error: /, '')), words, io);
  }
  const json = words.includes('--json');
  if (json)
    io.out(
      `${JSON.stringify({ type: 'error', error: error instanceof JoineryError ? error : { code: 'DOM-001', message: messageOf(error) } })}\n`,
    );
  else io.err(`${visible(describe(error, io))}\n`);
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
