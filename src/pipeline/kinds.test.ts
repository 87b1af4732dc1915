import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';
import { parseDuration } from './kinds.ts';
import { scanExpression } from './expression-scan.ts';

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['14d', 1_209_600_000],
    ['2w', 1_209_600_000],
    ['1d12h', 129_600_000],
    ['250ms', 250],
    ['PT24H', 86_400_000],
    ['P14D', 1_209_600_000],
    ['P1DT30M', 88_200_000],
    ['P2W', 1_209_600_000],
  ])('reads %s', (written, milliseconds) => {
    expect(parseDuration(written)).toBe(milliseconds);
  });

  it.each(['', '14', 'P', 'PT', 'P1M', 'P1Y', '1.5h', '-1d', '14 d', '1month', 'PT1D'])('refuses %j', (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });
});

describe('nearestName', () => {
  it.each([
    ['timezon', 'timezone'],
    ['Type', 'type'],
    ['tpye', 'type'],
    ['colums', 'columns'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearestName(name, ['pipeline', 'timezone', 'type', 'columns'])).toBe(meant);
  });

  it('proposes nothing for a name that resembles none', () => {
    expect(nearestName('password', ['client', 'secret', 'certificate'])).toBeUndefined();
  });

  it('finds a name that is there', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (name) => name.toLowerCase() }), (names) => {
        for (const name of names) expect(nearestName(name, names)).toBe(name);
      }),
    );
  });
});

describe('scanExpression', () => {
  it.each([
    'a & "b)"',
    "'(' & b",
    '`a (b`',
    '/[(]/ ~> $f',
    '$match(a, /\\//)',
    'a / b',
    '(a) / 2 /* ( */',
    'x and /a(/',
    '** [1]',
    '%.a / 2',
  ])('sees that %s is closed', (text) => {
    expect(scanExpression(text)).toEqual({ end: text.length, balanced: true });
  });

  it.each(['$given & "', '(a', 'a[1', '{"a": 1', '`a', '/* a', 'a)', '(a]'])('sees that %s is not', (text) => {
    expect(scanExpression(text).balanced).toBe(false);
  });
});
