import { executeSql, fillContoso, fillDirty } from '../samples/databases.ts';
import { generateContoso, type ContosoTables, type SqlValue } from '../samples/contoso/generate.ts';

/** First and last ids, both included, of those who are left out. */
const leftOut = [
  [1100, 3950],
  [4200, 4650],
  [4820, 5090],
] as const;

/**
 * The clean company with a third of its people: everybody whom the scripts of the HR days name, everybody who manages somebody, some of every part that somebody
 * plays, and so many others that what leaves on day 2 is not too much for the guard.
 */
export async function fillSmallContoso(url: string): Promise<void> {
  await fillContoso(url, smallContoso());
}

/** Filtered here: deleted there, each of 3,500 people would have the server look through all assignments for his. */
function smallContoso(): ContosoTables {
  const tables = generateContoso();
  const isKept =
    (column: number) =>
    (row: readonly SqlValue[]): boolean =>
      !leftOut.some(([first, last]) => Number(row[column]) >= first && Number(row[column]) <= last);
  return { ...tables, person: tables.person.filter(isKept(0)), assignment: tables.assignment.filter(isKept(1)) };
}

/** Microsoft's export with fewer than half of its rows: its dirt of every kind, several batches, and a second pass for the managers. */
export async function fillSmallDirty(url: string): Promise<void> {
  await fillDirty(url);
  await executeSql(url, 'delete from hr_export where "RowNumber" > 450');
}
