import { stopsPlan } from '../../domain/approval.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ErrorCode } from '../../domain/errors/registry.ts';
import type { EventSink } from '../../domain/event.ts';
import { scrubText } from '../../domain/masking.ts';
import type { RunId } from '../../domain/words.ts';
import type { JobStatus } from '../../entra/job.ts';
import type { StageContext } from '../context.ts';
import { lastSuccess } from '../last-success.ts';
import { lateDisables } from '../late-disables.ts';
import { announce, type Finding } from './announce.ts';
import type { Channel } from './channel.ts';

/** Rights, credentials and set-up that refuse everybody until somebody acts. What passes by itself (no network, throttling) is not among them: `stale` tells it when it does not. */
const setUpCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ENT-101',
  'ENT-102',
  'ENT-103',
  'ENT-104',
  'ENT-105',
  'ENT-106',
  'ENT-107',
  'ENT-108',
  'ENT-111',
  'ENT-112',
  'ENT-113',
  'ENT-114',
  'ENT-115',
  'ENT-116',
  'ENT-117',
  'ENT-201',
  'ENT-204',
  'ENT-205',
  'ENT-206',
  'ENT-207',
  'ENT-301',
  'ENT-303',
  'STG-201',
  'STG-206',
  'PLN-205',
]);

/** Follows the events of one execution, and tells people at its end, or while it waits, what holds and what is over. */
export class RunConditions {
  readonly #channels: readonly Channel[];
  readonly #guards = new Map<string, number>();
  readonly #setUp = new Set<ErrorCode>();
  #judged = false;
  #accepted = false;
  #job: JobStatus | undefined;
  #run: RunId | undefined;
  #telling: Promise<void> = Promise.resolve();
  #context: StageContext | undefined;

  constructor(channels: readonly Channel[]) {
    this.#channels = channels;
  }

  /** From now on what cannot wait for the end is told at once. */
  begin(context: StageContext): void {
    this.#context = context;
  }

  about(run: RunId): void {
    this.#run = run;
  }

  readonly sink: EventSink = (event) => {
    if (event.type === 'run.started') this.#run = event.run;
    else if (event.type === 'guard') {
      this.#judged = true;
      const { guard, measured } = event.verdict;
      if (stopsPlan(event.verdict)) this.#guards.set(withoutGroup(guard), measured);
    } else if (event.type === 'accepted') this.#accepted = true;
    else if (event.type === 'warning' && ['STG-207', 'STG-403'].includes(event.diagnostic.code)) this.#setUp.add(event.diagnostic.code);
    else if (event.type === 'disables.late') this.#tellNow([disablesFinding(event.operations)]);
  };

  readonly noteJob = (job: JobStatus): void => {
    this.#job = job;
  };

  /**
   * What the execution came to. Never throws and changes nothing of how it ended. `delivering`: it was to send and to learn outcomes, so that its success says something about the
   * set-up.
   */
  async end(context: StageContext, error: unknown, delivering: boolean): Promise<void> {
    // Whoever stops a run knows that it stopped.
    if (context.signal.aborted) return;
    await this.#telling;
    await this.#attempt(context, async () =>
      announce(context, this.#channels, await this.#findings(context, error, delivering), this.#run),
    );
  }

  #tellNow(findings: readonly Finding[]): void {
    const context = this.#context;
    if (context === undefined) return;
    this.#telling = this.#telling.then(() => this.#attempt(context, () => announce(context, this.#channels, findings, this.#run)));
  }

  async #attempt({ emit }: StageContext, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const message = `what people were told could not be kept: ${scrubText(cause instanceof Error ? cause.message : String(cause))}`;
      emit({ type: 'warning', diagnostic: { code: 'NTF-101', severity: 'warning', message } });
    }
  }

  async #findings(context: StageContext, error: unknown, delivering: boolean): Promise<readonly Finding[]> {
    const late = await lateDisables(context);
    return [
      ...this.#guardFinding(),
      ...this.#serviceFindings(error instanceof JoineryError ? error.code : undefined, delivering && error === undefined),
      disablesFinding(late),
      await staleFinding(context),
    ];
  }

  #guardFinding(): Finding[] {
    const names = [...this.#guards.keys()].toSorted();
    if (names.length > 0 && !this.#accepted) {
      return [{ name: 'guard', holds: true, signature: names.join(', '), figures: Object.fromEntries(this.#guards) }];
    }
    return this.#judged || this.#accepted ? [over('guard')] : [];
  }

  #serviceFindings(code: ErrorCode | undefined, succeeded: boolean): Finding[] {
    const findings: Finding[] = [];
    const quarantined = this.#job !== undefined && (this.#job.code === 'Quarantine' || this.#job.quarantine !== undefined);
    if (quarantined) findings.push({ name: 'quarantine', holds: true, signature: this.#job?.quarantine?.reason ?? '', figures: {} });
    else if (this.#job !== undefined) findings.push(over('quarantine'));
    // A job in quarantine is no other failure besides.
    const setUp = [...this.#setUp, ...(code !== undefined && setUpCodes.has(code) ? [code] : [])].filter(
      (one) => !(quarantined && (one === 'STG-206' || one === 'STG-403')),
    );
    if (setUp.length > 0) findings.push({ name: 'setUp', holds: true, signature: setUp.toSorted().join(', '), figures: {} });
    else if (succeeded) findings.push(over('setUp'));
    if (code === 'STG-202') findings.push({ name: 'quota', holds: true, signature: '', figures: {} });
    else if (succeeded) findings.push(over('quota'));
    return findings;
  }
}

function over(name: Finding['name']): Finding {
  return { name, holds: false, signature: '', figures: {} };
}

function disablesFinding(late: number): Finding {
  return { name: 'disables', holds: late > 0, signature: '', figures: { disables: late } };
}

async function staleFinding({ store, pipeline, clock }: StageContext): Promise<Finding> {
  const { at, since } = await lastSuccess(store, pipeline.name);
  const age = clock.now() - (at ?? since ?? clock.now());
  const holds = age > pipeline.notify.stale;
  return { name: 'stale', holds, signature: '', figures: holds ? { hours: Math.floor(age / 3_600_000) } : {} };
}

/** A group is a value of HR; which one it is stands in the plan. */
function withoutGroup(guard: string): string {
  return guard.replace(/@.*$/su, '@…');
}
