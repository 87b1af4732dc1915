import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, type KeyOrder } from '../domain/row.ts';
import { createFingerprint } from './fingerprint.ts';
import { RowLayout, type ResultColumn } from './layout.ts';
import { encodeLine } from './line.ts';
import { CopyOut } from './postgres-copy-out.ts';
import { giveInlet, Inlet } from './postgres-inlet.ts';
import { RowKernel } from './row-kernel.ts';
import { compareKeyBytes, escapeKey, fingerprintOfRecord, keyOfRecord, unescapeKey } from './record.ts';

const wild = fc.string({
  unit: fc.constantFrom('a', 'Z', ' ', '\\', '\n', '\t', '0', '7', '-', 'é', '\u{e000}', '\u{10000}'),
  maxLength: 6,
});
const keys = fc.oneof(fc.integer({ min: -50, max: 2000 }).map(String), wild);
const value = fc.option(keys, { nil: null });
const orders = fc.constantFrom<KeyOrder>('integer', 'bytes', 'utf16');

const columns = ['a', 'b', 'c'].map((name): ResultColumn => ({
  name,
  databaseType: 'text',
  type: 'string',
  convert: (text) => text,
  keyText: (text) => (name === 'b' ? text.replace(/ +$/, '') : text),
}));

describe('keys as bytes', () => {
  const half = fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '\u{e000}', '\\'), minLength: 1, maxLength: 3 });

  test('compare as keys do', () => {
    fc.assert(
      fc.property(orders, fc.oneof(keys, half), fc.oneof(keys, half), (by, left, right) => {
        const [a, b] = [Buffer.from(`#${escapeKey(left)}`), Buffer.from(`${escapeKey(right)}#`)];
        expect(Math.sign(compareKeyBytes(by, a, 1, a.length, b, 0, b.length - 1))).toBe(Math.sign(compareKeys(by, left, right)));
        expect(unescapeKey(escapeKey(left))).toBe(left);
      }),
    );
  });
});

describe('packed lines', () => {
  test('have the rows, keys and fingerprints of the lines one by one', async () => {
    const fingerprint = await createFingerprint(7n, columns);
    const kernel = RowKernel.take();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value, value), { maxLength: 20 }),
        fc.constantFrom('a', 'b', 'c'),
        orders,
        (rows, key, order) => {
          const layout = new RowLayout(columns, key);
          const lines = rows.map((row) => encodeLine(row));
          const bytes = Buffer.from(`#${lines.map((line) => `${line}\n`).join('')}`);
          const bounds: number[] = [];
          for (let at = 1, index = 0; index < lines.length; index++) {
            const end = at + Buffer.byteLength(lines[index] ?? '');
            bounds.push(at, end);
            at = end + 1;
          }
          const packed = layout.pack({ bytes, bounds }, 5, { fingerprint, kernel, order });
          expect(packed.ends).toHaveLength(rows.length);
          for (const [index, line] of lines.entries()) {
            const expected = layout.row(line, fingerprint.ofText(line), 5 + index);
            expect(JSON.stringify(packed.row(index))).toBe(JSON.stringify(expected));
            for (const names of [['c'], ['a', 'b'], ['c', 'a', 'absent'], []]) {
              const only = packed.row(index).only?.(new Set(names));
              expect(only?.values).toEqual(Object.fromEntries(Object.entries(expected.values).filter(([name]) => names.includes(name))));
              expect(only?.key).toBe(expected.key);
            }
            const [start, end] = [packed.ends[index - 1] ?? 0, packed.ends[index] ?? 0];
            const record =
              start === end ? undefined : [keyOfRecord(packed.records, start, end), fingerprintOfRecord(packed.records, start)];
            expect(record).toEqual(expected.key === undefined ? undefined : [expected.key, expected.fingerprint]);
          }
        },
      ),
    );
  });
});

describe('the kernel of rows', () => {
  const bytesOf = (lines: readonly string[]): { bytes: Buffer; bounds: number[] } => {
    const bounds: number[] = [];
    let at = 0;
    for (const line of lines) bounds.push(at, (at += Buffer.byteLength(line)));
    return { bytes: Buffer.from(lines.join('')), bounds };
  };

  test('hashes lines of any length as the library does', async () => {
    const fingerprint = await createFingerprint(11n, []);
    const kernel = RowKernel.take();
    const line = fc.string({ unit: fc.constantFrom('a', '0', ' ', 'é', '\u{10000}'), maxLength: 150 }).map((text) => `k${text}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 9 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lines, seed) => {
        const request = { column: 0, order: 'bytes' as const, recordOf: () => undefined };
        const hashes = (by: bigint): string[] => {
          const { records, ends } = kernel.pack(bytesOf(lines.map((each) => `k\t${each}`)), { ...request, seed: by });
          return lines.map((_each, index) => fingerprintOfRecord(records, ends[index - 1] ?? 0));
        };
        expect(hashes(fingerprint.seed)).toEqual(lines.map((each) => fingerprint.ofText(`k\t${each}`)));
        expect(new Set(hashes(seed)).size).toBe(new Set(lines).size);
      }),
    );
  });

  test('tells that keys ascend where they do, and never where they do not', () => {
    const kernel = RowKernel.take();
    const plain = fc.oneof(
      fc.nat(2000).map(String),
      fc.string({ unit: fc.constantFrom('a', 'B', 'é', '\u{e000}', '\u{10000}', '-', '0'), minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 8 }), orders, fc.boolean(), (found, order, isSorted) => {
        const some = isSorted ? [...new Set(found)].toSorted((left, right) => compareKeys(order, left, right)) : found;
        const { isAscending } = kernel.pack(bytesOf(some), {
          column: 0,
          order,
          seed: 1n,
          recordOf: () => Buffer.from('0000000000000000x\n'),
        });
        const ascends = some.every((each, index) => index === 0 || compareKeys(order, some[index - 1] ?? '', each) < 0);
        expect({ some, isWrong: isAscending && !ascends }).toEqual({ some, isWrong: false });
        const isTold = some.every((each) => /^[!-~]+$/.test(each) && (order !== 'integer' || /^(0|[1-9]\d*)$/.test(each)));
        expect({ some, isUntold: isTold && isAscending !== ascends }).toEqual({ some, isUntold: false });
      }),
    );
  });

  test('gives a read memory of its own', () => {
    const lines = bytesOf(['a\tx', 'b\ty']);
    const request = { column: 0, order: 'bytes' as const, seed: 1n, recordOf: () => undefined };
    const [one, other] = [RowKernel.take(), RowKernel.take()];
    const first = one.pack(lines, request);
    const said = [...first.ends];
    other.pack(bytesOf(['c', 'd', 'e']), request);
    expect([...first.ends]).toEqual(said);
    one.giveBack();
    expect(RowKernel.take()).toBe(one);
    one.pack(bytesOf([`a\t${'x'.repeat(5_000_000)}`]), request);
    one.giveBack();
    other.giveBack();
    expect(RowKernel.take()).toBe(other);
  });
});

describe('a COPY', () => {
  const message = (type: string, content: string): Buffer => {
    const body = Buffer.from(content, 'utf8');
    const head = Buffer.alloc(5);
    head.write(type, 'latin1');
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };

  /** What pg and the consumer get of these messages, the bytes cut as `sizes` says and pushed into `stream` by `give`. */
  async function read(
    stream: EventEmitter,
    sent: readonly { readonly type: string; readonly text: string }[],
    give: (bytes: Buffer) => void,
  ): Promise<{ readonly lines: readonly string[]; readonly messages: readonly Buffer[] }> {
    const rest = { isPaused: false };
    const socket = Object.assign(stream, { pause: () => (rest.isPaused = true), resume: () => (rest.isPaused = false) });
    const copy = new CopyOut('COPY …');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a COPY uses of a connection
    copy.submit({ stream: socket, query: () => undefined } as unknown as Parameters<CopyOut['submit']>[0]);
    const lines: string[] = [];
    const reading = (async (): Promise<void> => {
      for (let block = await copy.next(); block !== undefined; block = await copy.next()) {
        // What was given stays as it is for as long as it takes.
        for (let turn = 0; turn < block.bounds.length % 3; turn++) await nextTurn();
        for (let at = 0; at < block.bounds.length; at += 2)
          lines.push(block.bytes.toString('utf8', block.bounds[at], block.bounds[at + 1]));
      }
    })();
    const messages = sent.map(({ type, text }) => message(type, type === 'd' ? `${text}\n` : text));
    const bytes = Buffer.concat(messages);
    for (let at = 0; at < bytes.length;) {
      // A socket that rests gives nothing until it is read.
      while (rest.isPaused) await nextTurn();
      if (at % 2 === 0) await nextTurn();
      give(bytes.subarray(at, (at += Math.min(bytes.length - at, 1 + ((bytes[at] ?? 0) % 40)))));
    }
    copy.handleReadyForQuery();
    await reading;
    return { lines, messages };
  }

  const parts = fc.array(
    fc.record({ type: fc.constantFrom('d', 'd', 'd', 'N', 'S'), text: fc.oneof(wild, fc.string({ maxLength: 90 })) }),
    {
      maxLength: 40,
    },
  );

  test('takes its rows off the socket and leaves everything else to pg, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async (sent) => {
        const stream = new EventEmitter();
        const passed: Buffer[] = [];
        const ofPg = (bytes: Buffer): number => passed.push(bytes);
        stream.on('data', ofPg);
        const { lines, messages } = await read(stream, sent, (bytes) => stream.emit('data', bytes));
        expect(lines).toEqual(sent.flatMap(({ type, text }) => (type === 'd' ? [text] : [])));
        expect(Buffer.concat(passed)).toEqual(Buffer.concat(messages.filter((_each, index) => sent[index]?.type !== 'd')));
        expect(stream.listeners('data')).toEqual([ofPg]);
      }),
    );
  });

  test('reads into blocks that are used again, of any size, and writes into none that is still read', async () => {
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 5, max: 200 }), async (sent, size) => {
        const stream = new EventEmitter();
        const passed: Buffer[] = [];
        const inlet = new Inlet((bytes) => passed.push(bytes), size);
        giveInlet(stream, inlet);
        const { lines, messages } = await read(stream, sent, (bytes) => {
          // As a socket does: at most what there is room for.
          for (let at = 0; at < bytes.length;) {
            const { room } = inlet;
            expect(room.length).toBeGreaterThan(0);
            const count = bytes.copy(room, 0, at);
            at += count;
            inlet.received(count);
          }
        });
        expect(lines).toEqual(sent.flatMap(({ type, text }) => (type === 'd' ? [text] : [])));
        expect(Buffer.concat(passed)).toEqual(Buffer.concat(messages.filter((_each, index) => sent[index]?.type !== 'd')));
      }),
    );
  });

  test('keeps rows as they are while others of the same block are taken', async () => {
    const stream = Object.assign(new EventEmitter(), { pause: () => undefined, resume: () => undefined });
    const inlet = new Inlet(() => undefined, 64);
    giveInlet(stream, inlet);
    const copy = new CopyOut('COPY …');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a COPY uses of a connection
    copy.submit({ stream, query: () => undefined } as unknown as Parameters<CopyOut['submit']>[0]);
    const give = (...messages: readonly Buffer[]): void => {
      for (const bytes of messages) inlet.received(bytes.copy(inlet.room));
    };
    give(Buffer.concat([message('d', 'first\n'), message('N', 'a notice'), message('d', 'second\n')]));
    await copy.next();
    const second = await copy.next();
    give(message('d', 'x'.repeat(40)), message('d', 'y'.repeat(40)), message('d', 'z'.repeat(40)));
    expect(second?.bytes.toString('utf8', second.bounds[0], second.bounds[1])).toBe('second');
  });

  test('ends a connection that announces more than a row can have, instead of making room for it', () => {
    const errors: Error[] = [];
    const stream = Object.assign(new EventEmitter(), { destroy: (error: Error) => errors.push(error) });
    const inlet = new Inlet(() => undefined, 64);
    giveInlet(stream, inlet);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a COPY uses of a connection
    new CopyOut('COPY …').submit({ stream, query: () => undefined } as unknown as Parameters<CopyOut['submit']>[0]);
    inlet.received(Buffer.from([0x64, 0xff, 0xff, 0xff, 0xff]).copy(inlet.room));
    expect(errors.map(({ message: words }) => words)).toEqual([
      'Connection terminated: the server announced 4294967296 bytes in one message',
    ]);
    expect(inlet.bytes).toHaveLength(64);
  });
});
