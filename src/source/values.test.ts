import { describe, expect, test } from 'vitest';
import type { ColumnType } from '../pipeline/pipeline.ts';
import type { FamilyName } from './type-families.ts';
import { createConverter, typeInExpression } from './values.ts';

const types: readonly ColumnType[] = ['string', 'integer', 'number', 'decimal', 'boolean', 'date', 'datetime', 'json'];
/** A value as the database writes it. */
const written = {
  boolean: 't',
  integer: '7',
  bigint: '7',
  decimal: '7.0',
  money: '7',
  float: '7.5',
  text: 'x',
  padded: 'x ',
  uuid: '8D1F0C4E-5F0B-4C57-9A3E-2F3B9D6C7A10',
  date: '2026-11-22',
  timestamp: '2026-11-22 00:00:00',
  timestamptz: '2026-11-22 08:00:00+00',
  time: '08:00:00',
  interval: 'P1Y',
  json: '[1]',
  bytes: String.raw`\x00`,
  other: 'x',
} as const satisfies Readonly<Record<Exclude<FamilyName, 'array'>, string>>;

const isFamily = (name: string): name is keyof typeof written => name in written;

const forms: Readonly<Record<ColumnType, RegExp>> = {
  string: /^"/,
  integer: /^-?\d+$/,
  number: /^-?\d+(?:\.\d+)?$/,
  decimal: /^"-?\d+(?:\.\d+)?"$/,
  boolean: /^(?:true|false)$/,
  date: /^"\d{4}-\d\d-\d\d"$/,
  datetime: /^"\d{4}-\d\d-\d\dT/,
  json: /^\[/,
};

describe('the type that is told of a column', () => {
  test.each(Object.keys(written).filter(isFamily))('is the type that its values have, whatever it is declared as: %s', (family) => {
    for (const declared of [undefined, ...types]) {
      const value = createConverter(family, declared)(written[family]);
      expect(JSON.stringify(value), `declared ${String(declared)}`).toMatch(forms[typeInExpression(family, declared)]);
    }
  });

  test('is no number where there is none: what is infinite has not too many digits', () => {
    for (const text of ['NaN', 'Infinity', '-Infinity'])
      expect(() => createConverter('decimal', 'number')(text)).toThrow('is NaN or infinite, which JSON cannot hold');
  });

  test('is text for everything that is declared as text', () => {
    for (const family of [...Object.keys(written).filter(isFamily), 'array' as const])
      expect(typeInExpression(family, 'string')).toBe('string');
  });
});
