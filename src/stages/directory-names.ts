import { JoineryError } from '../domain/error.ts';
import type { EventSink } from '../domain/event.ts';
import { listUsers, type DirectoryUser } from '../entra/directory.ts';
import type { Graph } from '../entra/graph.ts';
import { quote } from '../entra/logs.ts';
import { foldName, type TakenNames } from './user-names.ts';

/** Graph takes at most 15 values in one `in` clause. */
const namesPerQuery = 15;
/** From so many names on, reading the whole directory once, 999 users a page, costs fewer calls than asking by name. */
const namesForListing = 150;

/**
 * Which names accounts of the directory have, and whose they are: the externalId that the account carries as `employeeId`, else an account of
 * nobody we know. Without the permission to read users names are unchecked, which is said once: the service then refuses a duplicate by itself.
 */
export function openDirectoryNames(graph: Graph, emit: EventSink, signal: AbortSignal): TakenNames {
  let listed: Promise<Map<string, string[]>> | undefined;
  let allowed = true;
  const read = async (filters: readonly (string | undefined)[]): Promise<Map<string, string[]>> => {
    const names = new Map<string, string[]>();
    for (const filter of filters) {
      const query = { select: ['userPrincipalName', 'employeeId'], signal, ...(filter === undefined ? {} : { filter }) };
      for await (const page of listUsers(graph, query)) for (const user of page) addOwner(names, user);
    }
    return names;
  };
  return {
    async of(candidates) {
      if (!allowed) return new Map();
      try {
        if (listed === undefined && candidates.length < namesForListing) return await read(filtersFor(candidates));
        return await (listed ??= read([undefined]));
      } catch (error) {
        if (!(error instanceof JoineryError) || error.code !== 'ENT-205') throw error;
        allowed = false;
        const message = `user names are not compared with the directory: ${error.message}`;
        emit({ type: 'warning', diagnostic: { code: 'STG-401', severity: 'warning', message } });
        return new Map();
      }
    },
  };
}

function addOwner(names: Map<string, string[]>, user: DirectoryUser): void {
  const { userPrincipalName, employeeId, id } = user;
  if (typeof userPrincipalName !== 'string') return;
  const owner = typeof employeeId === 'string' && employeeId !== '' ? employeeId : `account ${typeof id === 'string' ? id : ''}`;
  names.set(foldName(userPrincipalName), [...(names.get(foldName(userPrincipalName)) ?? []), owner]);
}

function filtersFor(candidates: readonly string[]): string[] {
  const filters: string[] = [];
  for (let from = 0; from < candidates.length; from += namesPerQuery) {
    const names = candidates.slice(from, from + namesPerQuery).map(quote);
    filters.push(`userPrincipalName in (${names.join(',')})`);
  }
  return filters;
}
