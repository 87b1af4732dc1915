import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, type KeyOrder, type Row } from '../domain/row.ts';
import { mergeChanges, type ChangeChunk } from './changes.ts';
import type { VersionedRead } from './contract.ts';
import { noRecords, writeRecords, type RecordPiece } from './fingerprint-file.ts';
import { packRows, type PackedRows } from './packed.ts';
import type { KeyFingerprint } from './record.ts';
import { compareVersions, keepVersions, mergeMoved, movedGroundOf, type VersionChanges } from './version-changes.ts';

/** A row as it lies in the table: `content` is what the pipeline reads, place and writer are its version. */
interface Lying {
  readonly key: string | undefined;
  readonly content: number;
  readonly place: number;
  readonly writer: number;
}

const order = fc.constantFrom<KeyOrder>('integer', 'bytes', 'utf16');
const hash = (value: number): string => value.toString(16).padStart(16, '0');

/** What HR does between two runs. Every write of a row has a writer that no row had before. */
const write = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.integer({ min: 0, max: 12 }), content: fc.nat({ max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('add' as const), key: fc.integer({ min: 0, max: 12 }), content: fc.nat({ max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('keyless' as const), key: fc.constant(-1), content: fc.nat({ max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.integer({ min: 0, max: 12 }), content: fc.constant(0) }),
  },
);

/** A table whose freed places are used again. */
class Heap {
  readonly rows = new Map<number, Lying>();
  #writer = 0;

  do({ kind, key, content }: { kind: 'put' | 'add' | 'keyless' | 'delete'; key: number; content: number }): void {
    this.#writer++;
    const own = [...this.rows.values()].filter((row) => row.key === String(key));
    if (kind === 'delete') for (const { place } of own) this.rows.delete(place);
    else if (kind === 'put' && own.length > 0) {
      for (const { place } of own.slice(0, 1)) this.rows.delete(place);
      this.#add(String(key), content);
    } else this.#add(kind === 'keyless' ? undefined : String(key), content);
  }

  #add(key: string | undefined, content: number): void {
    let place = 0;
    while (this.rows.has(place)) place++;
    this.rows.set(place, { key, content, place, writer: this.#writer });
  }

  inOrder(by: KeyOrder): readonly Lying[] {
    return [...this.rows.values()].toSorted((a, b) =>
      a.key === undefined || b.key === undefined
        ? (a.key === undefined ? 1 : 0) - (b.key === undefined ? 1 : 0)
        : compareKeys(by, a.key, b.key),
    );
  }
}

async function* blocks(rows: readonly Row[], size: number): AsyncGenerator<PackedRows> {
  for (let at = 0; at < rows.length; at += size) yield await Promise.resolve(packRows(rows.slice(at, at + size)));
}

const contentOf = ({ key, content }: Lying, index: number): Row => ({ key, fingerprint: hash(content), ordinal: index + 1, values: {} });

/** A moment of the heap. */
function reading(heap: Heap, by: KeyOrder, size: number): Pick<VersionedRead, 'versions' | 'placeOf' | 'at' | 'all'> {
  const lying = heap.inOrder(by);
  return {
    versions: () =>
      blocks(
        lying.map(({ key, place, writer }, index) => ({
          key,
          fingerprint: hash(writer * 1000 + place),
          ordinal: index + 1,
          values: { place },
        })),
        size,
      ),
    placeOf: ({ values: { place = null } }) => JSON.stringify(place),
    at: (places) => blocks(lying.filter(({ place }) => places.includes(String(place))).map(contentOf), size),
    all: () => blocks(lying.map(contentOf), size),
  };
}

interface Found {
  readonly groups: readonly unknown[];
  readonly vanished: readonly string[];
  readonly keyless: number;
  readonly rows: number;
  readonly records: string;
}

async function sum(chunks: AsyncIterable<ChangeChunk>): Promise<Found> {
  const found = { groups: [] as unknown[], vanished: [] as string[], keyless: 0, rows: 0, records: '' };
  for await (const chunk of chunks) {
    for (const { key, fingerprint, previous, isAsked, rows } of chunk.groups)
      found.groups.push({ key, fingerprint, previous, isAsked, rows: rows.map((row) => row.fingerprint) });
    found.vanished.push(...chunk.vanished);
    found.keyless += chunk.keyless.length;
    found.rows += chunk.rows;
    for (const { bytes } of chunk.records) found.records += Buffer.from(bytes).toString('utf8');
  }
  return found;
}

/** The body of a file that holds these records. */
function bodyOf(records: string): AsyncIterable<Uint8Array> {
  const lines = records.split('\n').filter((line) => line !== '');
  const parsed = lines.map((line): KeyFingerprint => ({ fingerprint: line.slice(0, 16), key: line.slice(16) }));
  return writeRecords(
    (async function* () {
      yield await Promise.resolve(parsed);
    })(),
  );
}

async function versionsOf(
  read: ReturnType<typeof reading>,
  before: string | undefined,
  by: KeyOrder,
  asked: readonly string[],
  most?: number,
): Promise<{ readonly changes: VersionChanges; readonly records: string }> {
  let records = '';
  const keep = ({ bytes }: RecordPiece): Promise<void> => {
    records += Buffer.from(bytes).toString('utf8');
    return Promise.resolve();
  };
  const body = before === undefined ? noRecords() : bodyOf(before);
  return { changes: await compareVersions(read, body, { order: by, asked }, keep, most), records };
}

describe('a pass by versions', () => {
  test('finds what a pass over all rows finds, whatever was written in between, and leaves the same records', async () => {
    await fc.assert(
      fc.asyncProperty(
        order,
        fc.array(write, { maxLength: 30 }),
        fc.array(fc.array(write, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 13 }).map(String), { maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (by, first, days, asked, size) => {
          const heap = new Heap();
          for (const each of first) heap.do(each);
          const start = reading(heap, by, size);
          let versions = (await versionsOf(start, undefined, by, [], 0)).records;
          let fingerprints = (await sum(mergeChanges(start.all(), noRecords(), { order: by }))).records;
          for (const day of days) {
            for (const each of day) heap.do(each);
            const read = reading(heap, by, size);
            const whole = await sum(mergeChanges(read.all(), bodyOf(fingerprints), { order: by, asked }));
            const { changes, records } = await versionsOf(read, versions, by, asked);
            if (changes.moved === undefined) throw new Error('few rows are held');
            const moved = await sum(mergeMoved(read, { ...changes, moved: changes.moved }, bodyOf(fingerprints), { order: by, asked }));
            expect(moved).toEqual(whole);
            versions = records;
            fingerprints = moved.records;
          }
        },
      ),
    );
  });

  test('leaves the same versions behind whether they are compared or only kept', async () => {
    const heap = new Heap();
    for (let key = 0; key < 20; key++) heap.do({ kind: key % 3 === 0 ? 'add' : 'put', key: key % 9, content: 1 });
    const read = reading(heap, 'integer', 3);
    let kept = '';
    await keepVersions(read, { order: 'integer' }, ({ bytes }) => {
      kept += Buffer.from(bytes).toString('utf8');
      return Promise.resolve();
    });
    expect(kept).toBe((await versionsOf(read, undefined, 'integer', [])).records);
  });

  test('looks at no row that nobody wrote', async () => {
    const heap = new Heap();
    for (let key = 0; key < 20; key++) heap.do({ kind: 'put', key, content: 1 });
    const { records } = await versionsOf(reading(heap, 'integer', 4), undefined, 'integer', []);
    heap.do({ kind: 'put', key: 7, content: 1 });
    const { changes } = await versionsOf(reading(heap, 'integer', 4), records, 'integer', []);
    expect(changes).toMatchObject({ rows: 20, moved: { rows: 1, places: ['7'], vanished: [] } });
  });

  test('holds no more than it may, and says so', async () => {
    const heap = new Heap();
    for (let key = 0; key < 20; key++) heap.do({ kind: 'put', key, content: 1 });
    const read = reading(heap, 'integer', 4);
    expect((await versionsOf(read, undefined, 'integer', [], 20)).changes.moved?.places).toHaveLength(20);
    expect((await versionsOf(read, undefined, 'integer', [], 19)).changes).toEqual({ rows: 20 });
  });

  test('refuses a moment in which a row is not where its version was', async () => {
    const heap = new Heap();
    heap.do({ kind: 'put', key: 1, content: 1 });
    const read = reading(heap, 'integer', 4);
    const { changes } = await versionsOf(read, undefined, 'integer', []);
    if (changes.moved === undefined) throw new Error('few rows are held');
    const gone = { ...read, at: () => blocks([], 1) };
    await expect(sum(mergeMoved(gone, { ...changes, moved: changes.moved }, noRecords(), { order: 'integer' }))).rejects.toThrow(
      /1 rows were looked for/,
    );
  });
});

describe('the ground of versions', () => {
  const ground = { identity: 'a', transaction: '1000' };
  const at = (transaction: bigint) => ({ identity: 'a', transaction: String(transaction) });

  test('holds while the server goes on, until the numbers of its transactions could come again', () => {
    expect(movedGroundOf(ground, ground)).toBeUndefined();
    expect(movedGroundOf(ground, at(999n + 2n ** 31n))).toBeUndefined();
    expect(movedGroundOf(ground, at(1000n + 2n ** 31n))).toMatch(/come again/);
  });

  test('is another for another server, table or type, and for a server that was set back', () => {
    expect(movedGroundOf(ground, { ...ground, identity: 'b' })).toMatch(/is another/);
    expect(movedGroundOf(ground, at(999n))).toMatch(/lost transactions/);
  });
});
