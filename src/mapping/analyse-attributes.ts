import type { Diagnostic } from '../domain/diagnostic.ts';
import { createSchemaSet } from '../scim/index.ts';
import { AttributePaths } from './attribute-paths.ts';
import type { UnitParts } from './compile-unit.ts';

/** Whether the mapping as a whole makes valid users: what is missing, and what overlaps. Duplicates are the grammar's to find. */
export function analyseAttributes(parts: UnitParts): readonly Diagnostic[] {
  const { pipeline, attributes } = parts;
  const diagnostics: Diagnostic[] = [];
  const paths = new AttributePaths();
  for (const { declaration, target } of attributes) {
    for (const other of paths.add(target.path)) {
      const message = `${target.path} and ${other} overlap`;
      diagnostics.push({ code: 'MAP-136', severity: 'error', message, place: declaration.place });
    }
  }
  // A declared attribute that did not compile is not missing.
  const declared = new Set([...paths.all, ...pipeline.transform.attributes.map(({ path }) => path)]);
  for (const [name, attribute] of createSchemaSet().attributes(undefined) ?? []) {
    if (attribute.required !== true || name === 'schemas' || name === 'externalId' || declared.has(name)) continue;
    const place = pipeline.placeOf('transform.attributes');
    diagnostics.push({ code: 'MAP-128', severity: 'error', message: `${name} is not mapped`, place });
  }
  // SCIM does not require it and Entra does (Graph, resource type user), but the mapping of the job, which is not ours to know here, may make it of the names.
  if (!declared.has('displayName')) {
    const place = pipeline.placeOf('transform.attributes');
    const message = 'displayName is not mapped: Entra creates nobody without one';
    diagnostics.push({ code: 'MAP-141', severity: 'notice', message, place });
  }
  return diagnostics;
}
