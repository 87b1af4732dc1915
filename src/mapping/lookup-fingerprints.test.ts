import { expect, test } from 'vitest';
import type { LookupTable } from './lookup.ts';
import { readLookup } from './lookup.ts';
import { compareLookup, fingerprintLookup, isTooLarge, mostCells, type LookupDifference } from './lookup-fingerprints.ts';

const key = new Uint8Array(32).fill(7);

function tableOf(text: string): LookupTable {
  const place = { file: 'pipeline.yaml', line: 3, column: 3 };
  const { table } = readLookup({ name: 'staff', file: 'staff.csv', key: 'id', place }, () => Buffer.from(text));
  if (table === undefined) throw new Error('no table');
  return table;
}

const before = tableOf('id,name,room\n1,Mara Keller,A1\n2,Jon Ek,\n3,Ada Roth,C3\n');

/** As the state keeps them. */
function difference(text: string): LookupDifference {
  const table = tableOf(text);
  const kept: ReturnType<typeof fingerprintLookup> = JSON.parse(JSON.stringify(fingerprintLookup(before, key)));
  return compareLookup(kept, fingerprintLookup(table, key), table, key);
}

function told(text: string): object {
  const { came, changed, went } = difference(text);
  return { came: [...came], went, changed: Object.fromEntries([...changed].map(([id, columns]) => [id, [...columns]])) };
}

test('keys that came, that went, and the cells that are others', () => {
  expect(told('id,name,room\n4,Eva Lind,D4\n1,Mara Keller,A2\n3,Ada Roth,C3\n')).toEqual({
    came: ['4'],
    went: 1,
    changed: { 1: ['room'] },
  });
  expect(told('id,name,room\n2,Jon Ek,B2\n1,,\n3,Ada Roth,C3\n')).toEqual({
    came: [],
    went: 0,
    changed: { 1: ['name', 'room'], 2: ['room'] },
  });
  const { isGone } = difference('id,name,room\n1,Mara Keller,A1\n');
  expect(['1', '2', '3', '4', '2'].map(isGone)).toEqual([false, true, true, false, true]);
});

test('rows in another order, quotes and line ends are no difference', () => {
  expect(told('id,name,room\r\n3,"Ada Roth",C3\r\n2,Jon Ek,\r\n1,Mara Keller,A1\r\n')).toEqual({ came: [], went: 0, changed: {} });
});

test('a column that came or went changes the rows that say something in it, columns in another order change all', () => {
  expect(told('id,desk,name,room\n1,,Mara Keller,A1\n2,7,Jon Ek,\n3,,Ada Roth,C3\n')).toEqual({
    came: [],
    went: 0,
    changed: { 2: ['desk'] },
  });
  expect(told('id,name\n1,Mara Keller\n2,Jon Ek\n3,Ada Roth\n')).toEqual({ came: [], went: 0, changed: { 1: ['room'], 3: ['room'] } });
  expect(told('id,room,name\n1,A1,Mara Keller\n2,,Jon Ek\n3,C3,Ada Roth\n')).toEqual({
    came: [],
    went: 0,
    changed: { 1: [], 2: [], 3: [] },
  });
});

test('two tables that are made of the same characters are two tables', () => {
  const [one, other] = [tableOf('id,a,b\n1,23,4\n'), tableOf('id,a,b\n1,2,34\n')];
  expect(compareLookup(fingerprintLookup(one, key), fingerprintLookup(other, key), other, key).changed.size).toBe(1);
});

test('columns and keys may be called as members of every object are', () => {
  const [one, other] = [tableOf('id,x\n__proto__,1\n'), tableOf('id,constructor,__proto__,x\n__proto__,,,1\nconstructor,2,3,4\n')];
  const found = compareLookup(fingerprintLookup(one, key), fingerprintLookup(other, key), other, key);
  expect([...found.came, ...found.changed]).toEqual(['constructor']);
});

test('keep no value, and nothing that another key, row or column gives too', () => {
  const kept = fingerprintLookup(tableOf('id,name,room\n1,same,same\n2,same,same\n'), key);
  const text = JSON.stringify(kept);
  expect(text).not.toMatch(/same/);
  expect(new Set(text.match(/[0-9a-f]{16}/g)).size).toBe(6);
  expect(JSON.stringify(fingerprintLookup(before, new Uint8Array(32)))).not.toBe(JSON.stringify(fingerprintLookup(before, key)));
  // The order of the file is not in it either.
  expect(Object.keys(kept.rows)).toEqual(Object.keys(kept.rows).toSorted());
});

test('are not taken of a lookup that is too large', () => {
  const rows = Object.fromEntries(Array.from({ length: mostCells / 2 }, (_, id) => [String(id), {}]));
  expect(isTooLarge({ name: 'staff', columns: ['name'], rows, hash: '' })).toBe(false);
  expect(isTooLarge({ name: 'staff', columns: ['name'], rows: { ...rows, more: {} }, hash: '' })).toBe(true);
});
