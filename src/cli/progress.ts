import { formatInstant } from '../domain/clock.ts';
import type { Counts, EventSink, JoineryEvent } from '../domain/event.ts';
import type { RunState } from '../domain/run.ts';
import type { Io } from './io.ts';
import { formatCount, formatSpan, plural, type Style } from './style.ts';
import { visibleLine } from './visible.ts';

/** How many rejections and warnings are printed one by one before only their number is. */
const shown = 5;

/**
 * Turns events into lines on stderr: one per finished stage, warnings and rejections as they come, and on a terminal a line that rewrites
 * itself. Off a terminal nothing is ever rewritten.
 */
export class Progress {
  readonly #io: Io;
  readonly #style: Style;
  readonly #seen = new Map<string, number>();
  #line = '';

  constructor(io: Io, style: Style) {
    this.#io = io;
    this.#style = style;
  }

  readonly sink: EventSink = (event) => {
    const text = this.#render(event);
    if (text !== undefined) this.#print(text);
    const status = statusOf(event);
    if (status !== undefined && this.#io.isTerminal) this.#rewrite(status);
  };

  /** Clears the line that rewrites itself; what was only counted is told. */
  end(): void {
    this.#rewrite('');
    for (const [kind, count] of this.#seen) {
      if (count > shown) this.#print(this.#style.dim(`  … and ${formatCount(count - shown)} more of ${kind}; the report lists them all`));
    }
    this.#seen.clear();
  }

  #print(text: string): void {
    const kept = this.#line;
    this.#rewrite('');
    this.#io.err(`${visibleLine(text)}\n`);
    if (kept !== '' && this.#io.isTerminal) this.#rewrite(kept);
  }

  #rewrite(line: string): void {
    if (!this.#io.isTerminal || (line === '' && this.#line === '')) return;
    this.#io.err(`\r\u001B[2K${line.slice(0, Math.max(10, this.#io.columns - 1))}`);
    this.#line = line;
  }

  #render(event: JoineryEvent): string | undefined {
    const { bold, dim, yellow, red, green } = this.#style;
    switch (event.type) {
      case 'run.started':
        return `${bold(event.pipeline)}  run ${event.run}  as of ${formatInstant(event.asOf)}${event.first ? '  (first run)' : ''}`;
      case 'run.superseded':
        return yellow(`run ${event.run} was interrupted; ${plural(event.unsent, 'operation')} of it are planned anew`);
      case 'mapping.edited':
        return `  the mapping was edited: ${event.because === undefined ? `only those are evaluated ${describeEdit(event)}` : `everybody is evaluated, because ${event.because}`}`;
      case 'source.read':
        return 'because' in event
          ? `  every row is read, because ${event.because}`
          : `  ${plural(event.rows, 'row')} with another version, only those are read`;
      case 'stage.finished':
        return `  ${green('✓')} ${event.stage.padEnd(10)}${describeCounts(event.counts)}${event.milliseconds < 1 ? '' : dim(`  ${formatSpan(event.milliseconds)}`)}`;
      case 'rejection': {
        const { rejection } = event;
        const who = rejection.externalId === undefined ? 'row without a key' : `worker ${rejection.externalId}`;
        return this.#some(
          'rejections',
          red(`  rejected ${who}: ${rejection.reasons.map(({ code, message }) => `${code} ${message}`).join('; ')}`),
        );
      }
      case 'warning':
        return this.#some(
          event.diagnostic.code,
          yellow(`  ${event.diagnostic.severity} ${event.diagnostic.code}: ${event.diagnostic.message}`),
        );
      case 'guard':
        if (event.verdict.approved !== undefined) {
          const { by, reason, until } = event.verdict.approved;
          return yellow(`  guard ${event.verdict.guard} approved by ${by} until ${formatInstant(until)}: ${reason}`);
        }
        return event.verdict.tripped ? red(`  guard ${event.verdict.guard} tripped: ${event.verdict.words}`) : undefined;
      case 'accepted':
        return event.dropped.length === 0
          ? undefined
          : yellow(`  dropped, because their baseline moved since the plan: ${event.dropped.join(', ')}`);
      case 'batch.retry':
        return yellow(`  batch ${event.batch}: ${event.reason}; again in ${formatSpan(event.waitMilliseconds)}`);
      case 'batch.unknown':
        return yellow(`  batch ${event.batch}: no answer (${event.reason}); the logs will tell what became of it`);
      case 'batch.refused':
        return red(`  batch ${event.batch}: refused with ${String(event.status)}: ${event.reason}`);
      case 'load.stage':
        return `  load in stages: ${String(event.stage)} of ${String(event.of)}, ${plural(event.operations, 'operation')}`;
      case 'load.paused':
        return yellow(`  the load pauses: ${event.words}`);
      case 'disables.late':
        return yellow(`  ${plural(event.operations, 'disable is', 'disables are')} without an outcome for long`);
      case 'notified':
        return `  ${event.channel} was told${event.kind === 'cleared' ? ' that it is over' : ''}: ${event.condition}`;
      case 'waiting':
        return `  ${plural(event.workers, 'worker is', 'workers are')} waiting: ${event.reason}`;
      case 'outcome':
        if (event.outcome !== 'failed' && event.outcome !== 'silent' && event.outcome !== 'skipped') return undefined;
        return this.#some(
          `outcome ${event.outcome}`,
          red(
            `  ${event.outcome} worker ${event.externalId} (${event.change}): ${event.code ?? 'no log row'} ${event.reason ?? ''}`.trimEnd(),
          ),
        );
      case 'stage.started':
      case 'stage.progress':
      case 'plan':
      case 'batch.sending':
      case 'batch.accepted':
      case 'pace':
      case 'poll':
      case 'run.finished':
        return undefined;
      default:
        return event satisfies never;
    }
  }

  #some(kind: string, text: string): string | undefined {
    const count = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, count);
    return count > shown ? undefined : text;
  }
}

/** Whom an edit of the mapping concerns. */
function describeEdit({ touched, lookups }: Extract<JoineryEvent, { readonly type: 'mapping.edited' }>): string {
  const asked = lookups.map(({ name, came, went, changed, columns }) => {
    const parts = [
      ...(came === 0 ? [] : [`${formatCount(came)} new`]),
      ...(went === 0 ? [] : [`${formatCount(went)} gone`]),
      ...(changed === 0 ? [] : [`${formatCount(changed)} changed${columns.length === 0 ? '' : ` in ${columns.join(', ')}`}`]),
    ];
    return `who ask lookup ${name} for one of ${plural(came + went + changed, 'key')}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
  });
  const formulas =
    touched.length === 0 && asked.length > 0
      ? []
      : [`for whom ${touched.length === 0 ? 'something else' : touched.join(', ')} comes out otherwise`];
  return [...formulas, ...asked].join(', or ');
}

function statusOf(event: JoineryEvent): string | undefined {
  if (event.type === 'stage.started') return `  … ${event.stage}`;
  if (event.type === 'stage.progress') return `  … ${event.stage}  ${describeCounts(event.counts)}`;
  if (event.type === 'poll') return `  … reconcile  ${plural(event.open, 'operation')} open, next look at ${formatInstant(event.nextAt)}`;
  if (event.type === 'pace') return `  … load  waiting for the ${event.reason} until ${formatInstant(event.until)}`;
  return undefined;
}

/** `rows 5,350, keys 5,310`; what is zero is left out. */
export function describeCounts(counts: Counts): string {
  const parts = Object.entries(counts).filter(([, count]) => count !== 0);
  return parts.length === 0
    ? 'nothing to do'
    : parts.map(([name, count]) => `${formatCount(count)} ${count === 1 ? singular(words(name)) : words(name)}`).join(', ');
}

/** `appliedWithWarning` → `applied with warning` */
function words(name: string): string {
  return name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** `1 batch`, `1 standing rejection`: what the stages count is nouns in the plural and participles, which have none. */
function singular(noun: string): string {
  return noun
    .replace(/entries$/, 'entry')
    .replace(/batches$/, 'batch')
    .replace(/(row|key|draft|operation|rejection)s$/, '$1');
}

/** What a run came to, when it is looked at later. A run that sent nothing says why, and never that there was nothing to do. */
export function describeEnd(state: RunState, outcomes: Counts): string {
  if (Object.values(outcomes).some((count) => count !== 0)) return describeCounts(outcomes);
  if (state === 'stopped') return 'a guard stopped it; nothing was sent';
  if (state === 'abandoned') return 'not applied; nothing was sent';
  if (state === 'finished' || state === 'loaded') return 'nothing had to be sent';
  return state === 'superseded' ? 'a newer run took its work over' : 'nothing was sent yet';
}
