import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTokens, readFormat, type DateTimeValue } from './date-format.ts';
import { formatGeneralDate, parseGeneralDate, parseIsoDate } from './date-general.ts';
import { addInterval, countIntervals } from './date-interval.ts';
import { parseExact } from './date-parse.ts';
import { toLowerCase, toProperCase, toUpperCase } from './letter-case.ts';
import { diacriticsTable, normalizeDiacritics } from './diacritics.ts';

const lenient = { leadingWhite: true, trailingWhite: true, innerWhite: false };
const sample: DateTimeValue = { milliseconds: Date.UTC(2021, 6, 4, 15, 5, 9, 120), ticks: 3400, kind: 'utc' };
const write = (format: string, value = sample): string | undefined => {
  const tokens = readFormat(format);
  return tokens === undefined ? undefined : formatTokens(value, tokens);
};
const read = (text: string, format: string): string | undefined => {
  const value = parseExact(text, format, lenient);
  return value === undefined ? undefined : new Date(value.milliseconds).toISOString();
};

describe('a date format of .NET', () => {
  it.each([
    ['d M yy', '4 7 21'],
    ['dd MM yyyy yyyyy', '04 07 2021 02021'],
    ['ddd dddd MMM MMMM', 'Sun Sunday Jul July'],
    ['h:m:s t', '3:5:9 P'],
    ['hh:mm:ss tt', '03:05:09 PM'],
    ['H HH', '15 15'],
    ['f ff fff fffffff', '1 12 120 1203400'],
    ['s.FFFFFFF', '9.12034'],
    ['yyyy\'y\' "m"MM \\d', '2021y m07 d'],
    ['z zz zzz K', '+0 +00 +00:00 Z'],
    ['yyyyMMddHHmmss.fZ', '20210704150509.1Z'],
    ['d', '7/4/2021'],
    ['G', '7/4/2021 3:05:09 PM'],
    ['o', '2021-07-04T15:05:09.1203400Z'],
    ['R', 'Sun, 04 Jul 2021 15:05:09 GMT'],
    ['%d', '4'],
    ['%', undefined],
    ["'open", undefined],
    ['x', undefined],
    ['ffffffff', undefined],
  ])('%s writes %s', (format, text) => {
    expect(write(format)).toBe(text);
  });

  it('drops the point before a fraction of zero', () => {
    expect(write('s.FF', { ...sample, milliseconds: Date.UTC(2021, 0, 1), ticks: 0 })).toBe('0');
  });

  it.each([
    ['2021-07-04', 'yyyy-MM-dd', '2021-07-04T00:00:00.000Z'],
    [' 2021-07-04 ', 'yyyy-MM-dd', '2021-07-04T00:00:00.000Z'],
    ['4 jul 21', 'd MMM yy', '2021-07-04T00:00:00.000Z'],
    ['4 Jul 50', 'd MMM yy', '1950-07-04T00:00:00.000Z'],
    ['Sunday 4 July 2021', 'dddd d MMMM yyyy', '2021-07-04T00:00:00.000Z'],
    ['2021-07-04+08:00', 'yyyy-MM-ddzzz', '2021-07-03T16:00:00.000Z'],
    ['2021-07-04Z', 'yyyy-MM-ddK', '2021-07-04T00:00:00.000Z'],
    ['2021-07-04', 'yyyy-MM-ddK', '2021-07-04T00:00:00.000Z'],
    ['7/4/2021 7:00:00 AM', 'M/d/yyyy hh:mm:ss tt', '2021-07-04T07:00:00.000Z'],
    ['7/4/2021 12:30:00 am', 'M/d/yyyy h:mm:ss tt', '2021-07-04T00:30:00.000Z'],
    ['2021-07-04T10:00:00.5', "yyyy-MM-dd'T'HH:mm:ss.FFF", '2021-07-04T10:00:00.500Z'],
    // A day of the week that is another one, a day that does not exist, one digit where two are due, text left over.
    ['Monday 4 July 2021', 'dddd d MMMM yyyy', undefined],
    ['2021-02-29', 'yyyy-MM-dd', undefined],
    ['2021-7-4', 'yyyy-MM-dd', undefined],
    ['2021-07-04x', 'yyyy-MM-dd', undefined],
    ['13:00 PM', 'hh:mm tt', undefined],
    ['2021-07-04 24:00', 'yyyy-MM-dd HH:mm', undefined],
    ['2021-07-04+15:00', 'yyyy-MM-ddzzz', undefined],
    ['07 04', 'MM dd', undefined],
    ['7000', 'HHmmss', undefined],
  ])('%j read as %s is %s', (text, format, result) => {
    expect(read(text, format)).toBe(result);
  });

  it('reads what it wrote', () => {
    const instants = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
    const format = fc.constantFrom('M/d/yyyy h:mm:ss.fff tt', 'yyyyMMddHHmmss.fff', "dddd, d MMMM yyyy 'at' HH:mm:ss.fffffff", 'o');
    fc.assert(
      fc.property(instants, format, (date, pattern) => {
        const value: DateTimeValue = { milliseconds: date.getTime(), ticks: 0, kind: 'utc' };
        expect(read(write(pattern, value) ?? '', pattern)).toBe(date.toISOString());
      }),
    );
  });
});

describe('a date without a stated format', () => {
  it.each([
    ['2020-03-16-07:00', '3/16/2020 7:00:00 AM'],
    ['2020-03-16', '3/16/2020 12:00:00 AM'],
    ['2020-12-31 23:59:59-08:00', '1/1/2021 7:59:59 AM'],
    ['2020-06-15T12:00:00.1234567Z', '6/15/2020 12:00:00 PM'],
    ['8/25/2021 5:41:18 PM', '8/25/2021 5:41:18 PM'],
    ['08-25-2021', '8/25/2021 12:00:00 AM'],
    ['Aug 25, 2021', '8/25/2021 12:00:00 AM'],
    ['25 August 2021 17:41', '8/25/2021 5:41:00 PM'],
    ['Wed, 25 Aug 2021 17:41:18 GMT', '8/25/2021 5:41:18 PM'],
    ['2013-01-10 4:00 PM -8', '1/11/2013 12:00:00 AM'],
    ['25/8/2021', undefined],
    ['2021-02-30', undefined],
    ['2021-01-01T10:00+15:00', undefined],
    ['2021-01-01 13:00 PM', undefined],
    ['20210825', undefined],
    ['tomorrow', undefined],
    ['', undefined],
  ])('%j is %s', (text, result) => {
    const value = parseGeneralDate(text);
    expect(value === undefined ? undefined : formatGeneralDate(value.milliseconds)).toBe(result);
  });

  it('is read from what is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
        expect(parseGeneralDate(formatGeneralDate(seconds * 1000))?.milliseconds).toBe(seconds * 1000);
        expect(parseIsoDate(new Date(seconds * 1000).toISOString())?.milliseconds).toBe(seconds * 1000);
      }),
    );
  });
});

describe('intervals', () => {
  const instant = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2200, 0, 1) });
  it('are counted as they were added', () => {
    fc.assert(
      fc.property(
        instant,
        fc.integer({ min: -2000, max: 2000 }),
        fc.constantFrom('yyyy', 'q', 'm', 'd', 'ww', 'h', 'n', 's'),
        (start, count, interval) => {
          expect(countIntervals(interval, start, addInterval(interval, count, start))).toBe(count);
        },
      ),
    );
  });

  it('are the negative when the dates change places', () => {
    fc.assert(
      fc.property(instant, instant, fc.constantFrom('yyyy', 'q', 'm', 'd', 'ww', 'h', 'n', 's'), (first, second, interval) => {
        expect(countIntervals(interval, second, first) + countIntervals(interval, first, second)).toBe(0);
      }),
    );
  });

  it('of months end on the last day of a month that is too short', () => {
    expect(formatGeneralDate(addInterval('m', 1, Date.UTC(2023, 0, 31, 10)))).toBe('2/28/2023 10:00:00 AM');
    expect(formatGeneralDate(addInterval('yyyy', -1, Date.UTC(2024, 1, 29)))).toBe('2/28/2023 12:00:00 AM');
  });
});

describe('letter case', () => {
  it('changes letter by letter, as .NET does', () => {
    expect(toUpperCase('straße ﬁ ı i')).toBe('STRAßE ﬁ ı I');
    expect(toUpperCase('ı i', 'tr-TR')).toBe('I İ');
    expect(toLowerCase('I İ Σ', 'az')).toBe('ı i σ');
    expect(toProperCase("O'NEIL 2ND VAN-DAMME’S")).toBe("O'neil 2Nd Van-Damme’S");
  });
});

describe('the table of diacritics', () => {
  it('has the 261 entries of the reference', () => {
    expect(diacriticsTable.size).toBe(261);
  });

  it('leaves what it does not have, also where a part of it would match', () => {
    expect(normalizeDiacritics('Hồ đ ŋ œ ģ x\u0304')).toBe('Hồ đ ŋ œ ģ x\u0304');
    expect(normalizeDiacritics('E\u030A\u0304 u\u0307\u0304 \u1E7B')).toBe('E u u');
  });
});
