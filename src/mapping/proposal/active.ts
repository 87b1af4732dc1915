import type { SurveyedColumn, TableSurvey } from '../../pipeline/survey.ts';
import { readColumn, writeText } from './expression.ts';
import { meaningOf } from './meanings.ts';
import { statusOf, type StatusWord } from './status-words.ts';
import type { ProposedDeclaration, ProposedEmployment } from './proposal.ts';

/** Who works here, and what the columns that decide it have to be declared as, so that they are closed. */
export interface ProposedActive {
  readonly expression: string;
  readonly isSure: boolean;
  readonly reason: string;
  readonly declarations: ReadonlyMap<string, Partial<ProposedDeclaration>>;
}

/**
 * Only over what is certain: a boolean that is called so, an enum or a column whose every value is a word that says it, with at least one word for those who work here and one for
 * those who left; else the first and the last day. Where nothing or more than one thing says it, everybody in the table counts, which is said aloud and stopped by a guard.
 */
export function proposeActive(survey: TableSurvey, employment: ProposedEmployment | undefined): ProposedActive {
  const found = survey.columns.flatMap((column) => decisionOf(column) ?? []);
  const [only, more] = found;
  if (only !== undefined && more === undefined) return only;
  const candidates = survey.columns.filter(({ name }) => ['active', 'inactive', 'status'].includes(meaningOf(name) ?? ''));
  const hasDays = employment?.isSure === true;
  const days = { expression: '$employed', declarations: new Map<string, Partial<ProposedDeclaration>>() };
  if (candidates.length === 0 && hasDays) return { ...days, isSure: true, reason: 'from the first day to the end of the last' };
  const why =
    only !== undefined
      ? `several columns could say who works here: ${found.map(({ expression }) => expression).join(' · ')}`
      : candidates.length === 0
        ? 'no column is named like one that says who works here'
        : `${candidates.map(({ name }) => name).join(', ')} could say who works here, but ${doubtOf(candidates)}`;
  if (hasDays) return { ...days, isSure: false, reason: `${why}; so far the first and the last day decide alone` };
  return {
    expression: 'true',
    isSure: false,
    reason: `${why}; so far everybody in the ${survey.kind} counts as employed`,
    declarations: new Map(),
  };
}

/** An extract of those who work here is no contract yet: what leavers will have there is not seen. */
function doubtOf(candidates: readonly SurveyedColumn[]): string {
  const words = candidates.flatMap((column) => wordsOf(column) ?? []);
  const statuses = new Set(words.map((word) => statusOf(word)));
  const [only, more] = statuses;
  if (candidates.length > 1 || only === undefined || more !== undefined) return 'what its values mean is not known of all';
  return `it is ${words.join(' or ')} for everybody who was looked at, so that nobody knows what it says of the others`;
}

function wordsOf({ labels, shape }: SurveyedColumn): readonly string[] | undefined {
  return labels ?? (shape?.isWords === true ? shape.words : undefined);
}

function decisionOf(column: SurveyedColumn): ProposedActive | undefined {
  const meaning = meaningOf(column.name);
  if (meaning !== 'active' && meaning !== 'inactive' && meaning !== 'status') return undefined;
  const named = readColumn(column.name);
  const sure = (expression: string, reason: string, declaration: Partial<ProposedDeclaration>): ProposedActive => ({
    expression,
    isSure: true,
    reason,
    declarations: new Map([[column.name, { ...declaration, required: true }]]),
  });
  if (column.type === 'boolean') {
    if (meaning === 'status') return undefined;
    return meaning === 'active'
      ? sure(named, 'a boolean that is named so', {})
      : sure(`$not(${named})`, 'a boolean that is named the opposite', {});
  }
  const words = wordsOf(column);
  if (words === undefined) return undefined;
  const where = column.labels === undefined ? 'every value that was seen is a word' : 'every label of the enum is a word';
  const by = (status: StatusWord): string[] => words.filter((word) => statusOf(word) === status);
  const pair = ([here, gone]: readonly [StatusWord, StatusWord]): ProposedActive | undefined => {
    const [those, others] = [by(here), by(gone)];
    if (those.length === 0 || others.length === 0 || those.length + others.length !== words.length) return undefined;
    const isNumber = column.type === 'integer' || column.type === 'decimal';
    if (isNumber ? !words.every((word) => /^\d$/.test(word)) : column.type !== 'string') return undefined;
    const literals = those.map((word) => (isNumber ? word : writeText(word)));
    const expression = literals.length === 1 ? `${named} = ${literals.join('')}` : `${named} in [${literals.join(', ')}]`;
    const values = isNumber ? words.map(Number) : words;
    return sure(expression, `${where} for who works here, or for who left`, { values, type: isNumber ? 'integer' : 'string' });
  };
  if (meaning === 'inactive') return pair(['no', 'yes']) ?? pair(['here', 'gone']);
  return pair(['here', 'gone']) ?? (meaning === 'active' ? pair(['yes', 'no']) : undefined);
}
