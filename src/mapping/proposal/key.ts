import { JoineryError } from '../../domain/error.ts';
import type { SurveyedColumn, TableSurvey } from '../../pipeline/survey.ts';
import { meaningOf } from './meanings.ts';

export interface ProposedKey {
  readonly column: string;
  readonly reason: string;
}

/**
 * Which column names the worker: the one that was asked for, else the one that is called so, else the one of the primary key. Errors: SRC-216 when none is, or several are.
 */
export function proposeKey(
  survey: Pick<TableSurvey, 'name' | 'kind' | 'primaryKey' | 'uniqueKeys'> & { readonly columns: readonly Pick<SurveyedColumn, 'name'>[] },
  asked: string | undefined,
): ProposedKey {
  const names = survey.columns.map(({ name }) => name);
  const isUnique = (column: string): boolean => survey.uniqueKeys.some((columns) => columns.length === 1 && columns[0] === column);
  const isPrimary = (column: string): boolean => survey.primaryKey.length === 1 && survey.primaryKey[0] === column;
  if (asked !== undefined) {
    if (names.includes(asked)) return { column: asked, reason: `as asked for${isUnique(asked) ? `; unique in the ${survey.kind}` : ''}` };
    throw new JoineryError('SRC-216', `${survey.name} has no column ${asked} that this account may read`);
  }
  const called = names.filter((name) => meaningOf(name) === 'workerId');
  const [first, second] = called.filter(isUnique).length === 1 ? called.filter(isUnique) : called;
  if (first !== undefined && second === undefined) {
    const why = isPrimary(first)
      ? 'primary key'
      : isUnique(first)
        ? 'unique'
        : survey.primaryKey.includes(first)
          ? 'a part of the primary key'
          : 'not known to be unique';
    return { column: first, reason: `its name says the number of a worker; ${why}` };
  }
  if (second !== undefined)
    throw new JoineryError('SRC-216', `several columns of ${survey.name} are named like the number of a worker: ${called.join(', ')}`);
  const [only, more] = survey.primaryKey;
  if (only !== undefined && more === undefined && names.includes(only))
    return { column: only, reason: 'the only column of the primary key' };
  throw new JoineryError(
    'SRC-216',
    `no column of ${survey.name} is named like the number of a worker${survey.kind === 'file' ? '' : ', and it has no primary key of one column'}`,
  );
}
