import { JoineryError } from '../domain/error.ts';
import type { Graph } from '../entra/graph.ts';
import { readSchemaText } from '../entra/schema/job-schema.ts';
import { readScope, type ScopeFilter } from '../entra/schema/scope-filter.ts';
import { accountsIfAllowed } from './directory-accounts.ts';
import type { LogSource } from './reconcile.ts';

/** Asks directory and job about workers whose operations have no row. The filter of the job is read once. */
export function openLook(graph: Graph): NonNullable<LogSource['look']> {
  let scope: Promise<ScopeFilter> | undefined;
  return async (workers, paths, signal) => {
    const accounts = await accountsIfAllowed(graph, paths, workers, signal);
    if (accounts === undefined) return undefined;
    const filter = await (scope ??= readFilter(graph, signal));
    return new Map(workers.map((worker) => [worker, { accounts: accounts.get(worker.toLowerCase()) ?? [], scope: filter }]));
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
