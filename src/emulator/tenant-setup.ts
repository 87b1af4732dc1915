import type { Instant } from '../domain/clock.ts';
import { formatInstant } from '../domain/clock.ts';
import { defaultMappings } from './attribute-mapping.ts';
import { applicationTemplates, Catalog } from './catalog.ts';
import { Directory, type DirectoryUser, type DirectoryUserInput } from './directory.ts';
import { Job, type JobIdentity, type JobState } from './job.ts';
import { memoryJournal, openJournal, type Journal } from './journal.ts';
import type { EmulatorOptions, JobOptions } from './options.ts';
import { ProvisioningLog } from './provisioning-log.ts';
import { randomGuid, seededRandom, type Random } from './random.ts';
import { administratorRoles, register, type Registration } from './registration.ts';
import { defaultSwitches, setSwitches } from './switches.ts';
import { emptyStats, type Tenant } from './tenant.ts';

interface Boot {
  readonly seed: number;
  readonly boots: number;
}

/** Makes the tenant that the options describe, or takes up the one in the data folder. Throws EMU-102, EMU-103, EMU-105. */
export function setUpTenant(
  options: EmulatorOptions,
  now: Instant,
): { readonly tenant: Tenant; readonly registrations: readonly Registration[] } {
  const journal = options.dataDir === undefined ? memoryJournal : openJournal(options.dataDir);
  const before = journal.restored<Boot>('boot')[0];
  const boot: Boot = { seed: before?.seed ?? options.seed ?? 1, boots: (before?.boots ?? 0) + 1 };
  journal.put('boot', 'boot', boot);
  // Ids of the tenant have to be the same after a restart, ids of users and rows must never be.
  const identities = seededRandom(boot.seed);
  const random = options.random ?? seededRandom(boot.seed * 1_000_003 + boot.boots);
  const tenantId = options.tenant?.tenantId?.toLowerCase() ?? randomGuid(identities);
  const domains = options.tenant?.domains ?? ['contoso.example'];
  const switches = defaultSwitches();
  setSwitches(switches, { ...journal.restored<Record<string, unknown>>('switches')[0], ...options.switches });
  const empty = options.empty === true;
  const jobs = (options.jobs ?? (empty ? [] : [{}])).map((job) =>
    setUpJob(job, tenantId, domains[0] ?? 'contoso.example', identities, now, journal),
  );
  const administrator = { displayName: 'Administrator', roles: administratorRoles };
  const registrations = (options.clients ?? [empty ? administrator : {}]).map((client) => register(client, identities));
  // Its own sequence: how many ids the catalogue needs must not move the tenant's other choices.
  const catalog = new Catalog(
    journal,
    seededRandom(boot.seed * 104_729),
    seededRandom(boot.seed * 7_919 + boot.boots),
    options.issuers ?? [],
  );
  for (const registration of registrations) catalog.seed(registration, now);
  const template = applicationTemplates[0].id;
  for (const { identity } of jobs) catalog.seedApp(identity.appId, identity.servicePrincipalId, identity.displayName, template, now);
  const known = new Set(jobs.map((job) => job.identity.jobId));
  for (const identity of journal.restored<JobIdentity>('createdJob')) {
    if (!known.has(identity.jobId)) jobs.push(new Job(identity, blankJobState(now), blankSchema, journal));
  }
  const directory = new Directory(journal);
  if (before === undefined) for (const user of options.tenant?.users ?? []) directory.put(fillInUser(user, random, now));
  const tenant: Tenant = {
    tenantId,
    domains,
    licence: options.licence ?? 'p1',
    latency: options.latencyMs ?? 600_000,
    switches,
    random,
    journal,
    directory,
    jobs: new Map(jobs.map((job) => [job.identity.jobId, job])),
    catalog,
    log: new ProvisioningLog(journal),
    foreignServicePrincipals: new Set((options.tenant?.foreignServicePrincipals ?? []).map((id) => id.toLowerCase())),
    stats: emptyStats(),
    faults: options.faults ?? {},
  };
  return { tenant, registrations };
}

/** A job that was created and nothing else: no e-mail, not started. */
export function blankJobState(now: Instant): JobState {
  return {
    schedule: 'NotRun',
    quarantine: null,
    notBefore: now,
    lastCycleBegan: now,
    clearEscrows: false,
    notificationEmail: null,
    deleteThreshold: { enabled: false, value: 500 },
    skipOutOfScopeDeletions: false,
    lastExecution: null,
    lastSuccessfulExecution: null,
    lastSuccessfulExecutionWithExports: null,
    steadyStateFirst: null,
    steadyStateLast: null,
    countSuccessiveCompleteFailures: 0,
    executions: 0,
  };
}

export const blankSchema = { mappings: defaultMappings, schemaExtensions: [], scope: [] } as const;

function setUpJob(options: JobOptions, tenantId: string, domain: string, random: Random, now: Instant, journal: Journal): Job {
  const identity: JobIdentity = {
    servicePrincipalId: options.servicePrincipalId?.toLowerCase() ?? randomGuid(random),
    jobId: options.jobId ?? `API2AAD.${tenantId.replaceAll('-', '')}.${randomGuid(random)}`,
    appId: randomGuid(random),
    displayName: options.displayName ?? 'HR inbound',
    sourceSystemId: randomGuid(random),
    targetSystemId: randomGuid(random),
  };
  const state: JobState = {
    ...blankJobState(now),
    schedule: options.started === false ? 'NotRun' : 'Active',
    notificationEmail: options.notificationEmail === undefined ? `hr-operations@${domain}` : options.notificationEmail,
    deleteThreshold: { enabled: options.deleteThreshold !== undefined, value: options.deleteThreshold ?? 500 },
    skipOutOfScopeDeletions: options.skipOutOfScopeDeletions ?? false,
  };
  const own = options.mappings ?? [];
  const replaced = new Set(own.map((mapping) => mapping.target));
  const schema = {
    mappings: [...defaultMappings.filter((mapping) => !replaced.has(mapping.target)), ...own],
    schemaExtensions: options.schemaExtensions ?? [],
    scope: options.scope ?? [],
  };
  return new Job(identity, state, schema, journal);
}

/** A whole user from what a test or an administrator gave. */
export function fillInUser(user: DirectoryUserInput, random: Random, now: Instant): DirectoryUser {
  return {
    id: randomGuid(random),
    accountEnabled: true,
    displayName: null,
    employeeId: null,
    createdDateTime: formatInstant(now),
    managerId: null,
    onPremisesSyncEnabled: null,
    visibleAt: now,
    userType: 'Member',
    ...user,
  };
}
