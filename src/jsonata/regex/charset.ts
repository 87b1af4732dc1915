/** Sets of UTF-16 code units as sorted, disjoint ranges: what one position of a regular expression can match. */
export type Charset = readonly (readonly [number, number])[];

export const everything: Charset = [[0, 0xffff]];
export const digits: Charset = [[48, 57]];
export const wordCharacters: Charset = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
export const spaces: Charset = union(
  [[9, 13]],
  [[32, 32]],
  [[160, 160]],
  [[0x1680, 0x1680]],
  [[0x2000, 0x200a]],
  [[0x2028, 0x2029]],
  [[0x202f, 0x202f]],
  [[0x205f, 0x205f]],
  [[0x3000, 0x3000]],
  [[0xfeff, 0xfeff]],
);
export const lineEnds: Charset = union([[10, 10]], [[13, 13]], [[0x2028, 0x2029]]);

export function single(unit: number): Charset {
  return [[unit, unit]];
}

export function union(...sets: readonly Charset[]): Charset {
  const sorted = sets.flat().toSorted((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined;
}

export function complement(set: Charset): Charset {
  const out: [number, number][] = [];
  let from = 0;
  for (const [low, high] of set) {
    if (low > from) out.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= 0xffff) out.push([from, 0xffff]);
  return out;
}

export function intersects(a: Charset, b: Charset): boolean {
  let [i, j] = [0, 0];
  for (;;) {
    const [x, y] = [a[i], b[j]];
    if (x === undefined || y === undefined) return false;
    if (x[1] < y[0]) i += 1;
    else if (y[1] < x[0]) j += 1;
    else return true;
  }
}

/** Upper and lower case together, for the flag i; exact in ASCII and Latin-1, and generous beyond. */
export function ignoringCase(set: Charset): Charset {
  const extra: Charset[] = [set];
  for (const [low, high] of set) {
    // A large range holds both cases of nearly everything already.
    if (high - low > 2000) continue;
    for (let unit = low; unit <= high; unit += 1) {
      const character = String.fromCharCode(unit);
      extra.push(single(character.toLowerCase().charCodeAt(0)), single(character.toUpperCase().charCodeAt(0)));
    }
  }
  return union(...extra);
}
