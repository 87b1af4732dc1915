import type { Instant } from '../domain/clock.ts';
import type { AttributeMapping } from './attribute-mapping.ts';
import type { Journal } from './journal.ts';
import { isObject, parseJson, type JsonObject } from './json.ts';
import { buildSchema, readSchema, type JobSchema } from './schema-document.ts';

/** Ids and names of a provisioning app and its one job. */
export interface JobIdentity {
  readonly jobId: string;
  /** Object id of the service principal. */
  readonly servicePrincipalId: string;
  readonly appId: string;
  readonly displayName: string;
  readonly sourceSystemId: string;
  readonly targetSystemId: string;
}

/** One clause of the job's scoping filter; an entry is in scope when all clauses hold. Case-sensitive, as the service's. */
export interface ScopeClause {
  readonly attribute: string;
  readonly operator: 'EQUALS' | 'NOT EQUALS' | 'IS NULL' | 'IS NOT NULL' | 'REGEX MATCH';
  readonly value?: string;
}

/** An operation in the job's ingestion store. */
export interface StagedEntry {
  readonly sequence: number;
  /** Names the request that it came with: the sequence of its first operation. */
  readonly batch: number;
  readonly acceptedAt: Instant;
  /** The service does not look at it before. */
  readonly readyAt: Instant;
  readonly externalId: string;
  readonly data: JsonObject;
}

/** A failed entry that the service keeps and retries. One per externalId: a newer record takes its place. */
export interface Escrow {
  readonly entry: StagedEntry;
  readonly changeId: string;
  readonly count: number;
  readonly createdAt: Instant;
  readonly nextAttempt: Instant;
}

/** A manager that is set once the cycle has seen everybody. */
export interface PendingReference {
  readonly externalId: string;
  readonly userId: string;
  readonly managerExternalId: string;
  readonly changeId: string;
  readonly cycleId: string;
  readonly data: JsonObject;
}

interface ExecutionCounts {
  readonly countEntitled: number;
  readonly countEntitledForProvisioning: number;
  readonly countEscrowed: number;
  readonly countEscrowedRaw: number;
  readonly countExported: number;
  readonly countExports: number;
  readonly countImported: number;
  readonly countImportedDeltas: number;
  readonly countImportedReferenceDeltas: number;
}

export interface Execution extends ExecutionCounts {
  readonly activityIdentifier: string;
  readonly state: 'Succeeded' | 'Failed' | 'EntryLevelErrors';
  readonly timeBegan: Instant;
  readonly timeEnded: Instant;
}

export type QuarantineReason =
  | 'EncounteredBaseEscrowThreshold'
  | 'EncounteredTotalEscrowThreshold'
  | 'EncounteredEscrowProportionThreshold'
  | 'EncounteredQuarantineException'
  | 'TooManyDeletes'
  | 'QuarantinedOnDemand'
  | 'IngestionInterrupted'
  | 'Unknown';

export interface Quarantine {
  readonly reason: QuarantineReason;
  readonly message: string;
  readonly currentBegan: Instant;
  readonly seriesBegan: Instant;
  readonly seriesCount: number;
  readonly nextAttempt: Instant;
}

/** What the administrator set and what became of the job; small, written whole. */
export interface JobState {
  /** NotRun: never started. Disabled: given up after four weeks of quarantine. */
  readonly schedule: 'NotRun' | 'Active' | 'Paused' | 'Disabled';
  readonly quarantine: Quarantine | null;
  /** No cycle begins before: the end of the last one, or the last start, resume or restart. */
  readonly notBefore: Instant;
  readonly lastCycleBegan: Instant;
  /** The administrator restarted the running job: the next cycle clears the escrows first. */
  readonly clearEscrows: boolean;
  readonly notificationEmail: string | null;
  readonly deleteThreshold: { readonly enabled: boolean; readonly value: number };
  readonly skipOutOfScopeDeletions: boolean;
  readonly lastExecution: Execution | null;
  readonly lastSuccessfulExecution: Execution | null;
  readonly lastSuccessfulExecutionWithExports: Execution | null;
  readonly steadyStateFirst: Instant | null;
  readonly steadyStateLast: Instant | null;
  readonly countSuccessiveCompleteFailures: number;
  readonly executions: number;
}

/** The cycle that is under way: what it took, and how far it is. */
export interface Cycle {
  readonly id: string;
  readonly began: Instant;
  readonly work: readonly CycleWork[];
  index: number;
  exported: number;
  failed: number;
  imported: number;
  /** Set when the deletion threshold tripped: disables are staged, not made. */
  readonly stageDisables: boolean;
}

export interface CycleWork {
  readonly entry: StagedEntry;
  readonly escrow?: Escrow;
  /** Another operation of the same request has the same externalId, and the switch says that both fail. */
  readonly duplicate?: boolean;
}

/** A provisioning job with its ingestion store, escrows and anchors. */
export class Job {
  readonly identity: JobIdentity;
  readonly staged = new Map<number, StagedEntry>();
  readonly escrows = new Map<string, Escrow>();
  /** externalId → object id of everybody that this job has processed: the only people who can be somebody's manager. */
  readonly anchors = new Map<string, string>();
  readonly references = new Map<string, PendingReference>();
  cycle: Cycle | undefined;
  readonly #firstSchema: JobSchema;
  #schema: JobSchema;
  /** As it was put; absent: nobody did. */
  #schemaText: string | undefined;
  #state: JobState;
  #sequence = 0;
  /** What no cycle has taken, by the time at which it may be: so that a full store costs no more than an empty one. */
  #waiting: { readonly readyAt: Instant; readonly entries: StagedEntry[] }[] = [];
  readonly #journal: Journal;

  constructor(
    identity: JobIdentity,
    state: JobState,
    schema: {
      readonly mappings: readonly AttributeMapping[];
      readonly schemaExtensions: readonly string[];
      readonly scope: readonly ScopeClause[];
    },
    journal: Journal,
  ) {
    this.identity = identity;
    this.#firstSchema = { flowNull: [], ...schema };
    this.#schema = this.#firstSchema;
    this.#journal = journal;
    const { jobId } = identity;
    const kept = journal.restored<{ jobId: string; text: string }>('schema').find((one) => one.jobId === jobId)?.text;
    const document = kept === undefined ? undefined : parseJson(kept);
    const read = isObject(document) ? readSchema(document) : undefined;
    if (read !== undefined && typeof read !== 'string') [this.#schema, this.#schemaText] = [read, kept];
    this.#state = journal.restored<{ jobId: string; state: JobState }>('job').find((one) => one.jobId === jobId)?.state ?? state;
    const mine = <T extends { readonly jobId: string }>(kind: string): T[] =>
      journal.restored<T>(kind).filter((one) => one.jobId === jobId);
    for (const { entry } of mine<{ jobId: string; entry: StagedEntry }>('staged')) {
      this.staged.set(entry.sequence, entry);
      this.#wait(entry);
    }
    for (const { escrow } of mine<{ jobId: string; escrow: Escrow }>('escrow')) this.escrows.set(escrow.entry.externalId, escrow);
    for (const one of mine<{ jobId: string; externalId: string; userId: string }>('anchor')) this.anchors.set(one.externalId, one.userId);
    for (const one of mine<{ jobId: string; reference: PendingReference }>('reference'))
      this.references.set(one.reference.externalId, one.reference);
    for (const sequence of this.staged.keys()) this.#sequence = Math.max(this.#sequence, sequence);
  }

  get mappings(): readonly AttributeMapping[] {
    return this.#schema.mappings;
  }

  get schemaExtensions(): readonly string[] {
    return this.#schema.schemaExtensions;
  }

  get scope(): readonly ScopeClause[] {
    return this.#schema.scope;
  }

  get flowNull(): readonly string[] {
    return this.#schema.flowNull;
  }

  /** The schema document as JSON. */
  get schemaText(): string {
    return this.#schemaText ?? JSON.stringify(buildSchema(this.identity.jobId, this.#schema));
  }

  putSchema(text: string, schema: JobSchema): void {
    this.#schema = schema;
    this.#schemaText = text;
    this.#put('schema', '', { text });
  }

  resetSchema(): void {
    this.#schema = this.#firstSchema;
    this.#schemaText = undefined;
    this.#remove('schema', '');
  }

  get state(): JobState {
    return this.#state;
  }

  update(change: Partial<JobState>): void {
    this.#state = { ...this.#state, ...change };
    this.#journal.put('job', this.identity.jobId, { jobId: this.identity.jobId, state: this.#state });
  }

  /** Operations in the ingestion store: not processed yet, under way, or escrowed. */
  get stored(): number {
    return this.staged.size + this.escrows.size;
  }

  /** When the first operation that no cycle has taken becomes ready. */
  get earliestReady(): Instant {
    return this.#waiting[0]?.readyAt ?? Infinity;
  }

  /** When the last of them does. */
  get latestReady(): Instant {
    return this.#waiting.at(-1)?.readyAt ?? -Infinity;
  }

  stage(records: readonly JsonObject[], acceptedAt: Instant, readyAt: Instant): void {
    const batch = this.#sequence + 1;
    for (const data of records) {
      const externalId = typeof data['externalId'] === 'string' ? data['externalId'] : '';
      this.restage({ sequence: ++this.#sequence, batch, acceptedAt, readyAt, externalId, data });
    }
  }

  restage(entry: StagedEntry): void {
    this.staged.set(entry.sequence, entry);
    this.#wait(entry);
    this.#put('staged', String(entry.sequence), { entry });
  }

  unstage(entry: StagedEntry): void {
    if (!this.staged.delete(entry.sequence)) return;
    this.#remove('staged', String(entry.sequence));
  }

  /** Everything that is ready; it stays in the store until it has been processed. */
  takeReady(now: Instant): StagedEntry[] {
    const ready: StagedEntry[] = [];
    while (this.earliestReady <= now) ready.push(...(this.#waiting.shift()?.entries ?? []));
    return ready;
  }

  purge(): void {
    for (const entry of this.staged.values()) this.unstage(entry);
    this.#waiting = [];
    this.cycle = undefined;
  }

  setEscrow(escrow: Escrow): void {
    this.escrows.set(escrow.entry.externalId, escrow);
    this.#put('escrow', escrow.entry.externalId, { escrow });
  }

  dropEscrow(externalId: string): void {
    if (this.escrows.delete(externalId)) this.#remove('escrow', externalId);
  }

  setAnchor(externalId: string, userId: string): void {
    if (this.anchors.get(externalId) === userId) return;
    this.anchors.set(externalId, userId);
    this.#put('anchor', externalId, { externalId, userId });
  }

  dropAnchor(externalId: string): void {
    if (this.anchors.delete(externalId)) this.#remove('anchor', externalId);
  }

  addReference(reference: PendingReference): void {
    this.references.set(reference.externalId, reference);
    this.#put('reference', reference.externalId, { reference });
  }

  dropReference(externalId: string): void {
    if (this.references.delete(externalId)) this.#remove('reference', externalId);
  }

  #wait(entry: StagedEntry): void {
    let index = this.#waiting.length;
    while (index > 0 && (this.#waiting[index - 1]?.readyAt ?? 0) > entry.readyAt) index--;
    const before = this.#waiting[index - 1];
    if (before?.readyAt === entry.readyAt) before.entries.push(entry);
    else this.#waiting.splice(index, 0, { readyAt: entry.readyAt, entries: [entry] });
  }

  #put(kind: string, key: string, value: object): void {
    const { jobId } = this.identity;
    this.#journal.put(kind, `${jobId}/${key}`, { jobId, ...value });
  }

  #remove(kind: string, key: string): void {
    this.#journal.remove(kind, `${this.identity.jobId}/${key}`);
  }
}
