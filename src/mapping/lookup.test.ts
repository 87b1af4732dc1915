import { expect, test } from 'vitest';
import { formatPlace } from '../domain/place.ts';
import { readLookup } from './lookup.ts';

const place = { file: 'pipeline.yaml', line: 3, column: 3 };
const declaration = { name: 'country', file: 'country.csv', key: 'code', place };

function read(content: string | Uint8Array): { rows?: object; told: readonly string[] } {
  const { table, diagnostics } = readLookup(declaration, () => (typeof content === 'string' ? new TextEncoder().encode(content) : content));
  const told = diagnostics.map((one) => `${one.code} ${one.place === undefined ? '' : formatPlace(one.place)} ${one.message}`);
  return { ...(table === undefined ? {} : { rows: table.rows }), told };
}

test('a lookup is read by key, with or without byte order mark, and empty cells are nothing', () => {
  const expected = { rows: { DE: { name: 'Germany, Federal Republic' }, GB: { name: 'United\nKingdom', old: 'UK' } }, told: [] };
  const text = 'code,name,old\nDE,"Germany, Federal Republic",\nGB,"United\nKingdom",UK\n';
  expect(read(text)).toEqual(expected);
  expect(read(`\uFEFF${text.replaceAll('\n', '\r\n').replace('United\r\n', 'United\n')}`)).toEqual(expected);
});

test('names of JavaScript are no keys, and can be', () => {
  expect(Reflect.get(read('code,name\nDE,x\n').rows ?? {}, 'constructor')).toBeUndefined();
  expect(read('code,name\n__proto__,x\nconstructor,y\n').rows).toHaveProperty(['constructor'], { name: 'y' });
});

test('a key that occurs twice is told with both lines', () => {
  expect(read('code,name\nDE,"a\nb"\nGB,c\nDE,d\n').told).toEqual([
    'MAP-104 country.csv:5:1 lookup country: code "DE" stands on line 2 already',
  ]);
});

test.each([
  [
    'a missing key column',
    'iso,name\nDE,x\n',
    'MAP-103 country.csv:1:1 lookup country: there is no column "code"; the heading has iso, name',
  ],
  ['an empty file', '', 'MAP-103 country.csv:1:1 lookup country: there is no column "code"; the heading has no columns'],
  ['a column that stands twice', 'code,a,a\nDE,x,y\n', 'MAP-102 country.csv:1:1 lookup country: the heading has two columns "a"'],
  ['a row without key', 'code,name\nDE,x\n,y\n', 'MAP-105 country.csv:3:1 lookup country: the row has no code'],
  ['a short row', 'code,name\nDE\n', 'MAP-102 country.csv:2:1 lookup country: the row has 1 values, the heading 2'],
])('%s is told with its line', (_, content, message) => {
  expect(read(content).told).toEqual([message]);
});

test('an open quote is told', () => {
  expect(read('code,name\nDE,"x\n').told).toEqual([expect.stringMatching(/^MAP-102 country\.csv:\d:1 lookup country: /)]);
});

test('other encodings are refused instead of read wrongly', () => {
  expect(read(new Uint8Array([0xff, 0xfe, 0x63, 0x00])).told).toEqual([
    'MAP-106 country.csv:1:1 lookup country: it is UTF-16; save it as UTF-8',
  ]);
  expect(read(new Uint8Array([0x63, 0xfc, 0x0a])).told).toEqual([
    'MAP-106 country.csv:1:2 lookup country: it is not UTF-8; save it as UTF-8',
  ]);
});

test('a file that cannot be read is told at the place that names it', () => {
  const { diagnostics } = readLookup(declaration, () => {
    throw new Error('no such file');
  });
  expect(diagnostics).toEqual([{ code: 'MAP-101', severity: 'error', message: 'lookup country: no such file', place }]);
});
