import type { AttributePath } from '../domain/payload.ts';
import type { ExternalId } from '../domain/words.ts';
import { isReadable, propertiesFor } from '../entra/default-mapping.ts';
import { listUsers, type DirectoryUser } from '../entra/directory.ts';
import type { Graph } from '../entra/graph.ts';
import { quote } from '../entra/logs.ts';
import { managerPath } from '../scim/index.ts';

/** Graph takes at most 15 values in one `in` clause. */
const idsPerQuery = 15;
/** From so many workers on, reading the whole directory once costs fewer calls than asking by id. */
export const idsForListing = 150;

/** Accounts by employee id in lower case, with the properties that these attributes are written to. */
export type AccountsById = ReadonlyMap<string, readonly DirectoryUser[]>;

/** Every account that carries an employee id, or those of the given workers. Needs User.Read.All. Errors: ENT-2xx. */
export async function readAccounts(
  graph: Graph,
  paths: readonly AttributePath[],
  workers: readonly ExternalId[] | undefined,
  signal: AbortSignal,
): Promise<{ readonly byId: AccountsById; readonly others: readonly DirectoryUser[] }> {
  const readable = paths.filter(isReadable);
  const select = ['employeeId', 'userPrincipalName', 'accountEnabled', 'onPremisesSyncEnabled', ...propertiesFor(readable)];
  const expand = readable.includes(managerPath) ? { expand: 'manager($select=employeeId)' } : {};
  const byId = new Map<string, DirectoryUser[]>();
  const others: DirectoryUser[] = [];
  for (const filter of filtersFor(workers)) {
    const query = { select, signal, ...expand, ...(filter === undefined ? {} : { filter }) };
    for await (const page of listUsers(graph, query)) {
      for (const user of page) {
        const id = typeof user['employeeId'] === 'string' ? user['employeeId'].toLowerCase() : '';
        const same = byId.get(id);
        if (id === '') others.push(user);
        else if (same === undefined) byId.set(id, [user]);
        else same.push(user);
      }
    }
  }
  return { byId, others };
}

function filtersFor(workers: readonly ExternalId[] | undefined): readonly (string | undefined)[] {
  if (workers === undefined || workers.length >= idsForListing) return [undefined];
  const filters: string[] = [];
  for (let from = 0; from < workers.length; from += idsPerQuery) {
    filters.push(
      `employeeId in (${workers
        .slice(from, from + idsPerQuery)
        .map(quote)
        .join(',')})`,
    );
  }
  return filters;
}
