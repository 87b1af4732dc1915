import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, type KeyOrder } from '../domain/row.ts';
import { RecordCursor } from './record-cursor.ts';
import { escapeKey, keyOfRecord } from './record.ts';

const order = fc.constantFrom<KeyOrder>('integer', 'bytes', 'utf16');
const strange = fc.string({
  unit: fc.constantFrom('0', '1', '9', '-', ' ', '~', '\\', '\n', 'é', '\u{ff}', '\u{e000}', '\u{10000}', '\u007f', '\u001f', 'a'),
  minLength: 1,
  maxLength: 3,
});
const number = fc.integer({ min: -30, max: 1200 }).map(String);
/** UTF-16 has them in another order than UTF-8. */
const foreign = fc.string({ unit: fc.constantFrom('\u{e000}', '\u{e001}', '\u{10000}', '\u{ffff}'), minLength: 1, maxLength: 2 });
const zeros = fc.constantFrom('00', '01', '09', '010', '0');
const key = fc.oneof(number, zeros, strange, foreign);

function sorted(by: KeyOrder, keys: readonly string[]): readonly string[] {
  const all = keys.toSorted((left, right) => compareKeys(by, left, right));
  return all.filter((one, index) => index === 0 || compareKeys(by, all[index - 1] ?? '', one) < 0);
}

/** On the record behind so many. */
async function opened(by: KeyOrder, keys: readonly string[], behind = 1): Promise<RecordCursor> {
  const text = [...keys.map((one) => `${'0'.repeat(16)}${escapeKey(one)}\n`), `end ${String(keys.length)}\n`].join('');
  const file = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(text));
  };
  const cursor = new RecordCursor(file(), by);
  for (let count = 0; count < behind; count++) {
    await cursor.look();
    cursor.take();
  }
  return cursor;
}

async function restOf(cursor: RecordCursor): Promise<readonly string[]> {
  const found: string[] = [];
  while (await cursor.look()) {
    found.push(keyOfRecord(cursor.bytes, cursor.start, cursor.end));
    cursor.take();
  }
  return found;
}

describe('going past records before a key', () => {
  test('passes none that is not before it, and the rest is there as if each had been looked at', async () => {
    await fc.assert(
      fc.asyncProperty(order, fc.array(key, { minLength: 2, maxLength: 40 }), key, fc.nat(), async (by, given, target, skipped) => {
        const keys = sorted(by, given);
        const behind = 1 + (skipped % keys.length);
        const cursor = await opened(by, keys, behind);
        const bytes = Buffer.from(escapeKey(target));
        const passed = cursor.passBefore(bytes, 0, bytes.length);
        for (const one of keys.slice(behind, behind + passed)) expect(compareKeys(by, one, target)).toBeLessThan(0);
        // To its end, with the count that the file says.
        expect(await restOf(cursor)).toEqual(keys.slice(behind + passed));
      }),
      { numRuns: 2000 },
    );
  });

  test('passes all of the same length that come before it', async () => {
    await fc.assert(
      fc.asyncProperty(order, fc.uniqueArray(fc.integer({ min: 100, max: 999 }), { minLength: 2 }), number, async (by, given, target) => {
        const keys = sorted(by, given.map(String));
        const cursor = await opened(by, keys);
        const bytes = Buffer.from(target);
        const before = keys.slice(1).filter((one) => compareKeys(by, one, target) < 0);
        const isNoNumber = by === 'integer' && (target.startsWith('-') || target === '0');
        expect(cursor.passBefore(bytes, 0, bytes.length)).toBe(isNoNumber ? 0 : before.length);
      }),
    );
  });

  test('takes two short records for no long one', async () => {
    const keys = ['a'.repeat(19), 'b', 'c', 'd'];
    const cursor = await opened('bytes', keys);
    cursor.passBefore(Buffer.from('z'), 0, 1);
    expect(await restOf(cursor)).toEqual(['b', 'c', 'd']);
  });

  test.each<[string, KeyOrder, readonly string[]]>([
    ['a key that comes again', 'bytes', ['100', '101', '101', '102']],
    ['a key before the one that it follows', 'bytes', ['100', '102', '101', '103']],
    ['a number before the one that it follows', 'integer', ['100', '102', '101', '103']],
    ['a key that belongs before half a surrogate pair', 'utf16', ['!', '\ud800', 'aaaaa', 'bbbbb']],
    ['a number with a zero before it', 'integer', ['100', '101', '099', '103']],
  ])('leaves %s to be found', async (_what, by, keys) => {
    const cursor = await opened(by, keys, keys[0] === '!' ? 2 : 1);
    const target = Buffer.from(by === 'utf16' ? 'zzzzz' : '105');
    cursor.passBefore(target, 0, target.length);
    await expect(restOf(cursor)).rejects.toMatchObject({ code: 'SRC-401' });
  });
});
