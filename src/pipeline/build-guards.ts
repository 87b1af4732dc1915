import type { AttributePath } from '../domain/payload.ts';
import { namesOf } from './attribute-paths.ts';
import type { PipelineValues } from './declaration.ts';
import type { RecordEntry } from './kind.ts';
import type { Range } from './line-index.ts';
import { nearestName } from './nearest-name.ts';
import type { AttributeDeclaration, GuardsDeclaration, Limit } from './pipeline.ts';
import type { Reading } from './reading.ts';

type GuardValues = PipelineValues['guards'];

/** Guards with attributes by their paths. A name that no attribute has is an error (PIP-507): its guard would watch nothing. */
export function buildGuards(values: GuardValues, attributes: readonly AttributeDeclaration[], reading: Reading): GuardsDeclaration {
  const paths = attributes.map(({ path }) => path);
  const { groups } = values.changes;
  // The default names an attribute that a pipeline need not have.
  const written = reading.isWritten('guards.changes.groups.by');
  const [by, ...others] = pathsOf(groups.by, paths);
  if (written && (by === undefined || others.length > 0))
    reportName(reading.rangeOf('guards.changes.groups.by'), groups.by, paths, reading);
  return {
    ...values,
    emptied: limitsOf(values.emptied, paths, reading),
    changes: {
      ...limitsOf(values.changes, paths, reading),
      ...(by === undefined || others.length > 0 ? {} : { groups: { by, share: groups.share, minimum: groups.minimum } }),
    },
  };
}

function limitsOf(
  { each, attributes }: { readonly each: Limit; readonly attributes: readonly RecordEntry<Limit>[] },
  paths: readonly AttributePath[],
  reading: Reading,
): { readonly each: Limit; readonly attributes: Readonly<Record<AttributePath, Limit>> } {
  const limits: Record<AttributePath, Limit> = {};
  for (const { name, value, keyRange } of attributes) {
    const [path, ...others] = pathsOf(name, paths);
    if (path === undefined || others.length > 0) reportName(keyRange, name, paths, reading);
    else limits[path] = value;
  }
  return { each, attributes: limits };
}

function pathsOf(name: string, paths: readonly AttributePath[]): readonly AttributePath[] {
  return paths.filter((path) => namesOf(path).some((one) => one.toLowerCase() === name.toLowerCase()));
}

function reportName(range: Range, name: string, paths: readonly AttributePath[], reading: Reading): void {
  const found = pathsOf(name, paths);
  const near = nearestName(
    name,
    paths.flatMap((path) => namesOf(path).slice(2)),
  );
  const message = found.length > 1 ? `${name} can be ${found.join(' or ')}` : `${name} is not among transform.attributes`;
  const fix = found.length > 1 ? 'Write the whole path.' : near === undefined ? undefined : `Did you mean ${near}?`;
  reading.report('PIP-507', range, message, { fix });
}
