/**
 * Whether a part of a pattern can be read in more than one way when it is repeated, which is what makes backtracking exponential. A cautious
 * answer: it says yes where it cannot tell.
 */

/** One element of a sequence, as far as the question needs it. */
export interface PatternAtom {
  /** In JavaScript, flag v. */
  readonly source: string;
  /** Exactly one character: a letter, a class, an escape. */
  readonly single: boolean;
  /** Takes no characters: an anchor, a look-around, a comment. */
  readonly empty: boolean;
  /** Can take more or fewer characters than one time. */
  readonly variable: boolean;
}

const samples: readonly string[] = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ...Array.from('äßéÉłλЖ漢かא٣९½€“–\u0085\u00a0\u2003\u200b\ufeff'),
];
const remembered = new Map<string, boolean>();

/** Whether some character matches both. */
function overlap(left: PatternAtom, right: PatternAtom): boolean {
  if (!left.single || !right.single) return true;
  if (left.source === right.source) return true;
  const key = `${left.source}\n${right.source}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const [first, second] = [left, right].map((atom) => new RegExp(`^(?:${atom.source})$`, 'iv'));
  const found = samples.some((character) => first?.test(character) === true && second?.test(character) === true);
  if (remembered.size > 2000) remembered.clear();
  remembered.set(key, found);
  return found;
}

/** A sequence of changing length is told apart from its repetition only by a character that must be there and that nothing else in it can be. */
function isLoose(sequence: readonly PatternAtom[]): boolean {
  const variable = sequence.filter((atom) => atom.variable);
  if (variable.length === 0) return false;
  return !sequence.some((atom) => !atom.variable && !atom.empty && atom.single && variable.every((other) => !overlap(atom, other)));
}

/** Two alternatives are told apart by the first place at which no character fits both. */
function areAlike(left: readonly PatternAtom[], right: readonly PatternAtom[]): boolean {
  const first = left.filter((atom) => !atom.empty);
  const second = right.filter((atom) => !atom.empty);
  for (let index = 0; index < Math.min(first.length, second.length); index++) {
    const [one, other] = [first[index], second[index]];
    if (one === undefined || other === undefined || one.variable || other.variable || !one.single || !other.single) return true;
    if (!overlap(one, other)) return false;
  }
  return true;
}

/** Whether the repetition of these alternatives can be read in more than one way. */
export function isAmbiguousWhenRepeated(alternatives: readonly (readonly PatternAtom[])[]): boolean {
  return (
    alternatives.some(isLoose) || alternatives.some((left, index) => alternatives.slice(index + 1).some((right) => areAlike(left, right)))
  );
}
