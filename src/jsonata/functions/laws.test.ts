import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JoineryError } from '../../domain/error.ts';
import { functionLibrary, type FunctionContext } from './index.ts';

const context: FunctionContext = { asOf: Date.UTC(2026, 10, 22, 8), timezone: 'Europe/Berlin' };
const library = functionLibrary(context);

function call(name: string, ...values: unknown[]): unknown {
  return library[name]?.implementation(...values);
}

function callForText(name: string, ...values: unknown[]): string {
  const result = call(name, ...values);
  return typeof result === 'string' ? result : '';
}

const anyText = fc.string({ unit: 'grapheme' });
const latinName = fc.string({ unit: fc.constantFrom(...Array.from("abzABZäöüßÉøŁđåÆİıñ\u0301\u0308 '’.-_0９")) });
const name = fc.oneof(anyText, latinName, fc.string({ unit: 'binary' }));
const languages = fc.constantFrom(undefined, 'de', 'da', 'nb', 'sv', 'fi', 'is', 'hr', 'sr');
const validNickname = /^(?:[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)?$/;

/** From 1972 on offsets are whole minutes, which is all that ISO 8601 can write. */
const date = fc
  .date({ min: new Date('1972-02-01T00:00:00Z'), max: new Date('2199-12-31T00:00:00Z'), noInvalidDate: true })
  .map((value) => value.toISOString().slice(0, 10));
const instant = fc
  .date({ min: new Date('1971-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true })
  .map((value) => `${value.toISOString().slice(0, 19)}+00:00`);
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia', '+05:45', '-03:00');

describe('a mail nickname', () => {
  it('is always valid, whatever the names are', () => {
    fc.assert(
      fc.property(name, name, languages, (given, family, language) => {
        expect(callForText('mailNickname', given, family, language)).toMatch(validNickname);
      }),
    );
  });

  it('does not change when it is made of itself', () => {
    fc.assert(
      fc.property(name, name, languages, (given, family, language) => {
        const once = callForText('mailNickname', given, family, language);
        expect(callForText('mailNickname', once, undefined, language)).toBe(once);
      }),
    );
  });

  it('is the same for composed and decomposed letters', () => {
    fc.assert(
      fc.property(latinName, languages, (text, language) => {
        expect(call('mailNickname', text.normalize('NFD'), null, language)).toBe(
          call('mailNickname', text.normalize('NFC'), null, language),
        );
      }),
    );
  });
});

describe('candidates', () => {
  it('start with the base, differ from each other, and are never longer than 64 characters', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,80}$/), fc.integer({ min: 1, max: 120 }), (base, count) => {
        const list = call('candidates', base, count);
        expect(list).toHaveLength(count);
        expect(new Set(Array.isArray(list) ? list : []).size).toBe(count);
        expect(list).toHaveProperty('0', base.slice(0, 64));
        expect(Array.isArray(list) && list.every((candidate) => typeof candidate === 'string' && candidate.length <= 64)).toBe(true);
      }),
    );
  });

  it('made of names are valid, differ from each other and are as many as wanted at most', () => {
    fc.assert(
      fc.property(name, name, fc.integer({ min: 1, max: 30 }), (given, family, count) => {
        const list: unknown = call('nameCandidates', given, family, undefined, count) ?? [];
        const texts = Array.isArray(list) ? list.map(String) : [];
        expect(texts.length).toBeLessThanOrEqual(count);
        expect(new Set(texts).size).toBe(texts.length);
        expect(texts.filter((text) => text === '' || !validNickname.test(text))).toEqual([]);
      }),
    );
  });
});

describe('dates', () => {
  it('moved forth and back by days and weeks are the same', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -50_000, max: 50_000 }), fc.constantFrom('days', 'weeks'), (start, amount, unit) => {
        const count = unit === 'weeks' ? Math.trunc(amount / 7) + 0 : amount;
        const moved = call('dateAdd', start, count, unit);
        expect(call('dateDiff', start, moved, unit)).toBe(count);
        expect(call('dateAdd', moved, -count, unit)).toBe(start);
      }),
    );
  });

  it('moved by months from a day that every month has are as many months apart', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -1000, max: 1000 }), (start, amount) => {
        const early = `${start.slice(0, 8)}${String(1 + (Number(start.slice(8)) % 28)).padStart(2, '0')}`;
        expect(call('dateDiff', early, call('dateAdd', early, amount, 'months'), 'months')).toBe(amount);
      }),
    );
  });

  it('have as many hours between them as were added, in every zone and across changes of the clock', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: -20_000, max: 20_000 }), zone, (start, amount, where) => {
        const moved = call('dateAdd', start, amount, 'hours', where);
        expect(call('dateDiff', start, moved, 'hours', where)).toBe(amount);
      }),
    );
  });

  it('come back from every form that holds day, month and year', () => {
    const form = fc.constantFrom('dd.MM.yyyy', 'M/d/yyyy', 'yyyyMMdd', 'd MMM yyyy', 'dddd, d MMMM yyyy', "yyyy-MM-dd'T'");
    fc.assert(
      fc.property(date, form, (day, format) => {
        expect(call('parseDate', call('formatDate', day, format), format)).toBe(day);
      }),
    );
  });

  it('start and end on their own day in every zone', () => {
    fc.assert(
      fc.property(date, zone, (day, where) => {
        // Apia had no 30 December 2011: what does not exist cannot start.
        fc.pre(!(where === 'Pacific/Apia' && /^2011-12-(?:29|30)$/.test(day)));
        expect(call('dateOf', call('dateTime', day, where), where)).toBe(day);
        expect(call('dateOf', call('endOfDay', day, where), where)).toBe(day);
      }),
    );
  });
});

describe('the clock of the run', () => {
  it('is read at every call, so that one library serves run after run', () => {
    const own: FunctionContext = { asOf: Date.UTC(2026, 0, 1), timezone: 'UTC' };
    const functions = functionLibrary(own);
    const read = (): unknown[] => [functions['today']?.implementation(), functions['entraNow']?.implementation()];
    expect(read()).toEqual(['2026-01-01', '1/1/2026 12:00:00 AM']);
    own.asOf = Date.UTC(2026, 5, 30, 23, 59, 59, 999);
    expect(read()).toEqual(['2026-06-30', '6/30/2026 11:59:59 PM']);
    own.timezone = 'Asia/Tokyo';
    expect(read()[0]).toBe('2026-07-01');
  });
});

describe('phone numbers', () => {
  it('do not change when they are written in E.164 again, whatever the country says then', () => {
    const national = fc.tuple(fc.constantFrom('DE', 'GB', 'US', 'SE', 'IN', 'BR'), fc.stringMatching(/^0?[1-9]\d{6,10}$/));
    fc.assert(
      fc.property(national, fc.constantFrom('DE', 'US', 'JP'), ([country, digits], other) => {
        fc.pre(call('isPhone', digits, country) === true);
        const number = callForText('e164', digits, country);
        expect(number).toMatch(/^\+[1-9]\d{6,14}$/);
        expect(call('e164', number, other)).toBe(number);
        expect(call('e164', call('formatPhone', number), other)).toBe(number);
      }),
    );
  });

  it('name the country, not the number, when they are refused', () => {
    const refuse = (): unknown => call('e164', '555-SECRET-0199', 'DE');
    expect(refuse).toThrow(/5••• \(15 characters\) is not a valid phone number in DE/);
    expect(refuse).toThrow(JoineryError);
  });
});

describe('names in proper case', () => {
  it('do not change when they are written again', () => {
    fc.assert(
      fc.property(name, (text) => {
        const once = callForText('properCase', text, ['van', 'de']);
        expect(call('properCase', once, ['van', 'de'])).toBe(once);
      }),
    );
  });

  it.each([
    ["a 'ÆB", "a 'Æb"],
    ['VAN a', 'van A'],
    ["'t hooft", "'t Hooft"],
  ])('%s is %s, and stays so', (text, written) => {
    expect([text, written].map((one) => call('properCase', one, ['van', 'de']))).toEqual([written, written]);
  });
});

describe('text', () => {
  it('in ASCII is ASCII and does not change when it is transliterated again', () => {
    fc.assert(
      fc.property(name, languages, (text, language) => {
        const once = callForText('transliterate', text, language);
        expect(once).toMatch(/^[\0-\u007F]*$/);
        expect(call('transliterate', once, language)).toBe(once);
      }),
    );
  });

  it('without its table characters stays itself under NormalizeDiacritics, which is idempotent for all text', () => {
    fc.assert(
      fc.property(name, (text) => {
        const once = call('normalizeDiacritics', text);
        expect(call('normalizeDiacritics', once)).toBe(once);
      }),
    );
  });

  it('keeps only digits under $digits, and as many as it had', () => {
    fc.assert(
      fc.property(name, (text) => {
        const digits = callForText('digits', text);
        expect(digits).toMatch(/^[0-9]*$/);
        expect(digits.length).toBe([...text.matchAll(/\p{Nd}/gu)].length);
      }),
    );
  });
});

describe('random text', () => {
  it('has the stated length, every minimum, and none of the characters to avoid', () => {
    const small = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(small, small, small, small, fc.integer({ min: 1, max: 10 }), (numbers, specials, capitals, letters, more) => {
        const length = numbers + specials + capitals + letters + more;
        const text = callForText('randomString', length, numbers, specials, capitals, letters, 'a0A!');
        expect(text).toHaveLength(length);
        expect(text).not.toMatch(/[a0A!]/);
        const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
        expect(count(/[0-9]/g)).toBeGreaterThanOrEqual(numbers);
        expect(count(/[A-Z]/g)).toBeGreaterThanOrEqual(capitals);
        expect(count(/[a-z]/g)).toBeGreaterThanOrEqual(letters);
        expect(count(/[^0-9A-Za-z]/g)).toBeGreaterThanOrEqual(specials);
      }),
    );
  });
});

describe('the library and JSONata', () => {
  it('look up alike wherever JSONata’s own $lookup gives a value', async () => {
    const { default: jsonata } = await import('jsonata');
    const own = jsonata('$lookup(table, key)');
    const ours = jsonata('$lookup(table, key)');
    const { implementation, signature } = library['lookup'] ?? { implementation: () => undefined, signature: '<x:x>' };
    ours.registerFunction('lookup', implementation, signature);
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 }));
    const table = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value);
    await fc.assert(
      fc.asyncProperty(fc.oneof(table, fc.array(table, { maxLength: 3 })), fc.constantFrom('a', 'b', 'z'), async (data, key) => {
        const input = { table: data, key };
        expect(JSON.stringify(await ours.evaluate(input))).toBe(JSON.stringify(await own.evaluate(input)));
      }),
    );
  });
});
