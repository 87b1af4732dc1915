import type { Instant } from '../domain/clock.ts';
import type { Catalog } from './catalog.ts';
import type { Directory } from './directory.ts';
import type { Faults } from './faults.ts';
import type { Job } from './job.ts';
import type { Journal } from './journal.ts';
import type { LogEvent, ProvisioningLog } from './provisioning-log.ts';
import { between, randomGuid, type Random } from './random.ts';
import type { EmulatorSwitches } from './switches.ts';

/** Counters since the start, for tests and for the control page. */
export interface EmulatorStats {
  /** Requests by `METHOD /path` with ids replaced. */
  calls: Record<string, number>;
  /** Answers by status. */
  statuses: Record<string, number>;
  tokens: number;
  /** Answers 429 of bulkUpload and of the logs. */
  throttledUploads: number;
  throttledLogs: number;
  /** Requests answered 202, and the operations in them. */
  uploads: number;
  operations: number;
  /** Why bodies were refused, newest last, at most 100; the client was only told `Invalid Data Format`. */
  refusals: string[];
  faults: Record<string, number>;
  /** Requests in which the emulator itself failed. */
  defects: string[];
}

export function emptyStats(): EmulatorStats {
  return {
    calls: {},
    statuses: {},
    tokens: 0,
    throttledUploads: 0,
    throttledLogs: 0,
    uploads: 0,
    operations: 0,
    refusals: [],
    faults: {},
    defects: [],
  };
}

/** Everything that an endpoint or a cycle needs to know about the emulated tenant. */
export interface Tenant {
  readonly tenantId: string;
  readonly domains: readonly string[];
  readonly licence: 'p1' | 'governance';
  /** Milliseconds from a 202 to its rows being visible, at most and without a queue. */
  readonly latency: number;
  readonly switches: EmulatorSwitches;
  readonly random: Random;
  readonly journal: Journal;
  readonly directory: Directory;
  readonly jobs: Map<string, Job>;
  readonly catalog: Catalog;
  readonly log: ProvisioningLog;
  /** Object ids of service principals in other tenants, for the mistake of naming one. */
  readonly foreignServicePrincipals: ReadonlySet<string>;
  readonly stats: EmulatorStats;
  faults: Faults;
}

export function defaultDomain(tenant: Tenant): string {
  return tenant.domains[0] ?? 'contoso.example';
}

/** Adds a row, unless the fault plan loses it; late and repeated rows are the plan's as well. */
export function addLogEvent(tenant: Tenant, event: Omit<LogEvent, 'sequence' | 'id' | 'visibleAt'>): Instant {
  const id = randomGuid(tenant.random);
  const visibleAt = event.at + Math.round(between(tenant.random, 0.4 * tenant.latency, 0.8 * tenant.latency));
  const row: LogEvent = { ...event, id, sequence: tenant.log.nextSequence(), visibleAt };
  const fault = tenant.faults.row?.(row);
  if (fault !== undefined) countFault(tenant, `row.${fault.kind}`);
  if (fault?.kind === 'missing') return visibleAt;
  const late = fault?.kind === 'late' ? fault.milliseconds : 0;
  tenant.log.add({ ...row, visibleAt: visibleAt + late });
  if (fault?.kind === 'repeat') {
    for (let time = 1; time <= fault.times; time++) tenant.log.add({ ...row, sequence: tenant.log.nextSequence() });
  }
  return visibleAt + late;
}

export function countFault(tenant: Tenant, kind: string): void {
  tenant.stats.faults[kind] = (tenant.stats.faults[kind] ?? 0) + 1;
}
