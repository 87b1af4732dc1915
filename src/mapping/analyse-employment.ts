import type { Diagnostic } from '../domain/diagnostic.ts';
import type { UnitParts } from './compile-unit.ts';
import { isTimeZone } from './employment.ts';
import { dependenciesOf } from './unit.ts';

/** Whether `employment` names columns that can carry it, has a zone, and is asked for. */
export function analyseEmployment(parts: UnitParts): readonly Diagnostic[] {
  const { pipeline } = parts;
  const { employment } = pipeline.transform;
  const { columns } = pipeline.source;
  const diagnostics: Diagnostic[] = [];
  if (pipeline.timezone !== undefined && !isTimeZone(pipeline.timezone)) {
    const place = pipeline.placeOf('timezone');
    diagnostics.push({ code: 'MAP-211', severity: 'error', message: `timezone "${pipeline.timezone}" is no time zone`, place });
  }
  if (employment === undefined) return diagnostics;
  const { place } = employment;
  const declared = new Map((columns ?? []).map((column) => [column.name, column]));
  const report = (code: 'MAP-112' | 'MAP-118' | 'MAP-124' | 'MAP-126', message: string, severity: 'error' | 'warning' = 'error'): void => {
    diagnostics.push({ code, severity, message, place });
  };
  for (const name of [employment.start, employment.end]) {
    const column = name === undefined ? undefined : declared.get(name);
    if (column === undefined) {
      if (name !== undefined && columns !== undefined) report('MAP-112', `employment: there is no column ${name} in source.columns`);
    } else if (column.type !== 'date') {
      report('MAP-124', `employment: column ${column.name} is declared as ${column.type}`);
    } else if (typeof column.whenNull === 'boolean' || typeof column.whenNull === 'number') {
      report('MAP-124', `employment: column ${column.name} has whenNull ${String(column.whenNull)}, which is no date`);
    }
  }
  const zone = employment.zone === undefined ? undefined : declared.get(employment.zone);
  if (employment.zone !== undefined && zone === undefined && columns !== undefined) {
    report('MAP-112', `employment: there is no column ${employment.zone} in source.columns`);
  }
  if (zone !== undefined && zone.type !== 'string')
    report('MAP-124', `employment: the zone column ${zone.name} is declared as ${zone.type}, not string`);
  const zoneIsSure = zone !== undefined && (zone.required || zone.whenNull !== undefined);
  if (pipeline.timezone === undefined && !zoneIsSure) report('MAP-118', 'employment reads the clock');
  const active = parts.attributes.find(({ target }) => target.path === 'active');
  if (employment.preHire !== undefined && active !== undefined) {
    const { employment: isUsed } = dependenciesOf([active.formula], { lets: parts.lets, lookups: parts.lookups, employment });
    if (!isUsed) report('MAP-126', 'preHire has no effect: active does not read $employed', 'warning');
  }
  return diagnostics;
}
