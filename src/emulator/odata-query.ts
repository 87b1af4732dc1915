import { answers, type Answer } from './graph-answer.ts';
import { isObject, parseJson } from './json.ts';
import { checkFilter, type FilterRules } from './filter-evaluation.ts';
import { parseFilter, type Filter } from './odata-filter.ts';

/** The system query options of a request, by their name without `$`; the ones that an endpoint does not take are a 400. */
export function readOptions(query: URLSearchParams, taken: readonly string[]): ReadonlyMap<string, string> | Answer {
  const options = new Map<string, string>();
  for (const [name, value] of query) {
    if (!name.startsWith('$')) continue;
    if (!taken.includes(name)) return answers.badQuery(`The query parameter '${name}' is not supported.`);
    if (options.has(name))
      return answers.badQuery(`Query option '${name}' was specified more than once, but it must be specified at most once.`);
    options.set(name, value);
  }
  return options;
}

export function isAnswer(value: object): value is Answer {
  return 'status' in value && typeof value.status === 'number';
}

/** The filter of a request, checked; undefined: none was given. */
export function readFilter(text: string | undefined, rules: FilterRules): Filter | undefined | Answer {
  if (text === undefined) return undefined;
  const parsed = parseFilter(text);
  if ('problem' in parsed) return answers.badQuery(`Invalid filter clause: ${parsed.problem}`);
  const problem = checkFilter(parsed.filter, rules);
  return problem === undefined ? parsed.filter : answers.badQuery(problem);
}

/** The page size of a request. */
export function readTop(text: string | undefined, preset: number, maximum: number): number | Answer {
  if (text === undefined) return preset;
  const top = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (top < 1 || top > maximum) {
    return answers.badQuery(`Invalid page size specified: '${text}'. Must be between 1 and ${String(maximum)} inclusive.`);
  }
  return top;
}

/** A place in a list that stays right when rows appear in front of it: the key of the last thing that was given out. */
export function writeSkipToken(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify({ after: key })).toString('base64url');
}

export function readSkipToken(token: string | undefined): readonly (string | number)[] | undefined | Answer {
  if (token === undefined) return undefined;
  const value = parseJson(Buffer.from(token, 'base64url').toString());
  const after = isObject(value) ? value['after'] : undefined;
  const key = Array.isArray(after) ? after.filter((one) => typeof one === 'string' || typeof one === 'number') : [];
  return key.length === 0 ? answers.badQuery('The skip token is not valid.') : key;
}

/** The address of the next page: the same query with another token. Spaces are %20, as the service writes them. */
export function nextLink(address: string, query: URLSearchParams, token: string): string {
  const parts = [...query].filter(([name]) => name !== '$skiptoken').map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${address}?${[...parts, `$skiptoken=${token}`].join('&')}`;
}
