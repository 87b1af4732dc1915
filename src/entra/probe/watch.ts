import type { Instant } from '../../domain/clock.ts';
import { JoineryError } from '../../domain/error.ts';
import type { LogRow } from '../../domain/log-row.ts';
import { ask } from '../ask.ts';
import { CallPace } from '../call-pace.ts';
import { logLimits } from '../call-limits.ts';
import { listUsers } from '../directory.ts';
import type { Graph } from '../graph.ts';
import { isRecord } from '../http-answer.ts';
import { parseLogRow } from '../log-row.ts';
import { logLocation, pageOf, quote } from '../logs.ts';
import { prefixOf, type Cast } from './throwaways.ts';

/** A row as we read it, and as it came. */
export interface SeenRow {
  readonly row: LogRow;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** What a probe looks at: the rows and the accounts of its own ten people, and nobody else's. */
export interface Watch {
  /** All rows since `from`, oldest first. Errors: ENT-2xx. */
  rows(from: Instant, signal: AbortSignal): Promise<readonly SeenRow[]>;
  /** External ids of the accounts that the directory shows; undefined: the application may not read users. */
  users(signal: AbortSignal): Promise<ReadonlySet<string> | undefined>;
  /** Whether the service takes a query at all: 200 or 400. */
  takes(location: string, signal: AbortSignal): Promise<boolean>;
}

/** The service's clock and ours may differ by so much, ms. */
const tolerance = 120_000;

export function openWatch(graph: Graph, cast: Cast, pageSize: () => number): Watch {
  const pace = new CallPace(graph.clock, logLimits);
  const asking = { thing: 'the provisioning logs', role: 'ProvisioningLog.Read.All', pace } as const;
  const prefix = prefixOf(cast);
  let readable = true;
  return {
    async rows(from, signal) {
      const found = new Map<string, SeenRow>();
      let location: string | undefined = logLocation(graph.job, { from: from - tolerance, top: pageSize() });
      while (location !== undefined) {
        const page = pageOf(await ask(graph, { method: 'GET', location, signal, maximumBody: 64 * 1024 * 1024 }, asking));
        for (const raw of page.values) {
          const parsed = parseLogRow(raw);
          if (parsed.kind === 'row' && isRecord(raw) && parsed.row.sourceIdentity?.id?.startsWith(prefix) === true)
            found.set(parsed.row.id, { row: parsed.row, raw });
        }
        location = page.next === location ? undefined : page.next;
      }
      return [...found.values()].toSorted((left, right) => timeOf(left) - timeOf(right));
    },
    async users(signal) {
      if (!readable) return undefined;
      try {
        const there = new Set<string>();
        for await (const page of listUsers(graph, { select: ['employeeId'], filter: `startswith(employeeId,${quote(prefix)})`, signal }))
          for (const { employeeId } of page) if (typeof employeeId === 'string') there.add(employeeId);
        return there;
      } catch (error) {
        if (!(error instanceof JoineryError) || (error.code !== 'ENT-205' && error.code !== 'ENT-207')) throw error;
        readable = false;
        return undefined;
      }
    },
    async takes(location, signal) {
      try {
        await ask(graph, { method: 'GET', location, signal, maximumBody: 64 * 1024 * 1024 }, asking);
        return true;
      } catch (error) {
        if (error instanceof JoineryError && error.code === 'ENT-207') return false;
        throw error;
      }
    },
  };
}

export function timeOf({ row }: SeenRow): Instant {
  return Date.parse(row.activityDateTime);
}
