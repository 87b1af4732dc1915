import type { Instant } from '../domain/clock.ts';
import { formatInstant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { JournalHead, Store } from '../store/contract.ts';
import { verifyStoredJournal, verifyJournal, type JournalVerdict } from '../store/verify-journal.ts';

/** The last line of a journal, to be kept where nobody who can write the state can write: only it shows truncation and complete rewriting. */
export interface Anchor extends JournalHead {
  readonly store: string;
  readonly at: string;
}

/** One line of JSON for the outside. Errors: AUD-107 while the journal is empty or broken: an anchor must not vouch for that. */
export async function makeAnchor(store: Store, at: Instant): Promise<Anchor> {
  const verdict = await verifyStoredJournal(store.journal);
  if (verdict.kind === 'broken') throw new JoineryError('AUD-107', verdict.words);
  if (verdict.head === undefined) throw new JoineryError('AUD-107', 'the journal is empty');
  return { store: store.identity.id, at: formatInstant(at), ...verdict.head };
}

/** The anchors of a file, one a line. Errors: AUD-108 with the line. */
export function parseAnchors(text: string): Anchor[] {
  return text
    .split('\n')
    .map((line, index) => [line.trim(), index + 1] as const)
    .filter(([line]) => line !== '')
    .map(([line, number]) => parseAnchor(line, number));
}

function parseAnchor(line: string, number: number): Anchor {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new JoineryError('AUD-108', `line ${String(number)} is not JSON`, { cause });
  }
  if (typeof value === 'object' && value !== null && 'store' in value && 'at' in value && 'sequence' in value && 'hash' in value) {
    const { store, at, sequence, hash } = value;
    if (
      typeof store === 'string' &&
      typeof at === 'string' &&
      Number.isSafeInteger(sequence) &&
      typeof sequence === 'number' &&
      isHash(hash)
    )
      return { store, at, sequence, hash };
  }
  throw new JoineryError('AUD-108', `line ${String(number)} is no anchor`);
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

export type JournalCheck = JournalVerdict & {
  /** Anchors that stand in the chain as they were written. */
  readonly anchors: number;
};

/** Walks the whole chain, then looks whether every anchor stands in it. */
export async function checkJournal(store: Store, anchors: readonly Anchor[]): Promise<JournalCheck> {
  const verdict = await verifyStoredJournal(store.journal);
  if (verdict.kind === 'broken') return { ...verdict, anchors: 0 };
  let held = 0;
  for (const anchor of anchors) {
    if (anchor.store !== store.identity.id) {
      const words = `The anchor of ${anchor.at} is of store ${anchor.store}; this is store ${store.identity.id}: the whole state was replaced, or the anchor is another state's.`;
      return { kind: 'broken', problem: 'altered', sequence: anchor.sequence, words, anchors: held };
    }
    const found = await verdictAt(store, anchor);
    if (found !== undefined) return { ...found, anchors: held };
    held++;
  }
  return { ...verdict, anchors: held };
}

/** The chain up to the anchor's line is intact already; is that line the anchor's? */
async function verdictAt(store: Store, anchor: Anchor): Promise<Extract<JournalVerdict, { readonly kind: 'broken' }> | undefined> {
  for await (const [line] of store.journal.stream(anchor.sequence)) {
    if (line?.sequence === anchor.sequence && line.hash === anchor.hash) return undefined;
    const words = `Line ${String(anchor.sequence)} is not the one that was anchored on ${anchor.at}: the journal was rewritten since.`;
    return { kind: 'broken', problem: 'altered', sequence: anchor.sequence, words };
  }
  const verdict = await verifyJournal([], anchor);
  const words = `The journal ends before line ${String(anchor.sequence)}, which was anchored on ${anchor.at}: its end was cut off.`;
  return verdict.kind === 'broken' ? { ...verdict, problem: 'removed', words } : undefined;
}
