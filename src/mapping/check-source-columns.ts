import type { Diagnostic } from '../domain/diagnostic.ts';
import type { ColumnType, Pipeline } from '../pipeline/pipeline.ts';
import { nearestName } from '../scim/index.ts';
import type { Mapping, SourceColumn } from './contract.ts';

/**
 * Compares what the live source returns with what the pipeline needs: columns of the contract and columns that expressions read, before a row
 * is read. Empty means that both agree. The place is the column's declaration, else the query.
 */
export function checkSourceColumns(pipeline: Pipeline, mapping: Mapping, described: readonly SourceColumn[]): readonly Diagnostic[] {
  const byName = new Map(described.map((column) => [column.name, column]));
  const declared = new Map((pipeline.source.columns ?? []).map((column) => [column.name, column]));
  const diagnostics: Diagnostic[] = [];
  const query = pipeline.source.type === 'csv' ? undefined : pipeline.source.query;
  const queryPlace = query === undefined ? pipeline.placeOf('source') : { file: query.file, line: query.firstLine, column: 1 };
  for (const name of new Set([...declared.keys(), ...mapping.columns])) {
    const column = declared.get(name);
    const place = column?.place ?? queryPlace;
    const found = byName.get(name);
    if (found === undefined) {
      const nearest = nearestName(name, byName.keys());
      const fix = nearest === undefined ? {} : { fix: `Did you mean ${nearest}?` };
      diagnostics.push({ code: 'MAP-132', severity: 'error', message: `the source returns no column ${name}`, place, ...fix });
    } else if (column !== undefined && !carries(column.type, found.type)) {
      const message = `column ${name} is declared as ${column.type}, the source returns ${found.type}`;
      diagnostics.push({ code: 'MAP-133', severity: 'error', message, place });
    } else if (column?.required === true && found.nullable === true) {
      const message = `column ${name} is declared as required, and the source allows NULL in it`;
      diagnostics.push({ code: 'MAP-138', severity: 'warning', message, place });
    }
  }
  if (declared.size === 0) return diagnostics;
  const wanted = new Set([...declared.keys(), ...mapping.columns, ...pipelineColumns(pipeline)]);
  const fresh = described.map(({ name }) => name).filter((name) => !wanted.has(name));
  if (fresh.length > 0) {
    const message = `the source has ${fresh.length === 1 ? 'a column' : 'columns'} that the contract does not name: ${fresh.join(', ')}`;
    diagnostics.push({ code: 'MAP-139', severity: 'notice', message, place: pipeline.placeOf('source.columns') });
  }
  return diagnostics;
}

/** What the source itself needs is nothing new. */
function pipelineColumns({ source }: Pipeline): readonly string[] {
  const own = [source.key, source.primary];
  return [...own, source.type === 'csv' ? undefined : source.changes?.column].filter((name) => name !== undefined);
}

/** Whether every value of the source's type passes the contract's. JSON passes as anything, because it may hold anything. */
function carries(declared: ColumnType, described: ColumnType): boolean {
  if (declared === described || declared === 'json' || described === 'json') return true;
  if (declared === 'decimal') return described === 'integer' || described === 'number';
  return declared === 'number' && described === 'integer';
}
