/** Numbers in [0, 1). A parameter everywhere, so that every choice of the emulator can be repeated. */
export type Random = () => number;

/** A small generator (sfc32) whose whole sequence follows from the seed: same seed, same tenant, same order, same latencies. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + sum) >>> 0;
    return sum / 0x1_0000_0000;
  };
  for (let index = 0; index < 12; index++) next();
  return next;
}

/** A number in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

/** A version 4 GUID in lower case. */
export function randomGuid(random: Random): string {
  const part = (): string => Math.floor(random() * 0x1_0000_0000).toString(16).padStart(8, '0'); // prettier-ignore
  const [first, second, third, fourth] = [part(), part(), part(), part()];
  const variant = '89ab'[Number.parseInt(third[0] ?? '0', 16) % 4] ?? '8';
  return `${first}-${second.slice(0, 4)}-4${second.slice(5)}-${variant}${third.slice(1, 4)}-${third.slice(4)}${fourth}`;
}

/** A client secret in the form the service gives out: 40 characters, never a space. */
export function randomSecret(random: Random): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~';
  return Array.from({ length: 40 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
}

/** A new array in random order (Fisher and Yates). */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
  const out = [...items];
  for (let index = out.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const [left, right] = [out[index], out[other]];
    if (left !== undefined && right !== undefined) {
      out[index] = right;
      out[other] = left;
    }
  }
  return out;
}
