import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { Place } from '../domain/place.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';
import type { ResultColumn } from './layout.ts';

/** What a declaration says about its columns. */
type Contract = { readonly key: string; readonly primary?: string; readonly columns?: readonly ColumnDeclaration[] };

/** Refuses a result that lacks a declared column (SRC-204, all of them at once) or returns a name twice (SRC-205). */
export function checkColumns(
  declaration: Contract,
  /** Columns that are needed beside the contract. */
  needed: readonly { readonly column: string; readonly place: Place }[],
  columns: readonly Pick<ResultColumn, 'name'>[],
  place: Place | undefined,
): void {
  const names = new Set<string>();
  for (const { name } of columns) {
    if (names.has(name)) {
      throw new JoineryError('SRC-205', `the source returns two columns named ${name}`, place === undefined ? {} : { place });
    }
    names.add(name);
  }
  const wanted = new Map<string, Place | undefined>();
  for (const name of [declaration.key, ...(declaration.primary === undefined ? [] : [declaration.primary])]) wanted.set(name, place);
  for (const column of declaration.columns ?? []) wanted.set(column.name, column.place);
  for (const { column, place: at } of needed) if (!wanted.has(column)) wanted.set(column, at);
  const missing = [...wanted].filter(([name]) => !names.has(name));
  const [first] = missing;
  if (first === undefined) return;
  const diagnostics = missing.map(([name, at]): Diagnostic => {
    const near = [...names].find((other) => other.trim().toLowerCase() === name.trim().toLowerCase());
    return {
      code: 'SRC-204',
      severity: 'error',
      message: `the source returns no column ${name}`,
      ...(near === undefined
        ? {}
        : { fix: `It returns ${near === near.trim() ? near : JSON.stringify(near)}; names are compared exactly.` }),
      ...(at === undefined ? {} : { place: at }),
    };
  });
  throw new JoineryError(
    'SRC-204',
    `the source does not return ${missing.map(([name]) => name).join(', ')}; it returns ${[...names].join(', ')}`,
    {
      diagnostics,
      ...(first[1] === undefined ? {} : { place: first[1] }),
    },
  );
}
