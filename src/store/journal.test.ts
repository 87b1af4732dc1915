import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyedHash } from '../domain/canonical-json.ts';
import type { JournalHead, JournalLine } from './contract.ts';
import { beforeFirst, lineHash } from './journal-lines.ts';
import { verifyJournal, verifyStoredJournal } from './verify-journal.ts';
import { acceptWorkers, batchId, collect, leaseOn, onEveryEngine, payloadOf, scope, sendBatch } from '../../test/state.ts';

onEveryEngine('the journal', (open) => {
  test('tells each change of state in its order, with ids and keyed hashes and no worker', async () => {
    const store = await open();
    const lease = await leaseOn(store);
    const secret = 'Worker-4711';
    await acceptWorkers(store, lease, 'r1', [{ payload: payloadOf(secret, { displayName: 'Ada Lovelace' }), batch: 0 }]);
    await sendBatch(store, lease, batchId('r1', 0), 3000);
    const [operation] = await store.operations.open(scope);
    const id = operation?.id.replace(secret, 'x') ?? '';
    await store.operations.close(
      lease,
      scope,
      [{ operation: operation?.id ?? '', outcome: 'applied', effect: 'confirm', evidence: { kind: 'log', rows: ['l1'] } }],
      9000,
    );
    await store.journal.record('approval.given', { run: 'r1', by: 'somebody' }, 9500);
    const lines = await collect(store.journal.stream());
    expect(lines.map((line) => line.kind)).toEqual([
      'store.created',
      'lease.acquired',
      'run.begun',
      'run.accepted',
      'batch.sending',
      'batch.answered',
      'operations.closed',
      'approval.given',
    ]);
    expect(lines.map((line) => line.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    // The id of this operation was made by the test and holds the worker's; what the store writes by itself does not.
    const text = JSON.stringify(lines).replaceAll(operation?.id ?? '', id);
    expect(text).not.toContain(secret);
    expect(text).not.toContain('Ada');
    expect(text).toContain(keyedHash(store.identity.hashKey, secret));
    expect(await store.journal.last()).toEqual(lines.at(-1));
    expect(await collect(store.journal.stream(7))).toEqual(lines.slice(6));
    expect(await verifyStoredJournal(store.journal)).toMatchObject({ kind: 'intact', lines: 8, head: await store.journal.head() });
  });

  test('is one chain however many write at once', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 30 }, (_, index) => store.journal.record('note', { index }, index)));
    expect(await verifyStoredJournal(store.journal)).toMatchObject({ kind: 'intact', lines: 31 });
  });
});

function chain(length: number): JournalLine[] {
  const lines: JournalLine[] = [];
  for (let sequence = 1; sequence <= length; sequence++) {
    const line = { sequence, at: sequence * 10, kind: 'note', data: { number: sequence }, previous: lines.at(-1)?.hash ?? beforeFirst };
    lines.push({ ...line, hash: lineHash(line) });
  }
  return lines;
}

const headOf = (lines: readonly JournalLine[]): JournalHead => {
  const last = lines.at(-1);
  return { sequence: last?.sequence ?? 0, hash: last?.hash ?? '' };
};

/** One edit of one line; resealed: the editor knows how hashes are made. */
type Edit =
  | { readonly kind: 'alter'; readonly member: keyof JournalLine; readonly resealed: boolean }
  | { readonly kind: 'remove' }
  | { readonly kind: 'insert' };

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant('alter' as const),
    member: fc.constantFrom<keyof JournalLine>('sequence', 'at', 'kind', 'data', 'previous', 'hash'),
    resealed: fc.boolean(),
  }),
  fc.constant({ kind: 'remove' as const }),
  fc.constant({ kind: 'insert' as const }),
);

function apply(lines: readonly JournalLine[], place: number, edit: Edit): JournalLine[] {
  const line = lines[place];
  if (line === undefined) throw new Error('no line');
  if (edit.kind === 'remove') return lines.toSpliced(place, 1);
  if (edit.kind === 'insert') {
    const inserted = { ...line, sequence: line.sequence + 1, kind: 'forged', previous: line.hash };
    return lines.toSpliced(place + 1, 0, { ...inserted, hash: lineHash(inserted) });
  }
  const forged = {
    sequence: line.sequence + 1000,
    at: line.at + 1,
    kind: 'forged',
    data: { number: -1 },
    previous: 'a'.repeat(64),
    hash: 'b'.repeat(64),
  };
  const altered = { ...line, [edit.member]: forged[edit.member] };
  return lines.with(place, edit.resealed && edit.member !== 'hash' ? { ...altered, hash: lineHash(altered) } : altered);
}

test('verification finds any single edit, and what it names is the line or its neighbour', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.nat(), edits, fc.integer({ min: 1, max: 5 }), async (length, at, edit, size) => {
      const lines = chain(length);
      const place = at % length;
      const edited = apply(lines, place, edit);
      const chunks = Array.from({ length: Math.ceil(edited.length / size) }, (_, index) => edited.slice(index * size, (index + 1) * size));
      const verdict = await verifyJournal(chunks, headOf(lines));
      expect(verdict.kind).toBe('broken');
      if (verdict.kind !== 'broken') return;
      const near =
        edit.kind === 'alter' && edit.member === 'sequence' ? [place, place + 1, place + 2, place + 1001] : [place, place + 1, place + 2];
      expect(near).toContain(verdict.sequence);
    }),
    { numRuns: 300 },
  );
});

test('verification of an unedited chain says so and gives its head', async () => {
  const lines = chain(5);
  expect(await verifyJournal([lines], headOf(lines))).toEqual({ kind: 'intact', lines: 5, head: headOf(lines) });
  expect(await verifyJournal([])).toEqual({ kind: 'intact', lines: 0 });
});

test('verification says in words what was removed, inserted and altered', async () => {
  const lines = chain(6);
  const words = async (edited: readonly JournalLine[]): Promise<string> => {
    const verdict = await verifyJournal([edited], headOf(lines));
    return verdict.kind === 'broken' ? verdict.words : '';
  };
  expect(await words(lines.toSpliced(2, 2))).toBe('Lines 3 to 4 were removed.');
  expect(await words(lines.slice(0, 5))).toBe('Line 6 was removed.');
  expect(await words(apply(lines, 3, { kind: 'alter', member: 'data', resealed: false }))).toBe('Line 4 is not what was written.');
  expect(await words(apply(lines, 5, { kind: 'insert' }))).toBe('Line 7 was added after the last line that was written.');
  expect(await words(apply(lines, 2, { kind: 'insert' }))).toBe('Line 4 stands there more than once: one of them was inserted.');
});
