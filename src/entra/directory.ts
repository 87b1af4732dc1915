import type { Json } from '../domain/canonical-json.ts';
import { ask } from './ask.ts';
import type { Graph } from './graph.ts';
import { isRecord } from './http-answer.ts';
import { pageOf, quote } from './logs.ts';

/** A user of the directory: the selected properties, by Graph's names. */
export type DirectoryUser = Readonly<Record<string, Json>>;

export interface UserQuery {
  /** Graph's property names; `id` is always there. `employeeId`, `accountEnabled` and others come only if they are named. */
  readonly select: readonly string[];
  /** OData; literals by `quote`. */
  readonly filter?: string;
  /** OData `$expand`, as `manager($select=employeeId)`. */
  readonly expand?: string;
  readonly signal?: AbortSignal;
}

const options = { thing: 'the directory’s users', role: 'User.Read.All' } as const;
/** Graph's largest page of users. */
const pageSize = 999;
const maximumPage = 32 * 1024 * 1024;

/** All users that fit, in pages, in the service's order. Needs the role User.Read.All. Errors: ENT-2xx. */
export async function* listUsers(graph: Graph, query: UserQuery): AsyncGenerator<readonly DirectoryUser[]> {
  const filter = query.filter === undefined ? '' : `&$filter=${encodeURIComponent(query.filter)}`;
  const expand = query.expand === undefined ? '' : `&$expand=${encodeURIComponent(query.expand)}`;
  let location: string | undefined = `/v1.0/users?$select=${selection(query.select)}&$top=${String(pageSize)}${filter}${expand}`;
  while (location !== undefined) {
    const page = pageOf(await ask(graph, { method: 'GET', location, signal: query.signal, maximumBody: maximumPage }, options));
    const users = page.values.filter(isUser);
    if (users.length > 0) yield users;
    // A page that leads to itself would never end.
    location = page.next === location ? undefined : page.next;
  }
}

/** One user by object id or user principal name; undefined if there is none. Errors: ENT-2xx. */
export async function getUser(
  graph: Graph,
  idOrName: string,
  select: readonly string[],
  signal?: AbortSignal,
): Promise<DirectoryUser | undefined> {
  const location = `/v1.0/users/${encodeURIComponent(idOrName)}?$select=${selection(select)}`;
  const answer = await ask(graph, { method: 'GET', location, signal }, { ...options, mayBeMissing: true });
  return answer.status !== 404 && isUser(answer.json) ? answer.json : undefined;
}

/** The users with this employee id: none, one, or the ambiguity that stops the service too. Errors: ENT-2xx. */
export async function findByEmployeeId(
  graph: Graph,
  employeeId: string,
  select: readonly string[],
  signal?: AbortSignal,
): Promise<DirectoryUser[]> {
  const found: DirectoryUser[] = [];
  const query: UserQuery = { select, filter: `employeeId eq ${quote(employeeId)}`, ...(signal === undefined ? {} : { signal }) };
  for await (const page of listUsers(graph, query)) found.push(...page);
  return found;
}

function selection(names: readonly string[]): string {
  return [...new Set(['id', ...names])].map((name) => encodeURIComponent(name)).join(',');
}

function isUser(value: unknown): value is DirectoryUser {
  return isRecord(value) && typeof value['id'] === 'string';
}
