import type { FunctionDeclaration } from './declaration.ts';
import { failFunction, isAbsent } from './arguments.ts';
import { maskValue } from '../../domain/masking.ts';
import { formatGeneralDate, parseIsoDate } from './dotnet/date-general.ts';
import { formatTokens, readFormat } from './dotnet/date-format.ts';
import { parseExact, type ParseStyles } from './dotnet/date-parse.ts';
import { isInRange } from './dotnet/date-value.ts';
import { addInterval, countIntervals, readInterval } from './dotnet/date-interval.ts';
import { readEntraDate, readEntraNumber, readEntraText } from './entra-values.ts';

const group = 'Entra attribute mapping';
const reference = 'https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data';
const dateForms = 'ISO 8601 (also a date with nothing but an offset), `M/d/yyyy h:mm:ss tt`, or with an English month name';

/** 1601-01-01 in milliseconds, where AD file times start. */
const fileTimeEpoch = Date.UTC(1601, 0, 1);

const styleNames: Readonly<Record<string, Partial<ParseStyles>>> = {
  none: {},
  allowleadingwhite: { leadingWhite: true },
  allowtrailingwhite: { trailingWhite: true },
  allowinnerwhite: { innerWhite: true },
  allowwhitespaces: { leadingWhite: true, trailingWhite: true, innerWhite: true },
  nocurrentdatedefault: {},
  adjusttouniversal: {},
  assumelocal: {},
  assumeuniversal: {},
  roundtripkind: {},
};

const defaultStyles: ParseStyles = { leadingWhite: true, trailingWhite: true, innerWhite: false };

function readStyles(value: unknown): ParseStyles {
  const text = readEntraText(value)?.trim();
  if (text === undefined || text === '') return defaultStyles;
  let styles: ParseStyles = { leadingWhite: false, trailingWhite: false, innerWhite: false };
  for (const name of text.split(/[\s,|]+/)) {
    const style = styleNames[name.replace(/^DateTimeStyles\./i, '').toLowerCase()];
    if (style === undefined) return failFunction('JSN-506', 'formatDateTime', `${JSON.stringify(name)} is not one of the DateTimeStyles`);
    styles = { ...styles, ...style };
  }
  return styles;
}

function readFormatText(value: unknown, parameter: string): string {
  const format = readEntraText(value);
  if (format !== undefined && readFormat(format) !== undefined) return format;
  return failFunction('JSN-506', 'formatDateTime', `${parameter} ${JSON.stringify(format ?? null)} is not a date format`);
}

/** Whether the format writes a part of the date, which a time alone does not have. */
function writesDate(format: string): boolean {
  return (readFormat(format) ?? []).some((token) => token.kind === 'field' && 'yMdg'.includes(token.letter));
}

/** The four positions of FormatDateTime; with three arguments the styles are left out, as older pages print it. */
function formatDateTime(parameters: readonly unknown[]): string | null {
  const [source, styles, inputFormat, outputFormat] = isAbsent(parameters[3])
    ? [parameters[0], undefined, parameters[1], parameters[2]]
    : parameters;
  const input = readFormatText(inputFormat, 'inputFormat');
  const output = readFormatText(outputFormat, 'outputFormat');
  const text = readEntraText(source);
  if (text === undefined) return null;
  const value = parseExact(text, input, readStyles(styles));
  if (value === undefined) return failFunction('JSN-502', 'formatDateTime', `${maskValue(text)} does not have the form ${input}`);
  if (new Date(value.milliseconds).getUTCFullYear() === 1 && writesDate(output) && !writesDate(input)) {
    return failFunction('JSN-506', 'formatDateTime', `${output} writes a date, but ${input} reads only a time`);
  }
  return formatTokens(value, readFormat(output) ?? []);
}

export const entraDateFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'cDate',
    entra: 'CDate',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary: `The date as \`M/d/yyyy h:mm:ss tt\` in UTC. Reads ${dateForms}; without an offset it counts as UTC. Nothing and the empty text are errors: guard them.`,
    parameters: [{ name: 'source', summary: 'a date as text' }],
    implementation: () => (value) => formatGeneralDate(readEntraDate(value, 'cDate', 'source')),
    examples: [
      { expression: '$cDate("2020-03-16-07:00")', result: '3/16/2020 7:00:00 AM' },
      { expression: '$cDate("2021-06-30+08:00")', result: '6/29/2021 4:00:00 PM' },
      { expression: '$cDate("2009-06-15T01:45:30-07:00")', result: '6/15/2009 8:45:30 AM' },
      { expression: '$cDate("")', fails: 'JSN-502' },
    ],
  },
  {
    name: 'entraDateAdd',
    entra: 'DateAdd',
    source: reference,
    signature: '<xxx:s>',
    group,
    purity: 'pure',
    summary:
      'A date moved by a number of intervals (`yyyy` `m` `d` `ww` `h` `n` `s`, also `q` `y` `w`), as `M/d/yyyy h:mm:ss tt`. A month that is too short takes its last day. For ISO dates prefer `$dateAdd`.',
    parameters: [
      { name: 'interval', summary: 'the code of the interval' },
      { name: 'number', summary: 'how many; may be negative' },
      { name: 'date', summary: 'a date as `$cDate` reads it' },
    ],
    implementation: () => (interval, number, date) => {
      const code = readInterval(readEntraText(interval), 'entraDateAdd');
      const count = readEntraNumber(number);
      if (count === undefined) return failFunction('JSN-501', 'entraDateAdd', `number must be a number, not ${maskValue(number)}`);
      const moved = addInterval(code, Math.trunc(count), readEntraDate(date, 'entraDateAdd', 'date'));
      return isInRange(moved)
        ? formatGeneralDate(moved)
        : failFunction('JSN-502', 'entraDateAdd', 'the result is not within the years 1 to 9999');
    },
    examples: [
      { expression: '$entraDateAdd("d", -10, $cDate("2012-03-16-07:00"))', result: '3/6/2012 7:00:00 AM' },
      { expression: '$entraDateAdd("m", 1, "2023-01-31")', result: '2/28/2023 12:00:00 AM' },
      { expression: '$entraDateAdd("fortnight", 1, "2023-01-31")', fails: 'JSN-506' },
    ],
  },
  {
    name: 'entraDateDiff',
    entra: 'DateDiff',
    source: reference,
    signature: '<xxx:n>',
    group,
    purity: 'pure',
    summary:
      'How many intervals lie between two dates, positive if the second is later, by the rules of VB.NET: `d` `h` `n` `s` count whole elapsed ones, `m` `q` `yyyy` the calendar, `ww` the Sundays passed. For ISO dates prefer `$dateDiff`.',
    parameters: [
      { name: 'interval', summary: 'the code of the interval' },
      { name: 'first', summary: 'a date as `$cDate` reads it' },
      { name: 'second', summary: 'a date as `$cDate` reads it' },
    ],
    implementation: () => (interval, first, second) =>
      countIntervals(
        readInterval(readEntraText(interval), 'entraDateDiff'),
        readEntraDate(first, 'entraDateDiff', 'first'),
        readEntraDate(second, 'entraDateDiff', 'second'),
      ),
    examples: [
      { expression: '$entraDateDiff("d", "2021-08-18+08:00", "2021-08-31+08:00")', result: 13 },
      { expression: '$entraDateDiff("ww", "8/25/2021 5:41:18 PM", $cDate("2012-03-16-07:00"))', result: -493 },
      { expression: '$entraDateDiff("d", $entraNow(), hired) > 5', input: { hired: '2026-11-30' }, result: true },
    ],
  },
  {
    name: 'dateFromNum',
    entra: 'DateFromNum',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary: 'An AD file time (100 ns since 1601 in UTC) as `M/d/yyyy h:mm:ss tt`. 9223372036854775807 ("never") is no date and an error.',
    parameters: [{ name: 'value', summary: 'a whole number, better as text: it exceeds what a number holds exactly' }],
    implementation: () => (value) => {
      const text = readEntraText(value)?.trim();
      if (text === undefined) return null;
      if (!/^\d{1,19}$/.test(text)) return failFunction('JSN-501', 'dateFromNum', `${maskValue(text)} is not a file time`);
      const milliseconds = Number(BigInt(text) / 10_000n) + fileTimeEpoch;
      return isInRange(milliseconds)
        ? formatGeneralDate(milliseconds)
        : failFunction('JSN-502', 'dateFromNum', 'the file time is after the year 9999');
    },
    examples: [
      { expression: '$dateFromNum("129699324000000000")', result: '1/1/2012 11:00:00 PM' },
      { expression: '$dateFromNum("9223372036854775807")', fails: 'JSN-502' },
    ],
  },
  {
    name: 'formatDateTime',
    entra: 'FormatDateTime',
    source: reference,
    signature: '<xxxx?:s>',
    group,
    purity: 'pure',
    summary:
      'A date read exactly in one .NET format and written in another. The styles may be left out with their position (three arguments). A written offset is applied: the result is in UTC. ' +
      '`hh` and `HH` also read one digit. Names are English.',
    parameters: [
      { name: 'source', summary: 'the date as text' },
      { name: 'styles', summary: 'names of .NET DateTimeStyles; RoundtripKind, AllowLeadingWhite and AllowTrailingWhite if nothing' },
      { name: 'inputFormat', summary: 'format of the source' },
      { name: 'outputFormat', summary: 'format of the result', optional: true },
    ],
    implementation:
      () =>
      (...parameters) =>
        formatDateTime(parameters),
    examples: [
      { expression: '$formatDateTime("20150123105347.1Z", null, "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")', result: '2015-01-23' },
      { expression: '$formatDateTime("20150123105347.1Z", "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")', result: '2015-01-23' },
      {
        expression: '$formatDateTime("3/6/2012 7:00:00 AM", null, "M/d/yyyy h:mm:ss tt", "dddd, d MMMM yyyy")',
        result: 'Tuesday, 6 March 2012',
      },
      { expression: '$formatDateTime("2021-06-30+08:00", null, "yyyy-MM-ddzzz", "yyyy-MM-dd")', result: '2021-06-29' },
      { expression: '$formatDateTime("30.06.2021", null, "yyyy-MM-dd", "yyyy-MM-dd")', fails: 'JSN-502' },
    ],
  },
  {
    name: 'entraNow',
    entra: 'Now',
    source: reference,
    signature: '<:s>',
    group,
    purity: 'clock',
    summary: 'The instant of the run in UTC as `M/d/yyyy h:mm:ss tt`, the same for every worker.',
    parameters: [],
    implementation: (context) => () => formatGeneralDate(context.asOf),
    examples: [{ expression: '$entraNow()', result: '11/22/2026 8:00:00 AM' }],
  },
  {
    name: 'numFromDate',
    entra: 'NumFromDate',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary:
      'A date in ISO 8601 (also with a blank instead of T) as AD file time, for accountExpires. Text, because the number exceeds 2^53. Without an offset it counts as UTC.',
    parameters: [{ name: 'value', summary: 'a date in ISO 8601' }],
    implementation: () => (value) => {
      if (isAbsent(value)) return null;
      const text = readEntraText(value) ?? '';
      const date = parseIsoDate(text);
      if (date === undefined || date.milliseconds < fileTimeEpoch) {
        return failFunction('JSN-502', 'numFromDate', `${maskValue(text)} is not a date of ISO 8601 from 1601 on`);
      }
      return String(BigInt(date.milliseconds - fileTimeEpoch) * 10_000n + BigInt(date.ticks));
    },
    examples: [
      { expression: '$numFromDate("2012-01-01T23:00:00Z")', result: '129699324000000000' },
      { expression: '$numFromDate("2025-12-31 23:59:59-05:00")', result: '134117171990000000' },
      { expression: '$numFromDate("12/31/9999")', fails: 'JSN-502' },
    ],
  },
];
