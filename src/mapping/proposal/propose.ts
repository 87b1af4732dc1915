import type { ColumnType } from '../../pipeline/pipeline.ts';
import type { SurveyedColumn, TableSurvey } from '../../pipeline/survey.ts';
import { proposeActive, type ProposedActive } from './active.ts';
import { proposeAttributes } from './attributes.ts';
import { holdsDays, onlyOne, proposeEmployment } from './employment.ts';
import { proposeUserName } from './user-name.ts';
import { entryOf, meaningOf } from './meanings.ts';
import {
  unknownDomain,
  type Proposal,
  type ProposalOptions,
  type ProposedAttribute,
  type ProposedColumn,
  type ProposedDeclaration,
} from './proposal.ts';
import type { ProposedKey } from './key.ts';

/**
 * A pipeline for a table from the names of its columns and the shapes of their values. Pure. What is not sure is marked so, and is written as a comment: nothing is guessed silently.
 */
export function propose(survey: TableSurvey, key: ProposedKey, options: ProposalOptions = {}): Proposal {
  const keyColumn = survey.columns.find(({ name }) => name === key.column);
  if (keyColumn === undefined) throw new RangeError(`${key.column} is none of the columns`);
  const employment = proposeEmployment(survey);
  const active = proposeActive(survey, employment);
  const usesEmployment = active.expression === '$employed';
  const attributes = proposeAttributes(survey, key.column);
  const userName = proposeUserName(survey, keyColumn, attributes, options);
  const all: readonly ProposedAttribute[] = [
    {
      path: ['active'],
      expression: active.expression,
      columns: [...active.declarations.keys()],
      isPublic: false,
      isSure: true,
      reason: active.reason,
    },
    userName,
    ...attributes,
  ];
  const primary = isUnique(survey, key.column) ? undefined : primaryOf(survey);
  const watermark = onlyOne(survey, 'changedAt');
  const read = new Set([
    key.column,
    ...(primary === undefined ? [] : [primary.name]),
    ...(usesEmployment && employment !== undefined
      ? [employment.start, employment.end, ...(employment.zone === undefined ? [] : [employment.zone])]
      : []),
    ...all.flatMap(({ isSure, columns }) => (isSure ? columns : [])),
  ]);
  const declarations = new Map<string, Partial<ProposedDeclaration>>([
    // A key is text or an integer; larger numbers than an integer are kept as the text of their digits.
    [key.column, { required: true, type: keyColumn.type === 'integer' ? 'integer' : 'string' }],
    ...(primary === undefined ? [] : [[primary.name, { required: true }] as const]),
    ...active.declarations,
    ...(usesEmployment && employment !== undefined ? declareEmployment(survey, employment.start, employment.end) : []),
  ]);
  return {
    key,
    ...(primary === undefined
      ? {}
      : { primary: { column: primary.name, reason: 'a boolean that is named so, and several rows may share a key' } }),
    ...(watermark?.type === 'datetime'
      ? { watermark: { column: watermark.name, reason: 'its name says the time of a change; whether every change moves it only HR knows' } }
      : {}),
    columns: survey.columns.map((column) => describeColumn(survey, column, read.has(column.name), declarations.get(column.name))),
    ...(employment === undefined ? {} : { employment: { ...employment, isSure: employment.isSure && usesEmployment } }),
    attributes: all,
    isActiveOpen: !active.isSure,
    decide: decisions(survey, keyColumn, primary !== undefined, active, usesEmployment, all, options),
  };
}

function isUnique(survey: TableSurvey, column: string): boolean {
  return survey.uniqueKeys.some((columns) => columns.length === 1 && columns[0] === column);
}

function primaryOf(survey: TableSurvey): SurveyedColumn | undefined {
  const column = onlyOne(survey, 'isPrimary');
  return column?.type === 'boolean' ? column : undefined;
}

function declareEmployment(survey: TableSurvey, start: string, end: string): readonly (readonly [string, Partial<ProposedDeclaration>])[] {
  const isRequired = survey.columns.find(({ name }) => name === end)?.nullable === false;
  return [
    [start, { type: 'date', required: true }],
    [end, isRequired ? { type: 'date', required: true } : { type: 'date', required: false, whenNull: 'never' }],
  ];
}

function describeColumn(
  survey: TableSurvey,
  column: SurveyedColumn,
  isRead: boolean,
  over: Partial<ProposedDeclaration> = {},
): ProposedColumn {
  const { name, databaseType, nullable, shape } = column;
  const meaning = meaningOf(name);
  const isSensitive = meaning !== undefined && entryOf(meaning).isSensitive === true;
  const isDay = (meaning === 'firstDay' || meaning === 'lastDay') && holdsDays(column);
  const type: ColumnType = isDay ? 'date' : column.type;
  const said = nullable === undefined ? '' : nullable ? ', may be NULL' : ', NOT NULL';
  const empty = shape === undefined || survey.rows === 0 ? '' : `; NULL in ${String(shape.nulls)} of ${String(survey.rows)} rows`;
  const named = meaning === undefined ? 'its name is not known' : `its name says ${entryOf(meaning).words}`;
  const asked =
    over.required === true && nullable !== false ? '; a row in which it is NULL is a rejection, and its account stays as it is' : '';
  return {
    name,
    databaseType,
    isRead,
    declaration: { type, required: nullable === false, ...over, ...(isSensitive ? { class: 'sensitive' as const } : {}) },
    reason: isRead
      ? `${shape?.written === undefined ? databaseType : `every value that was seen is a ${type}`}${said}${empty}${asked}`
      : `${databaseType}${said}; ${named}`,
  };
}

function decisions(
  survey: TableSurvey,
  key: SurveyedColumn,
  hasPrimary: boolean,
  active: ProposedActive,
  usesEmployment: boolean,
  attributes: readonly ProposedAttribute[],
  options: ProposalOptions,
): readonly string[] {
  const found: string[] = [];
  const shared = key.shape === undefined ? 0 : survey.rows - key.shape.nulls - key.shape.blanks - key.shape.distinct;
  if (meaningOf(key.name) !== 'workerId')
    found.push(`whether ${key.name} names a person for life, or only a row: its name does not say the number of a worker`);
  if (shared > 0 && !hasPrimary)
    found.push(
      `which of several rows of a key counts (source.primary): ${String(survey.rows)} rows have ${String(key.shape?.distinct ?? 0)} keys, and a worker with several rows is a rejection`,
    );
  if (!active.isSure) found.push(`who works here (attributes.active): ${active.reason}; guards.first.joiners is 0 until that is decided`);
  if (usesEmployment) found.push('in which time zone days begin (timezone)');
  if (!attributes.some(({ path, isSure }) => isSure && path[0] === 'displayName'))
    found.push(
      'what people are called (attributes.displayName): no column is surely a name, and Entra creates nobody without a display name',
    );
  const userName = attributes.find(({ path }) => path[0] === 'userName');
  if (options.domain === undefined && userName?.expression.includes(unknownDomain) === true)
    found.push(`the domain of userName: ${unknownDomain} is nobody's`);
  if (survey.rows === 0) found.push('whether the values are what the names promise: no row was looked at');
  return found;
}
