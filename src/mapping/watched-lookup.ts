import { plainSize } from '../jsonata/index.ts';
import type { LookupTable } from './lookup.ts';
import type { LookupDifference } from './lookup-fingerprints.ts';

type Rows = LookupTable['rows'];
type LookupRow = Rows[string];

/** Raised by watched tables when something is asked for that is not known to be what it was. Whoever evaluates with them puts it back. */
export interface Watch {
  raised: boolean;
}

/**
 * The present table, which raises the watch when it is asked for anything in which it is not proved to be the earlier one: a key that came, went, or was never there but is said to be gone, a cell that is
 * another, the names of its keys or of the cells of a changed row. An expression can see of an object only what its traps answer, so that one that was evaluated without raising the watch saw the
 * earlier table, and gave what it would have given with that.
 */
export function watchTable(table: LookupTable, { came, changed, isGone }: LookupDifference, watch: Watch): LookupTable {
  const rows = withoutPrototype();
  for (const [key, row] of Object.entries(table.rows)) {
    const cells = changed.get(key);
    rows[key] = cells === undefined ? row : watchMembers(row, (column) => cells.has(column), watch, sizeOf(row, cells));
  }
  return { ...table, rows: watchMembers(rows, (key) => came.has(key) || (!Object.hasOwn(rows, key) && isGone(key)), watch) };
}

/** In place of a table that is not known any more. */
export function unknownTable(name: string, watch: Watch): LookupTable {
  return { name, rows: watchMembers(withoutPrototype(), () => true, watch), columns: [], hash: '' };
}

/**
 * The present table with something else, or nothing, wherever the earlier one is not known: who comes out the same with both does not depend on it. What is the same stands in another order.
 */
export function blurTable(table: LookupTable, { came, changed }: LookupDifference): LookupTable {
  const rows = withoutPrototype();
  for (const [key, row] of Object.entries(table.rows).toReversed()) {
    if (came.has(key)) continue;
    const cells = changed.get(key);
    rows[key] = cells === undefined ? row : blurRow(row, cells);
  }
  return { ...table, rows };
}

function blurRow(row: LookupRow, cells: ReadonlySet<string>): LookupRow {
  const same = Object.entries(row).filter(([column]) => !cells.has(column));
  const others = [...cells]
    .filter((column) => !Object.hasOwn(row, column))
    .map((column): [string, string] => [column, 'not known any more']);
  return Object.fromEntries([...others, ...same.toReversed()]);
}

/** As `plainSize` has it: to be handed on by a let, or to be there, is not to be looked into. Of a row that keeps no cell it is not known whether it had any. */
function sizeOf(row: LookupRow, others: ReadonlySet<string>): number | undefined {
  const cells = Object.entries(row);
  if (cells.every(([column]) => others.has(column))) return undefined;
  return cells.reduce((size, [column, cell]) => size + column.length + 1 + cell.length, 0);
}

function watchMembers<T extends object>(target: T, isOther: (name: string) => boolean, watch: Watch, size?: number): T {
  const look = (name: string | symbol): void => {
    if (typeof name === 'string' && isOther(name)) watch.raised = true;
  };
  return new Proxy(target, {
    get: (object, name) => {
      if (name === plainSize) return size;
      look(name);
      return Reflect.get(object, name);
    },
    has: (object, name) => {
      look(name);
      return Reflect.has(object, name);
    },
    getOwnPropertyDescriptor: (object, name) => {
      look(name);
      return Reflect.getOwnPropertyDescriptor(object, name);
    },
    ownKeys: (object) => {
      watch.raised = true;
      return Reflect.ownKeys(object);
    },
  });
}

function withoutPrototype(): Record<string, LookupRow> {
  return Object.create(null) as Record<string, LookupRow>; // oxlint-disable-line typescript/no-unsafe-type-assertion -- Object.create has no type
}
