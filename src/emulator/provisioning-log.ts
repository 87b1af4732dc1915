import type { Instant } from '../domain/clock.ts';
import type { Journal } from './journal.ts';
import type { JsonObject } from './json.ts';

type LogEventKind =
  'received' | 'created' | 'updated' | 'disabled' | 'failed' | 'unchanged' | 'skipped' | 'stagedDelete' | 'manager' | 'managerUnresolved';

export interface LogError {
  readonly errorCode: string;
  readonly reason: string;
  readonly errorCategory: 'failure' | 'nonServiceFailure' | 'success';
  readonly recommendedAction?: string;
}

export interface ModifiedProperty {
  readonly displayName: string;
  readonly oldValue: string | null;
  readonly newValue: string | null;
}

/** One row before it is written out in Graph's shape; the steps follow from the kind. */
export interface LogEvent {
  readonly sequence: number;
  readonly id: string;
  readonly kind: LogEventKind;
  readonly at: Instant;
  /** From then on the log shows it: minutes after it happened. */
  readonly visibleAt: Instant;
  readonly jobId: string;
  readonly cycleId: string;
  readonly changeId: string;
  readonly externalId: string;
  readonly action: string;
  readonly status: 'success' | 'failure' | 'skipped' | 'warning';
  readonly error: LogError | null;
  readonly modified: readonly ModifiedProperty[];
  readonly target: { readonly id: string; readonly displayName: string };
  readonly data: JsonObject;
  readonly notes: readonly string[];
  /** The directory had nobody for the entry. */
  readonly unmatched: boolean;
  readonly skipReason?: string;
  /** `nextAttempt` 0: the service does not retry any more. */
  readonly escrow?: { readonly count: number; readonly createdAt: Instant; readonly nextAttempt: Instant };
}

/** The rows of a tenant, in the order in which things happened. */
export class ProvisioningLog {
  #events: LogEvent[];
  #sequence = 0;
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#events = journal.restored<LogEvent>('row').toSorted(compareEvents);
    for (const event of this.#events) this.#sequence = Math.max(this.#sequence, event.sequence);
  }

  nextSequence(): number {
    return ++this.#sequence;
  }

  add(event: LogEvent): void {
    let index = this.#events.length;
    while (index > 0 && compareEvents(this.#events[index - 1] ?? event, event) > 0) index--;
    this.#events.splice(index, 0, event);
    this.#journal.put('row', String(event.sequence), event);
  }

  /** Rows that the log shows at `now`, oldest first. */
  visible(now: Instant): LogEvent[] {
    return this.#events.filter((event) => event.visibleAt <= now);
  }

  /** Rows that happened but that the log does not show yet. */
  hidden(now: Instant): LogEvent[] {
    return this.#events.filter((event) => event.visibleAt > now);
  }

  all(): readonly LogEvent[] {
    return this.#events;
  }

  /** Forgets what happened before `oldest`. */
  prune(oldest: Instant): void {
    let index = 0;
    for (; index < this.#events.length; index++) {
      const event = this.#events[index];
      if (event === undefined || event.at >= oldest) break;
      this.#journal.remove('row', String(event.sequence));
    }
    if (index > 0) this.#events = this.#events.slice(index);
  }
}

function compareEvents(left: LogEvent, right: LogEvent): number {
  return left.at - right.at || left.sequence - right.sequence;
}
