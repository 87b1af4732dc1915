import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { readablePaths } from '../entra/default-mapping.ts';
import type { Graph } from '../entra/graph.ts';
import { readSchemaText } from '../entra/schema/job-schema.ts';
import { readScope, type ScopeFilter } from '../entra/schema/scope-filter.ts';
import { idsForListing, readAccounts, type AccountsById } from './directory-accounts.ts';
import type { LogSource } from './reconcile.ts';

/** A whole listing stands for the present for so long, ms: when a job loses its queue, a hundred thousand operations go silent at once. */
const listingStands = 300_000;

/** Asks directory and job about workers whose operations have no row. What cannot be read is asked for once, and so is the filter of the job. */
export function openLook(graph: Graph): NonNullable<LogSource['look']> {
  let scope: Promise<ScopeFilter> | undefined;
  let listing: { readonly at: Instant; readonly accounts: Promise<AccountsById> } | undefined;
  let allowed = true;
  const read = async (workers: readonly string[] | undefined, signal: AbortSignal): Promise<AccountsById> =>
    (await readAccounts(graph, readablePaths, workers, signal)).byId;
  const accountsOf = async (workers: readonly string[], signal: AbortSignal): Promise<AccountsById> => {
    const isFresh = listing !== undefined && graph.clock.now() - listing.at < listingStands;
    if (!isFresh && workers.length < idsForListing) return read(workers, signal);
    if (!isFresh) listing = { at: graph.clock.now(), accounts: read(undefined, signal) };
    return (await listing?.accounts) ?? new Map<string, never>();
  };
  return async (workers, signal) => {
    if (!allowed) return undefined;
    try {
      const accounts = await accountsOf(workers, signal);
      const filter = await (scope ??= readFilter(graph, signal));
      return new Map(workers.map((worker) => [worker, { accounts: accounts.get(worker.toLowerCase()) ?? [], scope: filter }]));
    } catch (error) {
      listing = undefined;
      if (!(error instanceof JoineryError) || error.code !== 'ENT-205') throw error;
      allowed = false;
      return undefined;
    }
  };
}

async function readFilter(graph: Graph, signal: AbortSignal): Promise<ScopeFilter> {
  try {
    return readScope(await readSchemaText(graph, signal));
  } catch (error) {
    // Without the right to read the job its filter is not known, and is not blamed.
    if (error instanceof JoineryError && error.code.startsWith('ENT-')) return [];
    throw error;
  }
}
