import type { Journal, JournalHead, JournalLine } from './contract.ts';
import { beforeFirst, lineHash } from './journal-lines.ts';

export type JournalVerdict =
  | { readonly kind: 'intact'; readonly lines: number; readonly head?: JournalHead }
  | {
      readonly kind: 'broken';
      readonly problem: 'altered' | 'removed' | 'inserted';
      /** The line that is wrong, or the first that is missing. */
      readonly sequence: number;
      /** One sentence for people. */
      readonly words: string;
    };

/**
 * Walks the whole chain from line 1 and names the first line that is not what was written. Pure. Any change of one line, its removal
 * or an insertion is found; that the end was cut off, added to or written anew is found only against `head`, the last line there should
 * be: the store keeps it apart, and an auditor may have noted it down. Somebody who can rewrite the whole database can also recompute
 * every hash: only a head that was noted elsewhere proves that this did not happen.
 */
export async function verifyJournal(
  lines: AsyncIterable<readonly JournalLine[]> | Iterable<readonly JournalLine[]>,
  head?: JournalHead,
): Promise<JournalVerdict> {
  let previous: JournalHead | undefined;
  for await (const chunk of lines) {
    for (const line of chunk) {
      const verdict = checkLine(line, previous);
      if (verdict !== undefined) return verdict;
      if (line.sequence === head?.sequence && line.hash !== head.hash) return altered(line.sequence);
      previous = { sequence: line.sequence, hash: line.hash };
    }
  }
  const last = previous?.sequence ?? 0;
  if (head !== undefined && last < head.sequence) return removed(last + 1, head.sequence);
  if (head !== undefined && last > head.sequence) {
    const sequence = head.sequence + 1;
    return {
      kind: 'broken',
      problem: 'inserted',
      sequence,
      words: `Line ${String(sequence)} was added after the last line that was written.`,
    };
  }
  return { kind: 'intact', lines: last, ...(previous === undefined ? {} : { head: previous }) };
}

function checkLine(line: JournalLine, previous: JournalHead | undefined): JournalVerdict | undefined {
  const expected = (previous?.sequence ?? 0) + 1;
  // The seal is asked first: a line with a changed number is altered, not removed.
  if (line.hash !== lineHash(line)) return altered(line.sequence);
  if (line.sequence > expected) return removed(expected, line.sequence - 1);
  if (line.sequence < expected) {
    return {
      kind: 'broken',
      problem: 'inserted',
      sequence: line.sequence,
      words: `Line ${String(line.sequence)} stands there more than once: one of them was inserted.`,
    };
  }
  // Sealed correctly, but onto something else: this line or the one before it was written anew.
  if (line.previous !== (previous?.hash ?? beforeFirst)) return altered(previous?.sequence ?? line.sequence);
  return undefined;
}

function altered(sequence: number): JournalVerdict {
  return { kind: 'broken', problem: 'altered', sequence, words: `Line ${String(sequence)} is not what was written.` };
}

function removed(from: number, to: number): JournalVerdict {
  const words = from === to ? `Line ${String(from)} was removed.` : `Lines ${String(from)} to ${String(to)} were removed.`;
  return { kind: 'broken', problem: 'removed', sequence: from, words };
}

/** Verifies a store's journal against the head that the store keeps; begins again when somebody wrote meanwhile. */
export async function verifyStoredJournal(journal: Journal): Promise<JournalVerdict> {
  for (let attempt = 1; ; attempt++) {
    const head = await journal.head();
    const verdict = await verifyJournal(journal.stream(), head);
    const after = await journal.head();
    if (after?.hash === head?.hash || attempt === 5) return verdict;
  }
}
