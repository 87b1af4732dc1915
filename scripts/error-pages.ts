import { exitCodes, exitPrecedence } from '../src/domain/exit.ts';
import { errorRegistry } from '../src/domain/errors/registry.ts';
import type { ErrorDeclaration, ExitClass } from '../src/domain/errors/define.ts';
import { decisionTable, ledgerStates, rowStates } from '../src/plan/decision.ts';
import { accountStates, holdTable, lastWords } from '../src/plan/hold.ts';

const areas: Readonly<Record<string, string>> = {
  DOM: 'The program itself',
  JSN: 'JSONata',
  SCM: 'SCIM payloads',
  PIP: 'Pipeline files',
  MAP: 'Mappings and rows',
  SRC: 'Sources',
  STO: 'State',
  ENT: 'The Entra service',
  PLN: 'Plans and guards',
  STG: 'Stages',
  AUD: 'Audit',
  CLI: 'Command line',
  EMU: 'Emulator',
};

/** docs/reference/errors.md */
export function renderErrorPage(): string {
  const lines = [
    '# Error codes',
    '',
    'Generated from `src/domain/errors/`. A code keeps its meaning for ever; the exit class says how a command ends ([exit codes](exit-codes.md)).',
  ];
  const entries: readonly (readonly [string, ErrorDeclaration])[] = Object.entries(errorRegistry);
  for (const [prefix, area] of Object.entries(areas)) {
    const own = entries.filter(([code]) => code.startsWith(prefix));
    if (own.length === 0) continue;
    lines.push('', `## ${area}`);
    for (const [code, { title, exit, why, fix }] of own)
      lines.push('', `### ${code}`, '', `**${title}** (${exit})`, '', why, '', `*What to do:* ${fix}`);
  }
  return `${lines.join('\n')}\n`;
}

const meanings: Readonly<Record<ExitClass, string>> = {
  internal: 'A defect in Joinery. Nothing half-done was written; the state is safe to resume from.',
  interrupted: 'SIGINT or SIGTERM. The request in hand was finished; run the command again.',
  locked: 'Another process executes the same pipeline.',
  configuration: 'Pipeline, mapping, command line or state are not as they must be.',
  source: 'The HR database could not be read to the end. Nothing was planned.',
  guard: 'A guard stopped the plan. Nothing of it was sent.',
  sink: 'The service refused, could not be reached, or its quota is used up. The run is resumable.',
  outcomes: 'Operations failed, are silent or still open.',
  rejections: 'Rows were rejected that were not rejected before. Everything else was done.',
  pending: 'Changes are pending; only `plan --exit-code`.',
  success: 'All done.',
};

/** docs/reference/exit-codes.md */
export function renderExitPage(): string {
  const rows = exitPrecedence.map((name) => `| ${String(exitCodes[name])} | ${name} | ${meanings[name]} |`);
  return [
    '# Exit codes',
    '',
    'Generated from `src/domain/exit.ts`. Where several apply, the first of the table wins.',
    '',
    '| code | class | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** docs/reference/decisions.md */
export function renderDecisionPage(): string {
  const head = `| the row says | ${ledgerStates.join(' | ')} |`;
  const rule = `| --- |${ledgerStates.map(() => ' --- |').join('')}`;
  const rows = rowStates.map((row) => `| **${row}** | ${ledgerStates.map((state) => decisionTable[row][state]).join(' | ')} |`);
  return [
    '# What becomes of a worker',
    '',
    'Generated from `src/plan/decision.ts`: what the row says × what the ledger knows → change. `mover` becomes `none` where no attribute differs.',
    '`uncertain…`: an operation went silent, so the service may hold the last confirmed payload or the silent one. `vanished` counts only after the',
    'passes and hours of `leavers.vanished`; a rejection whose rows all say inactive is `rejectedInactive`.',
    '',
    head,
    rule,
    ...rows,
    '',
    '## What the directory has to say',
    '',
    'Generated from `src/plan/hold.ts`. A change that would leave the account enabled is sent only where its cell says `free`; a disable is sent in every cell. Rows: the account',
    'with the worker’s employee id. Columns: what this pipeline said last about the worker. `foundOff`: adopted while the account was off. `unread`: `holds: unchecked`.',
    'A hold list holds whatever the cell says, and a protected worker is sent nothing at all.',
    '',
    `| the account is | ${lastWords.join(' | ')} |`,
    `| --- |${lastWords.map(() => ' --- |').join('')}`,
    ...accountStates.map((state) => `| **${state}** | ${lastWords.map((word) => holdTable[state][word]).join(' | ')} |`),
    '',
  ].join('\n');
}
