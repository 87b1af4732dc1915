import type { Diagnostic } from '../domain/diagnostic.ts';
import type { UnitParts } from './compile-unit.ts';
import { dependenciesOf } from './unit.ts';

/** Whether `employment` is asked for. Its columns, their types and the time zone are the grammar's to check. */
export function analyseEmployment(parts: UnitParts): readonly Diagnostic[] {
  const { employment } = parts.pipeline.transform;
  const active = parts.attributes.find(({ target }) => target.path === 'active');
  if (employment?.preHire === undefined || active === undefined) return [];
  const { employment: isUsed } = dependenciesOf([active.formula], { lets: parts.lets, lookups: parts.lookups, employment });
  if (isUsed) return [];
  const message = 'preHire has no effect: active does not read $employed';
  return [{ code: 'MAP-126', severity: 'warning', message, place: employment.place }];
}
