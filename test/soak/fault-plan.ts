import type { EntryFault, FaultEntry, FaultRequest, Faults, RequestFault, RowFault } from '../../src/emulator/faults.ts';
import type { RequestTarget, StoryFault } from './story.ts';

type On<K extends StoryFault['on']> = Extract<StoryFault, { readonly on: K }>;

/** What a fault does besides misleading the emulator. */
export interface FaultedWorld {
  expireTokens(): void;
  delayed(clientRequestId: string | undefined, milliseconds: number): void;
}

/** The faults of a story as the emulator asks for them. What was armed by a run stays until it strikes or everything is disarmed. */
export class FaultPlan {
  /** What struck, by kind. */
  readonly struck: Record<string, number> = {};
  readonly #world: FaultedWorld;
  #requests: (On<'request'> | On<'tokens'>)[] = [];
  #entries: { readonly fault: On<'entry'>; left: number }[] = [];
  #rows: { readonly fault: On<'row'>; left: number }[] = [];
  #outage = 0;
  /** What stands until the evening and is noticed only by an upload: its name, by the answer that shows it. */
  readonly #standing = new Map<string, string>();
  readonly #seen = new Map<RequestTarget, number>();
  readonly #order = new Map<string, number>();
  #uploaded = 0;
  #processed = -1;
  #reordered = false;

  constructor(world: FaultedWorld) {
    this.#world = world;
  }

  /** The bytes of a request leave; what it holds is processed in any order, and each time that is another one counts. */
  uploading(workers: readonly string[]): void {
    for (const worker of workers) this.#order.set(worker, ++this.#uploaded);
  }

  /** The service stands so from now on that an upload may be answered like this. */
  stand(answer: string, name: string): void {
    this.#standing.set(answer, name);
  }

  fail(entries: number): void {
    this.#outage = entries;
  }

  /** What stood for the day is over. */
  evening(): void {
    this.#standing.clear();
    this.#outage = 0;
  }

  uploaded(answer: string): void {
    const name = this.#standing.get(answer);
    if (name !== undefined) this.strike(name);
  }

  arm(faults: readonly StoryFault[]): void {
    if (this.#reordered) this.strike('reorder');
    this.#reordered = false;
    this.#seen.clear();
    this.#requests = [];
    for (const fault of faults) {
      if (fault.on === 'request' || fault.on === 'tokens') this.#requests.push(fault);
      else if (fault.on === 'entry') this.#entries.push({ fault, left: fault.what.kind === 'late' ? 1 : fault.what.times });
      else if (fault.on === 'row') this.#rows.push({ fault, left: fault.what.kind === 'repeat' ? 1 : fault.what.rows });
    }
  }

  disarm(): void {
    this.arm([]);
    this.evening();
    this.#entries = [];
    this.#rows = [];
  }

  strike(kind: string): void {
    this.struck[kind] = (this.struck[kind] ?? 0) + 1;
  }

  faults(): Required<Faults> {
    return {
      request: (request) => this.#request(request),
      entry: (entry) => this.#entry(entry),
      row: (row) => this.#row(row.externalId),
    };
  }

  #request(request: FaultRequest): RequestFault | undefined {
    const target = targetOf(request);
    const nth = (this.#seen.get(target) ?? 0) + 1;
    this.#seen.set(target, nth);
    const index = this.#requests.findIndex((fault) => fault.target === target && fault.nth === nth);
    const [fault] = index === -1 ? [] : this.#requests.splice(index, 1);
    if (fault === undefined) return undefined;
    if (fault.on === 'tokens') {
      this.strike('tokens expired');
      this.#world.expireTokens();
      return undefined;
    }
    const { what } = fault;
    this.strike(what.kind === 'status' ? `status ${String(what.status)}` : what.kind);
    if (what.kind === 'delay') this.#world.delayed(request.clientRequestId, what.milliseconds);
    if (what.kind !== 'status') return what;
    return { ...what, ...(what.retryAfter === undefined ? {} : { headers: { 'retry-after': String(what.retryAfter) } }) };
  }

  #entry(entry: FaultEntry): EntryFault | undefined {
    const place = this.#order.get(entry.externalId) ?? -1;
    if (place < this.#processed && entry.retries === 0) this.#reordered = true;
    this.#processed = place;
    if (this.#outage > 0) {
      this.#outage--;
      this.strike('outage');
      return directoryDown;
    }
    const armed = this.#entries.find(({ fault, left }) => left > 0 && fault.worker === entry.externalId);
    if (armed === undefined || (armed.fault.what.kind === 'late' && entry.retries > 0)) return undefined;
    armed.left--;
    const { what } = armed.fault;
    this.strike(`entry ${what.kind}`);
    if (what.kind === 'late') return what;
    if (what.kind !== 'fail') return { kind: what.kind };
    return directoryDown;
  }

  #row(externalId: string): RowFault | undefined {
    const armed = this.#rows.find(({ fault, left }) => left > 0 && fault.worker === externalId);
    if (armed === undefined) return undefined;
    armed.left--;
    const { what } = armed.fault;
    this.strike(`row ${what.kind}`);
    return what;
  }
}

const directoryDown: EntryFault = {
  kind: 'fail',
  error: { errorCode: 'ServiceUnavailable', reason: 'The directory could not be reached for this entry.', errorCategory: 'failure' },
};

function targetOf({ path }: FaultRequest): RequestTarget {
  if (path.endsWith('/bulkUpload')) return 'upload';
  if (path.includes('/auditLogs/')) return 'logs';
  if (path.includes('/token')) return 'token';
  return path.includes('/users') ? 'users' : 'job';
}
