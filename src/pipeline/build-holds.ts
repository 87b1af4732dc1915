import type { PipelineValues } from './declaration.ts';
import { buildQuery, usesAsOf } from './build-source.ts';
import type { HoldsDeclaration, MssqlSource, PostgresSource, SourceDeclaration } from './pipeline.ts';
import type { Reading } from './reading.ts';

const ofQuery = ['key', 'type', 'connection'] as const;

/** The query of the hold list asks the HR database, unless it names a database of its own. */
export function buildHolds(
  values: PipelineValues['holds'],
  source: SourceDeclaration | undefined,
  timezone: string | undefined,
  reading: Reading,
): HoldsDeclaration {
  const { directory, file } = values;
  const query = buildHoldQuery(values, source, timezone, reading);
  return {
    directory,
    ...(file === undefined ? {} : { file: reading.absolutePath(file) }),
    ...(query === undefined ? {} : { query }),
  };
}

function buildHoldQuery(
  values: PipelineValues['holds'],
  source: SourceDeclaration | undefined,
  timezone: string | undefined,
  reading: Reading,
): PostgresSource | MssqlSource | undefined {
  if (!reading.isWritten('holds.query')) {
    for (const name of ofQuery) {
      if (reading.isWritten(`holds.${name}`))
        reading.report('PIP-321', reading.rangeOf(`holds.${name}`), `holds.${name} goes with holds.query only`, {
          fix: 'Add holds.query, or leave the field out.',
        });
    }
    return undefined;
  }
  const database = source?.type === 'csv' ? undefined : source;
  const type = values.type ?? database?.type;
  const ownDatabase = values.type !== undefined || reading.isWritten('holds.connection');
  if (type === undefined && source !== undefined && !reading.isWritten('holds.type')) {
    reading.report('PIP-102', reading.rangeOf('holds'), 'holds.type is missing: the source is a CSV file, and the query asks a database', {
      fix: 'Add type: postgres',
    });
  }
  if (ownDatabase && !reading.isWritten('holds.connection') && type !== database?.type) {
    const fix = 'Add connection: ${HOLDS_DATABASE_URL}'; // oxlint-disable-line no-template-curly-in-string -- a reference of the pipeline file
    reading.report('PIP-102', reading.rangeOf('holds'), 'holds.connection is missing', { fix });
  }
  const query = values.query === undefined ? undefined : buildQuery('holds.query', values.query, type ?? 'postgres', reading);
  if (timezone === undefined && query !== undefined && usesAsOf([], [], query.sql)) {
    reading.report('PIP-307', reading.rangeOf('holds.query'), ':as_of needs the timezone of the pipeline', {
      fix: 'Add timezone: Europe/Berlin',
    });
  }
  const connection = reading.isWritten('holds.connection') ? values.connection : database?.connection;
  const key = values.key ?? source?.key;
  if (type === undefined || query === undefined || connection === undefined || key === undefined) return undefined;
  const statementTimeout = database?.statementTimeout ?? 900_000;
  return { type, connection, query, key, statementTimeout, place: reading.placeOf('holds.query') };
}
