import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import type { DirectoryUser } from './directory.ts';
import { matchesFilter } from './filter-evaluation.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import type { JsonObject } from './json.ts';
import type { Filter } from './odata-filter.ts';
import { isAnswer, nextLink, readFilter, readOptions, readSkipToken, readTop, writeSkipToken } from './odata-query.ts';
import type { GraphRole } from './registration.ts';
import { defaultDomain } from './tenant.ts';
import { isUserProperty, readUserProperty, userBody, userFilterable } from './user-shape.ts';

const roles: readonly GraphRole[] = ['User.Read.All', 'Directory.Read.All'];

/** `GET /users` and what belongs to it, read-only; and the tenant's own `GET /organization`. */
export const userEndpoints: readonly GraphEndpoint[] = [
  { method: 'GET', path: '/users', roles, handle: listUsers },
  { method: 'GET', path: '/users/$count', roles, handle: countUsers },
  { method: 'GET', path: '/users/:user', roles, handle: getUser },
  { method: 'GET', path: '/users/:user/manager', roles, handle: getManager },
  { method: 'GET', path: '/organization', roles: ['Directory.Read.All', 'User.Read.All'], handle: listOrganization },
];

interface Selection {
  readonly selected: readonly string[] | undefined;
  readonly manager: { readonly selected: readonly string[] | undefined } | undefined;
}

function listUsers(request: GraphRequest): Answer {
  const { query, origin, version } = request;
  const options = readOptions(query, ['$filter', '$select', '$top', '$count', '$expand', '$skiptoken', '$orderby']);
  if (isAnswer(options)) return options;
  const read = readUserFilter(request, options);
  if (isAnswer(read)) return read;
  const selection = readSelection(options);
  if (isAnswer(selection)) return selection;
  const top = readTop(options.get('$top'), 100, 999);
  if (typeof top !== 'number') return top;
  const after = readSkipToken(options.get('$skiptoken'));
  if (after !== undefined && isAnswer(after)) return after;
  const { directory } = request.tenant;
  const start: DirectoryUser[] = [];
  for (const user of directory.usersAfter(after === undefined ? 0 : Number(after[0]))) {
    if (read.keep(user)) start.push(user);
    if (start.length > top) break;
  }
  const page = start.slice(0, top);
  const last = page.at(-1);
  const address = `${origin}/${version}/users`;
  return {
    status: 200,
    body: {
      '@odata.context': `${origin}/${version}/$metadata#users`,
      ...(options.get('$count') === 'true' && isAdvanced(request) ? { '@odata.count': directory.users().filter(read.keep).length } : {}),
      ...(start.length > top && last !== undefined
        ? { '@odata.nextLink': nextLink(address, query, writeSkipToken([directory.placeOf(last.id)])) }
        : {}),
      value: page.map((user) => shape(request, user, selection)),
    },
  };
}

function countUsers(request: GraphRequest): Answer {
  if (!isAdvanced(request)) return failure(400, 'Request_BadRequest', '$count is not currently supported.');
  const options = readOptions(request.query, ['$filter']);
  if (isAnswer(options)) return options;
  const read = readUserFilter(request, options);
  return isAnswer(read) ? read : { status: 200, text: String(request.tenant.directory.users().filter(read.keep).length) };
}

function isAdvanced(request: GraphRequest): boolean {
  return request.header('consistencylevel')?.toLowerCase() === 'eventual';
}

/** Who is in the list: visible already, and chosen by the filter. */
function readUserFilter(
  request: GraphRequest,
  options: ReadonlyMap<string, string>,
): { readonly keep: (user: DirectoryUser) => boolean } | Answer {
  const visible = (user: DirectoryUser): boolean => user.visibleAt <= request.now;
  const filter = readFilter(options.get('$filter'), { property: userFilterable, logic: 'all', typeName: 'microsoft.graph.user' });
  if (filter === undefined) return options.has('$orderby') ? unsupportedOrder() : { keep: visible };
  if (isAnswer(filter)) return filter;
  // `ne`, `not` and `endswith` are advanced queries; the path /users/$count is a count by itself.
  const counted = options.get('$count') === 'true' || request.path === '/users/$count';
  if (needsAdvanced(filter) && !(isAdvanced(request) && counted)) return unsupported();
  const read = (user: DirectoryUser) => (path: string) => readUserProperty(user, path);
  return { keep: (user) => visible(user) && matchesFilter(filter, read(user), (value) => value.toLowerCase()) };
}

function unsupportedOrder(): Answer {
  return failure(400, 'Request_UnsupportedQuery', 'Sorting is not supported for current query.');
}

function unsupported(): Answer {
  return failure(
    400,
    'Request_UnsupportedQuery',
    'Unsupported or invalid query filter clause specified: it needs the header ConsistencyLevel: eventual and $count=true.',
  );
}

function needsAdvanced(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return needsAdvanced(filter.left) || needsAdvanced(filter.right);
    case 'not':
      return true;
    case 'function':
      return filter.name === 'endswith';
    case 'compare':
      return filter.operator === 'ne';
    case 'in':
      break;
  }
  return false;
}

function findUser(request: GraphRequest): DirectoryUser | Answer {
  const key = request.parameters['user'] ?? '';
  const { directory } = request.tenant;
  const user = directory.get(key.toLowerCase()) ?? directory.findByUserPrincipalName(key);
  return user === undefined || user.visibleAt > request.now ? answers.notFound(key) : user;
}

function getUser(request: GraphRequest): Answer {
  const options = readOptions(request.query, ['$select', '$expand']);
  if (isAnswer(options)) return options;
  const selection = readSelection(options);
  if (isAnswer(selection)) return selection;
  const user = findUser(request);
  if ('status' in user && isAnswer(user)) return user;
  return {
    status: 200,
    body: { '@odata.context': `${request.origin}/${request.version}/$metadata#users/$entity`, ...shape(request, user, selection) },
  };
}

function getManager(request: GraphRequest): Answer {
  const options = readOptions(request.query, ['$select']);
  if (isAnswer(options)) return options;
  const selection = readSelection(options);
  if (isAnswer(selection)) return selection;
  const user = findUser(request);
  if ('status' in user && isAnswer(user)) return user;
  const manager = user.managerId === null ? undefined : request.tenant.directory.get(user.managerId);
  if (manager === undefined) return answers.notFound('manager');
  return {
    status: 200,
    body: {
      '@odata.context': `${request.origin}/${request.version}/$metadata#directoryObjects/$entity`,
      '@odata.type': '#microsoft.graph.user',
      ...userBody(manager, selection.selected),
    },
  };
}

function shape(request: GraphRequest, user: DirectoryUser, selection: Selection): JsonObject {
  const body = userBody(user, selection.selected);
  if (selection.manager === undefined || user.managerId === null) return body;
  const manager = request.tenant.directory.get(user.managerId);
  if (manager === undefined) return body;
  return { ...body, manager: { '@odata.type': '#microsoft.graph.user', ...userBody(manager, selection.manager.selected) } };
}

function readSelection(options: ReadonlyMap<string, string>): Selection | Answer {
  const selected = readNames(options.get('$select'));
  if (selected !== undefined && isAnswer(selected)) return selected;
  const expand = options.get('$expand');
  if (expand === undefined) return { selected, manager: undefined };
  const [, inner] = /^manager(?:\((.*)\))?$/.exec(expand) ?? [];
  if (!/^manager(\(.*\))?$/.test(expand)) return answers.badQuery(`The $expand '${expand}' is not supported.`);
  const select = inner?.split(';').find((part) => part.startsWith('$select='));
  const ofManager = readNames(select?.slice('$select='.length));
  return ofManager !== undefined && isAnswer(ofManager) ? ofManager : { selected, manager: { selected: ofManager } };
}

function readNames(list: string | undefined): readonly string[] | undefined | Answer {
  if (list === undefined) return undefined;
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isUserProperty(name));
  return unknown === undefined ? names : answers.badQuery(`Could not find a property named '${unknown}' on type 'microsoft.graph.user'.`);
}

function listOrganization(request: GraphRequest): Answer {
  const { tenant } = request;
  return {
    status: 200,
    body: {
      '@odata.context': `${request.origin}/${request.version}/$metadata#organization`,
      value: [
        {
          id: tenant.tenantId,
          displayName: defaultDomain(tenant),
          tenantType: 'AAD',
          verifiedDomains: tenant.domains.map((name, index) => ({
            capabilities: '',
            isDefault: index === 0,
            isInitial: index === 0,
            name,
            type: 'Managed',
          })),
        },
      ],
    },
  };
}
