import { Temporal } from 'temporal-polyfill';
import { maskValue } from '../../domain/masking.ts';
import type { FunctionContext, FunctionDeclaration } from './declaration.ts';
import { failFunction, isAbsent, readText } from './arguments.ts';
import { readPlainDay } from './plain-days.ts';
import { formatOffset, resolveZone } from './zones.ts';

const dateOnly = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A calendar date written `YYYY-MM-DD`. JSN-502 for any other form, and for days that do not exist. */
export function readPlainDate(text: string, functionName: string): Temporal.PlainDate {
  if (!dateOnly.test(text)) {
    return failFunction(
      'JSN-502',
      functionName,
      `${maskValue(text)} (${String(text.length)} characters) is not a date of the form YYYY-MM-DD`,
    );
  }
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' });
  } catch {
    return failFunction('JSN-502', functionName, `${maskValue(text)} has the form YYYY-MM-DD but is no day of the calendar`);
  }
}

const rememberedStarts = new Map<string, string>();

/** Zone arithmetic costs some 25 µs, and the start dates of workers repeat; a few thousand days are remembered. */
function startOfDay(date: string, zone: string): string {
  const key = `${date} ${zone}`;
  const known = rememberedStarts.get(key);
  if (known !== undefined) return known;
  const start = readPlainDate(date, 'dateTime').toZonedDateTime({ timeZone: zone });
  const written = `${start.toPlainDateTime().toString({ smallestUnit: 'second' })}${formatOffset(start.offsetNanoseconds)}`;
  if (rememberedStarts.size >= 5000) rememberedStarts.clear();
  rememberedStarts.set(key, written);
  return written;
}

const dateTime: FunctionDeclaration = {
  name: 'dateTime',
  signature: '<(sl)(sl)?:s>',
  group: 'dates',
  purity: 'pure',
  summary:
    'The first instant of a day as ISO 8601 with seconds and offset, the form that employeeHireDate and employeeLeaveDateTime need. ' +
    'Takes a date `YYYY-MM-DD` and nothing else; midnight UTC unless a zone is stated. Where the clocks skip midnight, the first instant after it.',
  parameters: [
    { name: 'date', summary: 'a date `YYYY-MM-DD`' },
    { name: 'zone', summary: 'IANA name or offset; UTC if left out', optional: true },
  ],
  implementation: () => (date, zone) => {
    const text = readText(date, 'dateTime', 'date');
    if (text === undefined) return undefined;
    const zoneName = readText(zone, 'dateTime', 'zone');
    const resolved = zoneName === undefined ? 'UTC' : resolveZone(zoneName, 'dateTime');
    if (resolved === 'UTC') {
      if (readPlainDay(text) === undefined) readPlainDate(text, 'dateTime');
      return `${text}T00:00:00+00:00`;
    }
    return startOfDay(text, resolved);
  },
  examples: [
    { expression: '$dateTime("2026-10-01")', result: '2026-10-01T00:00:00+00:00' },
    { expression: '$dateTime("2026-10-01", "Europe/Berlin")', result: '2026-10-01T00:00:00+02:00' },
    { expression: '$dateTime("2026-12-01", "Europe/Berlin")', result: '2026-12-01T00:00:00+01:00' },
    { expression: '$dateTime(end_date)', input: { end_date: null }, result: null },
    { expression: '$dateTime("01.10.2026")', fails: 'JSN-502' },
    { expression: '$dateTime("2026-02-29")', fails: 'JSN-502' },
  ],
};

/** The calendar date of the run in the zone, `YYYY-MM-DD`. */
function formatDateOf(instant: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate().toString();
}

/** A text that depends on the run only, computed once for each `asOf` and zone. */
function rememberOfRun(
  context: FunctionContext,
  compute: (instant: number, zone: string) => string,
  functionName: string,
): (zone: unknown) => string {
  const remembered = new Map<string, string>();
  let instant = Number.NaN;
  return (zone) => {
    if (context.asOf !== instant) {
      remembered.clear();
      instant = context.asOf;
    }
    const asked = (isAbsent(zone) ? undefined : readText(zone, functionName, 'zone')) ?? context.timezone ?? 'UTC';
    const known = remembered.get(asked);
    if (known !== undefined) return known;
    const computed = compute(instant, resolveZone(asked, functionName));
    remembered.set(asked, computed);
    return computed;
  };
}

const today: FunctionDeclaration = {
  name: 'today',
  signature: '<(sl)?:s>',
  group: 'dates',
  purity: 'clock',
  summary: "The date of the run, `YYYY-MM-DD`, in the pipeline's `timezone`. It is the same for every worker of a run, also past midnight.",
  parameters: [
    { name: 'zone', summary: "IANA name or offset; the pipeline's `timezone` if left out, and UTC if it states none", optional: true },
  ],
  implementation: (context) => rememberOfRun(context, formatDateOf, 'today'),
  examples: [
    { expression: '$today()', result: '2026-11-22' },
    { expression: '$today("Pacific/Kiritimati")', context: { asOf: Date.UTC(2026, 10, 22, 11) }, result: '2026-11-23' },
    { expression: '$today()', context: { asOf: Date.UTC(2026, 11, 31, 23, 30), timezone: 'Europe/Berlin' }, result: '2027-01-01' },
    { expression: '$today("Nowhere/Town")', fails: 'JSN-503' },
  ],
};

export const dateFunctions: readonly FunctionDeclaration[] = [dateTime, today];
