import type { ColumnShape, SurveyedColumn, TableSurvey } from '../../pipeline/survey.ts';
import { readAsText, readColumn } from './expression.ts';
import { entryOf, meaningOf, saysWork, type Meaning } from './meanings.ts';
import type { ProposedAttribute } from './proposal.ts';

/** Attributes in the order in which they are written; those of the name to sign in with and of `active` are made elsewhere. */
const order: readonly Meaning[] = [
  'givenName',
  'familyName',
  'middleName',
  'honorificPrefix',
  'displayName',
  'nickName',
  'jobTitle',
  'userType',
  'language',
  'email',
  'phone',
  'street',
  'city',
  'region',
  'postalCode',
  'country',
  'workerId',
  'department',
  'division',
  'costCenter',
  'organization',
  'manager',
];
/** May be about somebody's home unless the name says otherwise. */
const places: readonly Meaning[] = ['street', 'city', 'region', 'postalCode', 'country'];

/** An attribute for every column whose name is known; sure where type and shapes agree and no other column could be meant. */
export function proposeAttributes(survey: TableSurvey, key: string): readonly ProposedAttribute[] {
  const found = order.flatMap((meaning) => {
    const columns = survey.columns.filter((column) => meaningOf(column.name) === meaning);
    const [first, more] = columns.filter(({ name }) => saysWork(name));
    const chosen = columns.length === 1 ? columns[0] : more === undefined ? first : undefined;
    return columns.flatMap((column) => proposeAttribute(survey, key, meaning, column, column === chosen, columns) ?? []);
  });
  const withNumber = found.some(({ path }) => path.join('.') === 'enterprise.employeeNumber')
    ? found
    : [...found, ...keyAsNumber(survey, key)];
  return sortByPath([...withNumber, ...composeDisplayName(found)]);
}

function proposeAttribute(
  survey: TableSurvey,
  key: string,
  meaning: Meaning,
  column: SurveyedColumn,
  isChosen: boolean,
  rivals: readonly SurveyedColumn[],
): ProposedAttribute | undefined {
  const { attribute: path, words, isOrganisation } = entryOf(meaning);
  if (path === undefined) return undefined;
  const expression = readAsText(column.name, column.type);
  const doubt =
    expression === undefined
      ? `its type is ${column.databaseType}`
      : isChosen
        ? doubtOf(survey, key, meaning, column)
        : `${rivals.length > 1 ? rivals.map(({ name }) => name).join(', ') : 'another column'} could be meant as well`;
  return {
    path,
    expression: expression ?? readColumn(column.name),
    columns: [column.name],
    isPublic: isOrganisation === true && repeats(column.shape),
    isSure: doubt === undefined,
    reason: doubt === undefined ? `its name says ${words}${seen(survey, column)}` : `its name says ${words}, but ${doubt}`,
  };
}

/** Why the proposal is not sure; undefined: it is. */
function doubtOf(survey: TableSurvey, key: string, meaning: Meaning, column: SurveyedColumn): string | undefined {
  const { shape } = column;
  if (places.includes(meaning) && !isPlaceOfWork(survey, meaning, column)) return 'it may be about the home';
  if (meaning === 'phone' && !saysWork(column.name) && !/extension|durchwahl/i.test(column.name)) return 'it may be a private one';
  if (shape === undefined || survey.rows === 0) return undefined;
  const values = valuesOf(shape);
  if (values === 0) return 'it is empty in every row that was looked at';
  if (meaning === 'manager') return doubtOfManager(survey, key, column, shape, values);
  if (meaning === 'email' && shape.domains > Math.max(2, values / 20))
    return `it has addresses of ${String(shape.domains)} domains, so it may be private ones`;
  const { forms, words } = entryOf(meaning);
  const fitting = forms?.reduce((sum, form) => sum + (shape.forms[form] ?? 0), 0) ?? values;
  return fitting >= values * 0.9 ? undefined : `${String(values - fitting)} of ${String(values)} values do not look like ${words}`;
}

/** A city or a country alone is where somebody works; beside a street it is the street's. */
function isPlaceOfWork(survey: TableSurvey, meaning: Meaning, { name }: SurveyedColumn): boolean {
  if (saysWork(name)) return true;
  const streets = survey.columns.filter((column) => ['street', 'postalCode'].includes(meaningOf(column.name) ?? ''));
  return meaning !== 'street' && meaning !== 'postalCode' && streets.length === 0;
}

function doubtOfManager(survey: TableSurvey, key: string, column: SurveyedColumn, shape: ColumnShape, values: number): string | undefined {
  if (column.name === key) return 'it is the key';
  if (shape.keys >= values * 0.5 || (!survey.isWhole && shape.keys > 0)) return undefined;
  return `${String(values - shape.keys)} of ${String(values)} values are the key of no row that was looked at`;
}

/** Many rows share few values, so none of them is about one person. */
function repeats(shape: ColumnShape | undefined): boolean {
  return shape !== undefined && valuesOf(shape) >= shape.distinct * 5;
}

export function valuesOf(shape: ColumnShape): number {
  return Object.values(shape.forms).reduce((sum, count) => sum + count, 0);
}

function seen({ rows }: TableSurvey, { shape }: SurveyedColumn): string {
  if (shape === undefined || rows === 0) return '; no row was looked at';
  const empty = shape.nulls + shape.blanks;
  return `; ${String(shape.distinct)} different in ${String(rows)} rows${empty === 0 ? '' : `, empty in ${String(empty)}`}`;
}

function keyAsNumber(survey: TableSurvey, key: string): readonly ProposedAttribute[] {
  const column = survey.columns.find(({ name }) => name === key);
  const expression = column === undefined ? undefined : readAsText(key, column.type);
  if (expression === undefined) return [];
  return [{ path: ['enterprise', 'employeeNumber'], expression, columns: [key], isPublic: false, isSure: true, reason: 'the key' }];
}

/** Where no column is surely the whole name: made of those that are surely a part of it, since nobody is created without one. */
function composeDisplayName(found: readonly ProposedAttribute[]): readonly ProposedAttribute[] {
  const sure = (path: string): ProposedAttribute | undefined => found.find((each) => each.isSure && each.path.join('.') === path);
  const [given, family, nick] = [sure('name.givenName'), sure('name.familyName'), sure('nickName')];
  if (sure('displayName') !== undefined) return [];
  const make = (expression: string, parts: readonly ProposedAttribute[], reason: string): readonly ProposedAttribute[] => [
    { path: ['displayName'], expression, columns: parts.flatMap(({ columns }) => columns), isPublic: false, isSure: true, reason },
  ];
  if (given !== undefined && family !== undefined) {
    const whole = `$trim(${given.expression} & " " & ${family.expression})`;
    return make(whole, [given, family], 'given and family name; no column is surely the whole name');
  }
  const only = given ?? family ?? nick;
  if (only === undefined) return [];
  return make(only.expression, [only], `the only column that is surely a name of somebody; Entra creates nobody without a display name`);
}

/** Nested names together, in the order of the first of each. */
function sortByPath(attributes: readonly ProposedAttribute[]): readonly ProposedAttribute[] {
  const rank = [
    'name',
    'displayName',
    'nickName',
    'title',
    'userType',
    'preferredLanguage',
    'emails',
    'phoneNumbers',
    'addresses',
    'enterprise',
  ];
  return attributes.toSorted((left, right) => rank.indexOf(left.path[0] ?? '') - rank.indexOf(right.path[0] ?? ''));
}
