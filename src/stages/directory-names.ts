import type { Clock, Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { EventSink } from '../domain/event.ts';
import type { ExternalId } from '../domain/words.ts';
import { listUsers, type DirectoryUser } from '../entra/directory.ts';
import type { Graph } from '../entra/graph.ts';
import { quote } from '../entra/logs.ts';
import { foldName, type TakenNames } from './user-names.ts';

/** Graph takes at most 15 values in one `in` clause. */
const namesPerQuery = 15;
/** From so many names on, reading the whole directory once, 999 users a page, costs fewer calls than asking by name. */
const namesForListing = 150;
/** A whole listing stands for the present for so long; ms. */
const listingStands = 300_000;

/** An account of the directory, as far as a plan depends on it. */
export interface Account {
  readonly id: string;
  readonly userName: string;
  readonly enabled: boolean;
  /** Mastered in an on-premises Active Directory: the service cannot write it. */
  readonly onPremises: boolean;
}

/** The directory as the stages see it. */
export interface DirectoryView extends TakenNames {
  /** The accounts that carry these ids as `employeeId`: the default matching. undefined: the runner may not read users. */
  readonly accounts: (externalIds: readonly ExternalId[]) => Promise<ReadonlyMap<ExternalId, readonly Account[]> | undefined>;
}

interface Listing {
  readonly at: Instant;
  readonly users: Promise<readonly DirectoryUser[]>;
}

const select = ['userPrincipalName', 'employeeId', 'accountEnabled', 'onPremisesSyncEnabled'];

/**
 * Which names accounts of the directory have, and whose they are: the externalId that the account carries as `employeeId`, else an account of
 * nobody we know. Without the permission to read users names are unchecked, which is said once: the service then refuses a duplicate by itself.
 */
export function openDirectoryNames(graph: Graph, emit: EventSink, signal: AbortSignal, clock: Clock = graph.clock): DirectoryView {
  let listed: Listing | undefined;
  let indexed: { readonly users: readonly DirectoryUser[]; readonly byId: ReadonlyMap<string, readonly Account[]> } | undefined;
  let allowed = true;
  const read = async (filters: readonly (string | undefined)[]): Promise<readonly DirectoryUser[]> => {
    const users: DirectoryUser[] = [];
    for (const filter of filters) {
      const query = { select, signal, ...(filter === undefined ? {} : { filter }) };
      for await (const page of listUsers(graph, query)) users.push(...page);
    }
    return users;
  };
  const find = async (property: string, values: readonly string[]): Promise<readonly DirectoryUser[] | undefined> => {
    if (!allowed || values.length === 0) return allowed ? [] : undefined;
    try {
      const stands = listed !== undefined && clock.now() - listed.at < listingStands;
      if (!stands && values.length < namesForListing) return await read(filtersFor(property, values));
      if (!stands) listed = { at: clock.now(), users: read([undefined]) };
      return (await listed?.users) ?? [];
    } catch (error) {
      if (!(error instanceof JoineryError) || error.code !== 'ENT-205') throw error;
      allowed = false;
      const message = `user names are not compared with the directory: ${error.message}`;
      emit({ type: 'warning', diagnostic: { code: 'STG-401', severity: 'warning', message } });
      return undefined;
    }
  };
  return {
    async of(candidates) {
      const names = new Map<string, string[]>();
      for (const user of (await find('userPrincipalName', candidates)) ?? []) addOwner(names, user);
      return names;
    },
    async accounts(externalIds) {
      const users = await find('employeeId', externalIds);
      if (users === undefined) return undefined;
      // A whole listing is asked about once for every chunk of a plan, so its index is made once.
      if (indexed?.users !== users) indexed = { users, byId: accountsById(users) };
      const { byId } = indexed;
      return new Map(externalIds.flatMap((id) => [[id, byId.get(id.toLowerCase()) ?? []] as const]));
    },
  };
}

function accountsById(users: readonly DirectoryUser[]): ReadonlyMap<string, readonly Account[]> {
  const byId = new Map<string, Account[]>();
  for (const user of users) {
    const employeeId = textOf(user['employeeId']).toLowerCase();
    const same = byId.get(employeeId);
    if (employeeId === '') continue;
    if (same === undefined) byId.set(employeeId, [accountOf(user)]);
    else same.push(accountOf(user));
  }
  return byId;
}

export function accountOf(user: DirectoryUser): Account {
  return {
    id: textOf(user['id']),
    userName: textOf(user['userPrincipalName']),
    enabled: user['accountEnabled'] === true,
    onPremises: user['onPremisesSyncEnabled'] === true,
  };
}

function addOwner(names: Map<string, string[]>, user: DirectoryUser): void {
  const { userPrincipalName, employeeId, id } = user;
  if (typeof userPrincipalName !== 'string') return;
  const owner = typeof employeeId === 'string' && employeeId !== '' ? employeeId : `account ${textOf(id)}`;
  names.set(foldName(userPrincipalName), [...(names.get(foldName(userPrincipalName)) ?? []), owner]);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function filtersFor(property: string, values: readonly string[]): string[] {
  const filters: string[] = [];
  for (let from = 0; from < values.length; from += namesPerQuery) {
    filters.push(
      `${property} in (${values
        .slice(from, from + namesPerQuery)
        .map(quote)
        .join(',')})`,
    );
  }
  return filters;
}
