import { canonicalJson } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Place } from '../domain/place.ts';
import type { Row, RowGroup } from '../domain/row.ts';

export type Selection = { readonly row: Row } | { readonly problem: Diagnostic };

/** The row of a key that counts: the only one, or the one that is primary. */
export function selectRow(group: RowGroup, primary: string | undefined, place: Place): Selection {
  const [only, ...others] = group.rows;
  if (only !== undefined && others.length === 0) return { row: only };
  const where = `rows ${listWords(group.rows.map((row) => String(row.ordinal)))}`;
  if (primary === undefined) {
    const message = `${String(group.rows.length)} rows have this key (${where}); ${contradictionWords(group.rows, primary)}`;
    return { problem: { code: 'MAP-205', severity: 'error', message, place } };
  }
  const chosen = group.rows.filter((row) => row.values[primary] === true);
  const [first] = chosen;
  if (first !== undefined && chosen.length === 1) return { row: first };
  const count = chosen.length === 0 ? `none has ${primary} = true` : `${String(chosen.length)} have ${primary} = true`;
  const message = `of ${String(group.rows.length)} rows with this key (${where}) ${count}; ${contradictionWords(group.rows, primary)}`;
  return { problem: { code: 'MAP-206', severity: 'error', message, place } };
}

/** Names the columns in which the rows differ, never the values. */
function contradictionWords(rows: readonly Row[], primary: string | undefined): string {
  const names = new Set(rows.flatMap((row) => Object.keys(row.values)));
  const differing = [...names].filter((name) => {
    if (name === primary) return false;
    return new Set(rows.map((row) => canonicalJson(row.values[name] ?? null))).size > 1;
  });
  return differing.length === 0 ? 'they are equal' : `they contradict each other in ${listWords(differing)}`;
}

function listWords(words: readonly string[]): string {
  const shown = words.length > 10 ? [...words.slice(0, 10), `${String(words.length - 10)} more`] : words;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}
