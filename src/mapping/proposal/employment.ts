import type { SurveyedColumn, TableSurvey } from '../../pipeline/survey.ts';
import { meaningOf, type Meaning } from './meanings.ts';
import type { ProposedEmployment } from './proposal.ts';

/** First and last day, where exactly one column is called so and holds days. */
export function proposeEmployment(survey: TableSurvey): ProposedEmployment | undefined {
  const start = onlyOne(survey, 'firstDay');
  const end = onlyOne(survey, 'lastDay');
  if (start === undefined || end === undefined) return undefined;
  const zone = onlyOne(survey, 'zone');
  const zones = zone?.shape?.forms.zone ?? 0;
  const isZone = zone?.type === 'string' && zones > 0 && zones === survey.rows;
  const common = { start: start.name, end: end.name, ...(isZone ? { zone: zone.name } : {}) };
  const bad = [start, end].filter((column) => !holdsDays(column));
  if (bad.length > 0)
    return { ...common, isSure: false, reason: `${bad.map(({ name }) => name).join(' and ')} cannot be declared as date` };
  const empty = (start.shape?.nulls ?? 0) > 0;
  if (empty) return { ...common, isSure: false, reason: `${start.name} is NULL in some rows: who never started would be rejected` };
  return { ...common, isSure: true, reason: 'their names say the first and the last day' };
}

/** A date, or a time without a zone that is midnight in every row. A field of a file is read as it is written: a time there is no date. */
export function holdsDays({ type, databaseType, shape }: SurveyedColumn): boolean {
  if (type === 'date') return true;
  if (shape?.written !== undefined) return false;
  const hasZone = /with time zone|datetimeoffset|timestamptz/.test(databaseType);
  const values = Object.values(shape?.forms ?? {}).reduce((sum, count) => sum + count, 0);
  return type === 'datetime' && !hasZone && values > 0 && shape?.timesOfDay === 0;
}

export function onlyOne(survey: TableSurvey, meaning: Meaning): SurveyedColumn | undefined {
  const [column, more] = survey.columns.filter(({ name }) => meaningOf(name) === meaning);
  return more === undefined ? column : undefined;
}
