import type { Diagnostic } from '../domain/diagnostic.ts';
import { createSchemaSet } from '../scim/index.ts';
import type { UnitParts } from './compile-unit.ts';

/** Whether the mapping as a whole makes valid users: what is missing, mapped twice, or overlaps. */
export function analyseAttributes(parts: UnitParts): readonly Diagnostic[] {
  const { pipeline, attributes } = parts;
  const diagnostics: Diagnostic[] = [];
  const at = pipeline.placeOf('transform.attributes');
  const paths = new Map<string, string>();
  for (const { declaration, target } of attributes) {
    const { place, path, empty } = declaration;
    if (target.path === 'externalId' || target.path === 'schemas') {
      diagnostics.push({ code: 'MAP-115', severity: 'error', message: `${target.path} is set by Joinery`, place });
      continue;
    }
    if (paths.has(target.path)) diagnostics.push({ code: 'MAP-114', severity: 'error', message: `${target.path} is mapped twice`, place });
    for (const other of paths.keys()) {
      if (other === target.path || !overlaps(other, target.path)) continue;
      diagnostics.push({ code: 'MAP-136', severity: 'error', message: `${target.path} and ${other} overlap`, place });
    }
    paths.set(target.path, path);
    const { clearing } = pipeline.sink;
    if (empty === 'clear' && !clearing.includes(target.path) && !clearing.includes(path)) {
      diagnostics.push({
        code: 'MAP-134',
        severity: 'error',
        message: `${path} is to be cleared, and sink.clearing does not list it`,
        place,
      });
    }
  }
  // A declared attribute that did not compile is not missing.
  const declared = new Set([...paths.keys(), ...pipeline.transform.attributes.map(({ path }) => path)]);
  if (!declared.has('active')) diagnostics.push({ code: 'MAP-113', severity: 'error', message: 'active is not mapped', place: at });
  for (const [name, attribute] of createSchemaSet().attributes(undefined) ?? []) {
    if (attribute.required !== true || name === 'schemas' || name === 'externalId' || declared.has(name)) continue;
    diagnostics.push({ code: 'MAP-128', severity: 'error', message: `${name} is not mapped`, place: at });
  }
  const { primary, columns } = pipeline.source;
  const column = columns?.find(({ name }) => name === primary);
  const placeOfPrimary = pipeline.placeOf('source.primary');
  if (primary !== undefined && columns !== undefined && column === undefined) {
    diagnostics.push({
      code: 'MAP-112',
      severity: 'error',
      message: `there is no column ${primary} in source.columns`,
      place: placeOfPrimary,
    });
  } else if (column !== undefined && column.type !== 'boolean') {
    const message = `column ${column.name} is declared as ${column.type}`;
    diagnostics.push({ code: 'MAP-127', severity: 'error', message, place: placeOfPrimary });
  }
  return diagnostics;
}

/** `name` and `name.givenName`, `emails` and `emails[type eq "work"].value`; both orders. */
function overlaps(one: string, two: string): boolean {
  const [short, long] = one.length < two.length ? [one, two] : [two, one];
  return long.startsWith(`${short}.`) || long.startsWith(`${short}[`);
}
