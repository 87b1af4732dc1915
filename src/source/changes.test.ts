import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, type KeyOrder, type Row } from '../domain/row.ts';
import { mergeChanges, type ChangeChunk, type Comparison } from './changes.ts';
import { readFingerprints, readRecords, writeFingerprints, writeRecords, type FingerprintHeader } from './fingerprint-file.ts';
import { groupRows } from './groups.ts';
import { packRows, type PackedRows } from './packed.ts';
import type { KeyFingerprint } from './record.ts';

const order = fc.constantFrom<KeyOrder>('integer', 'bytes', 'utf16');
const fingerprint = fc.bigInt({ min: 0n, max: 3n }).map((value) => value.toString(16).padStart(16, '0'));
const wild = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', '\\', '\n', '\r', '\u{e000}', '\u{10000}', '7', '-', 'é', '\ud800'),
  minLength: 1,
  maxLength: 4,
});
const key = fc.oneof(fc.integer({ min: -50, max: 50 }).map(String), wild);
const sizes = fc.infiniteStream(fc.integer({ min: 1, max: 5 }));

async function* inChunks<T>(items: readonly T[], take: Iterator<number>): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length;) {
    const size: number = take.next().value;
    yield items.slice(at, at + size);
    at += size;
  }
}

async function* fromArray<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function sortKeys<T extends { readonly key?: string | undefined }>(by: KeyOrder, items: readonly T[]): T[] {
  return items.toSorted((a, b) => (a.key === undefined || b.key === undefined ? 0 : compareKeys(by, a.key, b.key)));
}

const row = (ordinal: number, of: { key: string | undefined; fingerprint: string }): Row => ({ ...of, ordinal, values: {} });

/** As a source gives them: of a block nothing can be asked any more once the next one is. `told`: blocks say of themselves whether they are in this order. */
async function* packed(chunks: AsyncIterable<readonly Row[]>, told?: KeyOrder): AsyncGenerator<PackedRows> {
  for await (const rows of chunks) {
    const block = packRows(rows);
    let isGone = false;
    const rowOf = (index: number): Row => {
      if (isGone) throw new Error(`row ${String(index)} of a block that is gone`);
      return block.row(index);
    };
    const inOrder = (by: KeyOrder): boolean =>
      rows.every(({ key: of }, index) => {
        const before = rows[index - 1]?.key;
        return of !== undefined && (before === undefined || compareKeys(by, before, of) < 0);
      });
    yield { ...block, row: rowOf, ascending: told !== undefined && inOrder(told) ? told : undefined };
    isGone = true;
  }
}

async function* cutBytes(bytes: Uint8Array, take: Iterator<number>): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const size: number = take.next().value;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe('groupRows', () => {
  test('joins the rows of each key, whatever the chunks, and loses none', async () => {
    await fc.assert(
      fc.asyncProperty(order, fc.array(fc.record({ key, fingerprint })), sizes, async (by, drafts, take) => {
        const rows = sortKeys(by, drafts).map((draft, index) => row(index + 1, draft));
        const groups = (await collect(groupRows(inChunks(rows, take), by))).flatMap((chunk) => chunk.groups);
        const naive = new Map<string | undefined, Row[]>();
        for (const each of rows) naive.set(each.key, [...(naive.get(each.key) ?? []), each]);
        expect(groups.map((group) => group.key)).toEqual([...naive.keys()]);
        for (const group of groups) {
          expect(new Set(group.rows)).toEqual(new Set(naive.get(group.key)));
          expect(group.rows.length > 1 || group.fingerprint === group.rows[0]?.fingerprint).toBe(true);
        }
      }),
    );
  });

  test('gives a group one fingerprint, in whatever order the database returns its rows', async () => {
    const of = async (fingerprints: readonly string[]): Promise<string | undefined> => {
      const rows = fingerprints.map((each, index) => row(index + 1, { key: 'k', fingerprint: each }));
      return (await collect(groupRows(inChunks(rows, [1, 1, 1, 1][Symbol.iterator]()), 'bytes'))).flatMap(({ groups }) => groups)[0]
        ?.fingerprint;
    };
    const a = '000000000000000a';
    const b = '000000000000000b';
    expect(await of([a, b])).toBe(await of([b, a]));
    expect(await of([a, b])).not.toBe(await of([a, a, b]));
    expect(await of([a, b])).not.toBe(await of([a, a]));
  });

  test('hands keyless rows on beside the groups', async () => {
    const rows = [
      row(1, { key: 'a', fingerprint: '0' }),
      row(2, { key: undefined, fingerprint: '1' }),
      row(3, { key: 'a', fingerprint: '2' }),
    ];
    const chunks = await collect(groupRows(inChunks(rows, [3][Symbol.iterator]()), 'bytes'));
    expect(chunks.flatMap(({ keyless }) => keyless.map(({ ordinal }) => ordinal))).toEqual([2]);
    expect(chunks.flatMap(({ groups }) => groups.map((group) => group.rows.length))).toEqual([2]);
  });

  test('refuses a key that is smaller than the one before', async () => {
    const rows = [row(1, { key: '10', fingerprint: '0' }), row(2, { key: '9', fingerprint: '1' })];
    await expect(collect(groupRows(inChunks(rows, [2][Symbol.iterator]()), 'integer'))).rejects.toMatchObject({ code: 'SRC-301' });
    await expect(collect(groupRows(inChunks(rows, [2][Symbol.iterator]()), 'bytes'))).resolves.toHaveLength(2);
  });

  test('refuses a key with more rows than a worker can have', async () => {
    const rows = Array.from({ length: 10_001 }, (_each, index) => row(index + 1, { key: 'same', fingerprint: '0' }));
    await expect(collect(groupRows(inChunks(rows, [20_000][Symbol.iterator]()), 'bytes'))).rejects.toMatchObject({ code: 'SRC-302' });
  });
});

describe('mergeChanges', () => {
  const records = fc.uniqueArray(fc.record({ key, fingerprint }), { selector: (each) => each.key });

  const merge = async (
    rows: readonly Row[],
    takeRows: Iterator<number>,
    before: readonly KeyFingerprint[],
    takeBytes: Iterator<number>,
    comparison: Comparison,
  ): Promise<ChangeChunk[]> => {
    const bytes = Buffer.concat(await collect(writeRecords(inChunks(before, [1000][Symbol.iterator]()))));
    return collect(mergeChanges(packed(inChunks(rows, takeRows)), cutBytes(bytes, takeBytes), comparison));
  };
  const recordsOf = (chunks: readonly ChangeChunk[]): string =>
    Buffer.concat(chunks.flatMap(({ records: pieces }) => pieces.map(({ bytes }) => bytes))).toString();
  const written = async (all: readonly KeyFingerprint[]): Promise<string> =>
    Buffer.concat(await collect(writeRecords(inChunks(all, [1000][Symbol.iterator]()))))
      .toString()
      .replace(/end \d+\n$/, '');

  test('finds what a map of keys finds', async () => {
    await fc.assert(
      fc.asyncProperty(order, records, records, sizes, sizes, async (by, was, is, takeWas, takeIs) => {
        const before = sortKeys<KeyFingerprint>(by, was);
        const rows = sortKeys(by, is).map((draft, index) => row(index + 1, draft));
        const chunks = await merge(rows, takeIs, before, takeWas, { order: by });
        const known = new Map(was.map((each) => [each.key, each.fingerprint]));
        const keys = new Set(is.map((each) => each.key));
        expect(chunks.flatMap(({ groups }) => groups.map((group) => [group.key, group.previous]))).toEqual(
          rows.filter((each) => known.get(each.key ?? '') !== each.fingerprint).map((each) => [each.key, known.get(each.key ?? '')]),
        );
        expect(chunks.flatMap(({ vanished }) => vanished)).toEqual(before.filter((each) => !keys.has(each.key)).map((each) => each.key));
        expect(chunks.reduce((sum, chunk) => sum + chunk.rows, 0)).toBe(is.length);
        expect(recordsOf(chunks)).toBe(await written(sortKeys<KeyFingerprint>(by, is)));
      }),
    );
  });

  test('gives who is asked for, or everybody, though nothing differs, and keeps what a partial read leaves out', async () => {
    await fc.assert(
      fc.asyncProperty(
        order,
        records,
        fc.array(fc.boolean(), { minLength: 50, maxLength: 50 }),
        sizes,
        sizes,
        async (by, was, picks, take, cut) => {
          const before = sortKeys<KeyFingerprint>(by, was);
          const read = before.filter((_each, index) => picks[index % 50] === true);
          const rows = read.map((draft, index) => row(index + 1, draft));
          const asked = before.filter((_each, index) => index % 3 === 0).map((each) => each.key);
          const chunks = await merge(rows, take, before, cut, { order: by, partial: true, asked });
          expect(chunks.flatMap(({ groups }) => groups.map((group) => group.key))).toEqual(
            read.map((each) => each.key).filter((each) => asked.includes(each)),
          );
          expect(chunks.flatMap(({ vanished }) => vanished)).toEqual([]);
          expect(recordsOf(chunks)).toBe(await written(before));
          const all = await merge(rows, take, before, cut, { order: by, everybody: true });
          expect(all.flatMap(({ groups }) => groups.map((group) => group.key))).toEqual(read.map((each) => each.key));
          const told: (string | undefined)[] = [];
          const spares = (each: Row): boolean => {
            told.push(each.key);
            return each.ordinal % 2 === 0;
          };
          const moved = rows.map((each) => (each.ordinal % 5 === 0 ? { ...each, fingerprint: 'f'.repeat(16) } : each));
          const some = await merge(moved, take, before, cut, { order: by, everybody: true, spares, asked });
          const isSpared = ({ key: of, ordinal }: Row): boolean => ordinal % 2 === 0 && ordinal % 5 !== 0 && !asked.includes(of ?? '');
          expect(
            some.flatMap(({ groups }) => groups.map((group) => [group.key, group.previous, group.fingerprint, group.isAsked])),
          ).toEqual(
            moved
              .filter((each) => !isSpared(each))
              .map((each) => [each.key, read[each.ordinal - 1]?.fingerprint, each.fingerprint, asked.includes(each.key ?? '')]),
          );
          expect(recordsOf(some)).toBe(await written(moved.map(({ key: of = '', fingerprint: hash }) => ({ key: of, fingerprint: hash }))));
          // Only of who is as he was and nobody asked for, and once: who counts relies on it.
          expect(told).toEqual(
            moved.filter(({ ordinal, key: of }) => ordinal % 5 !== 0 && !asked.includes(of ?? '')).map((each) => each.key),
          );
        },
      ),
    );
  });

  test('comes to the same for blocks that tell of their order, of which many rows are compared at once', async () => {
    const moves = fc.array(
      fc.record({ at: fc.nat(299), what: fc.constantFrom('changed', 'gone', 'twice', 'keyless', 'new', 'asked', 'askedNew') }),
      { maxLength: 12 },
    );
    const many = fc.infiniteStream(fc.integer({ min: 1, max: 90 }));
    const bytes = fc.infiniteStream(fc.integer({ min: 1, max: 700 }));
    await fc.assert(
      fc.asyncProperty(order, moves, many, bytes, fc.boolean(), async (by, moved, take, cut, partial) => {
        const keys = Array.from({ length: 300 }, (_each, index) => ({ key: `${String(index + 100)}0`, fingerprint: '0'.repeat(16) }));
        const before = sortKeys<KeyFingerprint>(by, keys);
        const asked: string[] = [];
        const rows = before.flatMap((each, index) => {
          const found: { key: string | undefined; fingerprint: string }[] = [each];
          for (const { what } of moved.filter(({ at }) => at === index)) {
            if (what === 'changed') found[0] = { ...each, fingerprint: 'f'.repeat(16) };
            if (what === 'gone') found.shift();
            if (what === 'twice') found.push(each);
            if (what === 'keyless') found.push({ ...each, key: undefined });
            if (what === 'new') found.push({ ...each, key: `${each.key.slice(0, -1)}5` });
            if (what === 'asked') asked.push(each.key);
            if (what === 'askedNew') asked.push(`${each.key.slice(0, -1)}5`);
          }
          return sortKeys(by, found);
        });
        const read = rows.map((each, index) => row(index + 1, each));
        const parts = await collect(inChunks(read, take));
        const file = Buffer.concat(await collect(writeRecords(inChunks(before, [1000][Symbol.iterator]()))));
        const pieces = await collect(cutBytes(file, cut));
        const outcome = async (told: KeyOrder | undefined): Promise<unknown> => {
          const chunks = await collect(mergeChanges(packed(fromArray(parts), told), fromArray(pieces), { order: by, partial, asked }));
          return {
            groups: chunks.flatMap(({ groups }) => groups.map((group) => [group.key, group.previous, group.isAsked, group.rows.length])),
            vanished: chunks.flatMap(({ vanished }) => vanished),
            keyless: chunks.flatMap(({ keyless }) => keyless.map(({ ordinal }) => ordinal)),
            rows: chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
            count: chunks.flatMap((chunk) => chunk.records.map(({ count }) => count)).reduce((sum, count) => sum + count, 0),
            records: recordsOf(chunks),
          };
        };
        expect(await outcome(by)).toEqual(await outcome(undefined));
      }),
    );
  });

  describe('a few rows among many records', () => {
    const number = fc.integer({ min: 0, max: 5000 }).map(String);
    const strange = fc.constantFrom('-7', '007', '70', '7 ', 'a\\b', 'a\nb', 'é', '\u{e000}', '\u{10000}', '~', '!', 'zz');
    const many = fc.uniqueArray(
      fc.record({ key: fc.oneof({ weight: 12, arbitrary: number }, { weight: 1, arbitrary: strange }), fingerprint }),
      { selector: (each) => each.key, minLength: 60, maxLength: 200 },
    );
    const few = fc.array(fc.record({ at: fc.nat(250), what: fc.constantFrom('same', 'changed', 'new', 'gone') }), { maxLength: 8 });
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 3000 }));

    test('are found where a map finds them, and what lies between stays as it was', async () => {
      await fc.assert(
        fc.asyncProperty(order, many, few, sizes, cuts, async (by, was, moved, take, cut) => {
          const before = sortKeys<KeyFingerprint>(by, was);
          const known = new Map(before.map((each) => [each.key, each.fingerprint]));
          const read = new Map<string, string>();
          const gone = new Set<string>();
          for (const { at, what } of moved) {
            const { key: of = '', fingerprint: old = '' } = before[at % before.length] ?? {};
            if (what === 'gone') gone.add(of);
            else if (what === 'new') read.set(`${of}1`, 'e'.repeat(16));
            else read.set(of, what === 'same' ? old : 'f'.repeat(16));
          }
          for (const of of read.keys()) gone.delete(of);
          const rows = sortKeys(
            by,
            [...read].map(([of, hash]) => ({ key: of, fingerprint: hash })),
          ).map((each, index) => row(index + 1, each));
          const chunks = await merge(rows, take, before, cut, { order: by, partial: true, gone });
          expect(chunks.flatMap(({ groups }) => groups.map((group) => [group.key, group.previous]))).toEqual(
            rows.filter(({ key: of = '', fingerprint: hash }) => known.get(of) !== hash).map(({ key: of = '' }) => [of, known.get(of)]),
          );
          const after = new Map([...known, ...read]);
          for (const of of gone) after.delete(of);
          expect(recordsOf(chunks)).toBe(
            await written(
              sortKeys<KeyFingerprint>(
                by,
                [...after].map(([of, hash]) => ({ key: of, fingerprint: hash })),
              ),
            ),
          );
          expect(chunks.flatMap((chunk) => chunk.records.map(({ count }) => count)).reduce((sum, count) => sum + count, 0)).toBe(
            after.size,
          );
        }),
        { numRuns: 300 },
      );
    });

    test('do not hide damage of the records that are gone past', async () => {
      const damages = ['swapped', 'twice', 'no hex', 'no line feed', 'short'] as const;
      await fc.assert(
        fc.asyncProperty(order, fc.nat(97), fc.constantFrom(...damages), cuts, async (by, at, damage, cut) => {
          const before = Array.from({ length: 100 }, (_each, index) => ({ key: String(index + 100), fingerprint: '0'.repeat(16) }));
          const lines = (await written(before)).split(/(?<=\n)/);
          const [one = '', other = ''] = lines.slice(at);
          const broken: Readonly<Record<(typeof damages)[number], readonly string[]>> = {
            swapped: [other, one],
            twice: [one, one, other],
            'no hex': [`G${one.slice(1)}`, other],
            'no line feed': [one.trimEnd(), other],
            short: [one, other.slice(0, 8)],
          };
          const file = [...lines.slice(0, at), ...broken[damage], ...lines.slice(at + 2), 'end 100\n'].join('');
          const ends = packed(fromArray([['100', '199'].map((of, index) => row(index + 1, { key: of, fingerprint: 'f'.repeat(16) }))]));
          const merged = mergeChanges(ends, cutBytes(Buffer.from(file), cut), { order: by, partial: true });
          await expect(collect(merged)).rejects.toMatchObject({ code: 'SRC-401' });
        }),
      );
    });
  });

  test('joins the rows of a key across parts and compares them as one', async () => {
    const of = (name: string | undefined, hash: string, ordinal: number): Row =>
      row(ordinal, { key: name, fingerprint: hash.padStart(16, '0') });
    const rows = [of('a', '1', 1), of('a', '2', 2), of(undefined, '9', 3), of('a', '3', 4), of('b', '4', 5)];
    const turned = [of('a', '3', 1), of('a', '1', 2), of('a', '2', 3), of('b', '4', 4)];
    const first = await merge(rows, [1, 1, 1, 1, 1][Symbol.iterator](), [], [100][Symbol.iterator](), { order: 'bytes' });
    expect(first.flatMap(({ groups }) => groups.map((group) => [group.key, group.rows.length]))).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(first.flatMap(({ keyless }) => keyless.map(({ ordinal }) => ordinal))).toEqual([3]);
    const before = Buffer.from(`${recordsOf(first)}end 2\n`);
    const again = await collect(
      mergeChanges(packed(inChunks(turned, [9][Symbol.iterator]())), cutBytes(before, [7, 7, 7, 7, 99][Symbol.iterator]()), {
        order: 'bytes',
      }),
    );
    expect(again.flatMap(({ groups }) => groups)).toEqual([]);
    expect(recordsOf(again)).toBe(recordsOf(first));
  });

  test('refuses a key that is smaller than the one before, and one of too many rows', async () => {
    const rows = [row(1, { key: '10', fingerprint: '0'.repeat(16) }), row(2, { key: '9', fingerprint: '1'.repeat(16) })];
    const one = (): Iterator<number> => [1, 1][Symbol.iterator]();
    await expect(merge(rows, one(), [], one(), { order: 'integer' })).rejects.toMatchObject({ code: 'SRC-301' });
    await expect(merge(rows, one(), [], [100][Symbol.iterator](), { order: 'bytes' })).resolves.toBeDefined();
    const many = Array.from({ length: 10_001 }, (_each, index) => row(index + 1, { key: 'same', fingerprint: '0'.repeat(16) }));
    await expect(merge(many, [20_000][Symbol.iterator](), [], [100][Symbol.iterator](), { order: 'bytes' })).rejects.toMatchObject({
      code: 'SRC-302',
    });
  });

  test('closes both sides when the consumer leaves early', async () => {
    const closed: string[] = [];
    async function* endless(name: string): AsyncGenerator<readonly Row[]> {
      try {
        for (let ordinal = 1; ; ordinal++) yield [row(ordinal, { key: String(ordinal), fingerprint: name.padStart(16, '0') })];
      } finally {
        closed.push(name);
      }
    }
    async function* previous(): AsyncGenerator<Uint8Array> {
      for await (const rows of endless('a')) yield packRows(rows).records;
    }
    let seen = 0;
    for await (const { groups } of mergeChanges(packed(endless('b')), previous(), { order: 'integer' })) {
      seen += groups.length;
      if (seen > 3) break;
    }
    expect(closed.toSorted()).toEqual(['a', 'b']);
  });
});

describe('the fingerprint file', () => {
  const header: FingerprintHeader = { run: '20261122T080000Z-1f3a', order: 'bytes', mapping: 'ab'.repeat(32) };
  async function* pieces(records: readonly KeyFingerprint[]): AsyncGenerator<{ bytes: Uint8Array; count: number }> {
    for await (const chunk of inChunks(records, [3, 1, 50, 1000][Symbol.iterator]()))
      yield { bytes: packRows(chunk.map((each, index) => row(index, each))).records, count: chunk.length };
  }
  const bytesOf = async (of: FingerprintHeader, records: readonly KeyFingerprint[]): Promise<Buffer> =>
    Buffer.concat((await collect(writeFingerprints(of, pieces(records)))).map((part) => Buffer.from(part)));
  const whole = (bytes: Uint8Array): AsyncGenerator<Uint8Array> => cutBytes(bytes, [bytes.length][Symbol.iterator]());
  const readAll = async (bytes: AsyncIterable<Uint8Array>): Promise<unknown> => collect(readRecords(await readFingerprints(bytes)));

  test('reads back what was written, however the bytes are cut', async () => {
    const records = fc.uniqueArray(fc.record({ key, fingerprint }), { selector: (each) => each.key, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(order, records, sizes, async (by, drafts, take) => {
        const sorted = sortKeys(by, drafts);
        const bytes = await bytesOf({ ...header, order: by }, sorted);
        const file = await readFingerprints(cutBytes(bytes, take));
        expect(file.header).toEqual({ ...header, order: by });
        expect(await collect(readRecords(file))).toEqual(sorted);
      }),
    );
  });

  test('knows a file that was cut short anywhere', async () => {
    const bytes = await bytesOf(header, [
      { key: 'a', fingerprint: '0'.repeat(16) },
      { key: 'b', fingerprint: '1'.repeat(16) },
    ]);
    for (let length = 0; length < bytes.length; length++) {
      await expect(readAll(whole(bytes.subarray(0, length)))).rejects.toMatchObject({ code: 'SRC-401' });
    }
  });

  test.each([
    ['a line that is none', 'zz', 'none after 0 keys'],
    ['keys out of order', `${'0'.repeat(16)}b\n${'0'.repeat(16)}a`, 'out of order after 1 keys'],
    ['a key twice', `${'0'.repeat(16)}a\n${'0'.repeat(16)}a`, 'out of order after 1 keys'],
    ['another count', `${'0'.repeat(16)}a\nend 2`, 'another number of keys'],
    ['lines behind the end', `end 0\n${'0'.repeat(16)}a`, 'behind its end'],
  ])('refuses %s', async (_what, lines, message) => {
    const [head = ''] = (await bytesOf(header, [])).toString().split('\n');
    await expect(readAll(whole(Buffer.from(`${head}\n${lines}\n`)))).rejects.toMatchObject({
      code: 'SRC-401',
      message: expect.stringContaining(message),
    });
  });

  test('refuses a header of another version', async () => {
    await expect(readAll(whole(Buffer.from('{"joinery":"fingerprints","version":2}\nend 0\n')))).rejects.toMatchObject({ code: 'SRC-401' });
  });
});

test('a file without a header is closed, for nobody is given it to close', async () => {
  let isOpen = true;
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => Promise.resolve({ done: false, value: Buffer.from('no header\n') }),
    return: () => {
      isOpen = false;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  await expect(readFingerprints({ [Symbol.asyncIterator]: () => iterator })).rejects.toMatchObject({ code: 'SRC-401' });
  expect(isOpen).toBe(false);
});
