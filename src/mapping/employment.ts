import { Temporal } from 'temporal-polyfill';
import type { Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { maskValue } from '../domain/masking.ts';
import { isListedTimeZone } from '../domain/time-zone.ts';
import type { EmploymentDeclaration } from '../pipeline/pipeline.ts';
import { isCalendarDate } from './columns.ts';
import { startOfDay } from './start-of-day.ts';

/** Names that `employment` gives to expressions. */
export const employmentNames = ['employed', 'preHire', 'started', 'ended'] as const;
type EmploymentName = (typeof employmentNames)[number];

/** What `$employed` and its kin are at one instant. */
export type EmploymentValues = Readonly<Record<EmploymentName, boolean>>;

/** No day begins further from midnight in UTC; the farthest zones are 14 hours off, and one day was skipped. */
const farthest = 48 * 3_600_000;

/**
 * When a worker is employed. The bounds are instants, undefined ones never come. Each is worked out when somebody looks at it: on most days nearly all of them lie so far away that the
 * calendar day says enough, and what a zone makes of a day takes longer than all formulas of a usual mapping.
 */
export class EmploymentSpan {
  /** A span that never begins. */
  static readonly never = new EmploymentSpan(undefined, undefined, 'UTC', undefined);
  readonly #startDay: string | undefined;
  readonly #endDay: string | undefined;
  readonly #zone: string;
  readonly #preHire: number | undefined;
  #start: Instant | undefined;
  #end: Instant | undefined;

  /** Days as YYYY-MM-DD, both within the span. @param preHire milliseconds before the first day from which the worker is created disabled */
  constructor(startDay: string | undefined, endDay: string | undefined, zone: string, preHire: number | undefined) {
    this.#startDay = startDay;
    this.#endDay = endDay;
    this.#zone = zone;
    this.#preHire = preHire;
  }

  /** First moment of the first day in the worker's zone. */
  get start(): Instant | undefined {
    return this.#startDay === undefined ? undefined : (this.#start ??= startOfDay(this.#startDay, this.#zone));
  }

  /** First moment after the last day in the worker's zone. */
  get end(): Instant | undefined {
    return this.#endDay === undefined ? undefined : (this.#end ??= startOfDay(this.#endDay, this.#zone, 1));
  }

  /** From when the worker is created disabled; at or before `start`. */
  get preHireFrom(): Instant | undefined {
    if (this.#startDay === undefined || this.start === undefined || this.#preHire === undefined) return undefined;
    return preHireStart(this.#startDay, this.#zone, this.start, this.#preHire);
  }

  /** Whether there is a moment of it. */
  get comes(): boolean {
    if (this.#startDay === undefined) return false;
    if (this.#endDay === undefined || this.#endDay > this.#startDay) return true;
    // Of one day, which its zone may have skipped; or it ends before it starts.
    return this.end !== undefined && this.start !== undefined && this.end > this.start;
  }

  hasStarted(asOf: Instant): boolean {
    if (this.#startDay === undefined) return false;
    const midnight = Date.parse(this.#startDay);
    return Math.abs(asOf - midnight) > farthest ? asOf > midnight : this.start !== undefined && asOf >= this.start;
  }

  hasEnded(asOf: Instant): boolean {
    if (this.#endDay === undefined) return false;
    const midnight = Date.parse(this.#endDay) + dayMilliseconds;
    return Math.abs(asOf - midnight) > farthest ? asOf > midnight : this.end !== undefined && asOf >= this.end;
  }
}

export type EmploymentReading = { readonly span: EmploymentSpan; readonly warning?: Diagnostic } | { readonly problem: Diagnostic };

const dayMilliseconds = 86_400_000;

/**
 * Reads first day, last day and zone from a row. The first day counts from its first moment, the last day to its end, both in
 * the zone of the worker (else the pipeline's); where the clocks skip midnight, a day begins at the first moment after it.
 * @param startMayBeNothing NULL was declared to mean that the worker never starts
 */
export function readEmployment(
  declaration: EmploymentDeclaration,
  input: Readonly<Record<string, Json | undefined>>,
  timezone: string | undefined,
  startMayBeNothing: boolean,
): EmploymentReading {
  const { place, preHire } = declaration;
  const fail = (code: 'MAP-202' | 'MAP-211' | 'MAP-212', message: string): EmploymentReading => ({
    problem: { code, severity: 'error', message, place },
  });
  const zone = declaration.zone === undefined ? timezone : (input[declaration.zone] ?? timezone);
  if (typeof zone !== 'string' || !isTimeZone(zone)) {
    return fail('MAP-211', `column ${declaration.zone ?? 'timezone'} is ${maskZone(zone)}, which is no time zone`);
  }
  const first = input[declaration.start];
  const last = declaration.end === undefined ? undefined : input[declaration.end];
  if (first === undefined) {
    return startMayBeNothing
      ? { span: EmploymentSpan.never }
      : fail('MAP-212', `column ${declaration.start} is empty: the worker has no first day`);
  }
  const startDay = readDay(first);
  if (startDay === undefined) return fail('MAP-202', `column ${declaration.start} is ${maskValue(first)}, which is no date (YYYY-MM-DD)`);
  if (last === undefined) return { span: new EmploymentSpan(startDay, undefined, zone, preHire) };
  const endDay = readDay(last);
  if (endDay === undefined) {
    return fail('MAP-202', `column ${declaration.end ?? ''} is ${maskValue(last)}, which is no date (YYYY-MM-DD)`);
  }
  // The end of the calendar has no day after it.
  const span = new EmploymentSpan(startDay, endDay === lastDay ? undefined : endDay, zone, preHire);
  if (endDay >= startDay) return { span };
  const message = `the last day (${declaration.end ?? ''}) lies before the first (${declaration.start}): never employed`;
  return { span, warning: { code: 'MAP-213', severity: 'warning', message, place } };
}

/** What the names are at an instant. A span that ends before it starts is employed at no instant and never a pre-hire. */
export function employmentAt(span: EmploymentSpan, asOf: Instant): EmploymentValues {
  const started = span.hasStarted(asOf);
  const ended = span.hasEnded(asOf);
  const { comes } = span;
  return {
    started,
    ended,
    employed: started && !ended && comes,
    preHire: comes && !started && span.preHireFrom !== undefined && asOf >= span.preHireFrom,
  };
}

/** The first instant after `asOf` at which `employmentAt` gives something else; undefined: never again. */
export function nextEmploymentDate(span: EmploymentSpan, asOf: Instant): Instant | undefined {
  let next: Instant | undefined;
  const weigh = (at: Instant | undefined): void => {
    if (at !== undefined && at > asOf && (next === undefined || at < next)) next = at;
  };
  if (!span.hasStarted(asOf)) {
    weigh(span.preHireFrom);
    weigh(span.start);
  }
  if (!span.hasEnded(asOf)) weigh(span.end);
  return next;
}

const lastDay = '9999-12-31';

function readDay(value: Json): string | undefined {
  return typeof value === 'string' && isCalendarDate(value) ? value : undefined;
}

function preHireStart(startDay: string, zone: string, start: Instant, preHire: number): Instant {
  // Whole days are days of the calendar, so that a change of the clocks does not move the hour.
  const days = Math.floor(preHire / dayMilliseconds);
  const rest = preHire % dayMilliseconds;
  return (days === 0 ? start : startOfDay(startDay, zone, -days)) - rest;
}

const zones = new Map<string, boolean>();

/** An IANA name, or `UTC`. Offsets are refused: they have no summer. */
export function isTimeZone(name: string): boolean {
  const known = zones.get(name);
  if (known !== undefined) return known;
  let valid = /^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name);
  if (valid && !isListedTimeZone(name)) {
    try {
      Temporal.PlainDate.from('2000-01-01').toZonedDateTime(name);
    } catch {
      valid = false;
    }
  }
  if (zones.size >= 10_000) zones.clear();
  zones.set(name, valid);
  return valid;
}

/** A zone is no personal value; shown in full unless it is long enough to be something else. */
function maskZone(zone: Json | undefined): string {
  return typeof zone === 'string' && zone.length <= 40 && /^[\w+/ -]*$/.test(zone) ? `"${zone}"` : maskValue(zone);
}
