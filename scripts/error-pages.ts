import { exitCodes, exitPrecedence } from '../src/domain/exit.ts';
import { errorRegistry } from '../src/domain/errors/registry.ts';
import type { ErrorDeclaration, ExitClass } from '../src/domain/errors/define.ts';
import { decisionOf, knowledgeStates, type Knowledge } from '../src/plan/cells.ts';
import { rowStates, type RowState } from '../src/plan/decision.ts';
import { accountStates, type AccountState } from '../src/plan/hold.ts';

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
  NTF: 'Notifications',
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
  outcomes:
    'Operations failed, are silent or still open; or accounts differ from the ledger (`verify`), or no run succeeded in time (`status --max-age`).',
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
    'Node.js itself ends with 9, before Joinery starts, if the file of `--env-file` is not there, and says `node: FILE: not found` on stderr. `-e FILE` is looked at by Joinery alone, which ends with 8.',
    '',
  ].join('\n');
}

/** docs/reference/decisions.md */
export function renderDecisionPage(): string {
  const cell = (row: RowState, knowledge: Knowledge, account: AccountState): string => {
    const { change, held } = decisionOf(row, knowledge, account);
    return held === undefined ? change : `${change}, **held: ${held}**`;
  };
  const tables = accountStates.flatMap((account) => [
    `## ${accountTitles[account]}`,
    '',
    `| the ledger knows | said last | ${rowStates.join(' | ')} |`,
    `| --- | --- |${rowStates.map(() => ' --- |').join('')}`,
    ...knowledgeStates.map(
      (knowledge) => `| ${knowledge.state} | ${knowledge.word} | ${rowStates.map((row) => cell(row, knowledge, account)).join(' | ')} |`,
    ),
    '',
  ]);
  return [
    '# What becomes of a worker',
    '',
    'Generated from `src/plan/cells.ts`: what his row says × what the ledger knows × what the directory shows → change. One table for each state of the account with the worker’s',
    'employee id. A change that is *held* is recorded and not sent; a disable is never held. `mover` becomes `none` where no attribute differs.',
    '',
    '- Rows of the source: `vanished` counts only after the passes and hours of `leavers.vanished`; a rejection whose rows all say inactive is `rejectedInactive`.',
    '- The ledger: `uncertain…`: an operation went silent, so the service may hold the last confirmed payload or the silent one. `preHired`: created disabled and never enabled.',
    '- Said last: what this pipeline said last about the account. `foundOff`: adopted while it was off. `released`: `joinery release` stands.',
    '',
    'A hold list, protection and rekey cases come on top: see [the guide](../lifecycle.md).',
    '',
    ...tables,
  ].join('\n');
}

const accountTitles: Readonly<Record<AccountState, string>> = {
  unread: 'The directory is not asked (`holds: unchecked`)',
  none: 'No account',
  on: 'The account is on',
  off: 'The account is off',
  several: 'Several accounts carry the employee id',
  onPremises: 'The account is mastered on-premises',
};
