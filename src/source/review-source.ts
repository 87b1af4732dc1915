import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { SourceDeclaration } from '../pipeline/pipeline.ts';
import { readStatement } from './statement.ts';
import { readTableName } from './table-name.ts';

/**
 * What can be said about a source without connecting: whether its query is one statement that reads (SRC-201) and ends in an ORDER BY (SRC-301, a warning: whether it is
 * the right one only the rows can tell), or its table is the name of one (SRC-105).
 */
export function reviewSource(declaration: SourceDeclaration): readonly Diagnostic[] {
  if (declaration.type === 'csv') return [];
  const { query, table, join, outbox, type, key } = declaration;
  try {
    for (const name of [table, ...(join ?? []).map((each) => each.table), outbox?.kind === 'table' ? outbox.table : undefined]) {
      if (name !== undefined) readTableName(name, type);
    }
    if (query === undefined) return [];
    const statement = readStatement(query, type);
    if (statement.hasOrderBy) return [];
    return [
      {
        code: 'SRC-301',
        severity: 'warning',
        message: 'the query has no ORDER BY, so its rows come in any order',
        fix: `End it with ORDER BY ${key}; text keys: ${type === 'postgres' ? `ORDER BY ${key} COLLATE "C"` : `ORDER BY ${key} COLLATE Latin1_General_100_BIN2`}.`,
        place: statement.placeOf(0),
      },
    ];
  } catch (error) {
    if (!(error instanceof JoineryError)) throw error;
    return [
      {
        code: error.code,
        severity: 'error',
        message: error.message,
        fix: error.fix,
        ...(error.place === undefined ? {} : { place: error.place }),
      },
    ];
  }
}
