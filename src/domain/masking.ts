import { inspect } from 'node:util';

/**
 * A secret that cannot be printed by accident: string conversion, JSON and console show a mark. The danger is
 * interpolation into a message, which is why `reveal()` is a word that a reviewer can search for.
 */
export class Secret {
  readonly #value: string;
  readonly name: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return `[secret ${this.name}]`;
  }
  toJSON(): string {
    return this.toString();
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * A personal value as messages show it: the first character and three dots, nothing for short values. Enough to
 * recognise a typing error, not enough to know the person.
 */
export function maskValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${String(value.length)} values]`;
  if (typeof value === 'object') return '{…}';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text === '') return '""';
  const first = /^./su.exec(text)?.[0] ?? '';
  return text.length < 3 ? '•••' : `${first}•••`;
}

/** A sensitive value as messages show it: not even its first character. */
export function hideValue(value: unknown): string {
  return value === null || value === undefined || value === '' ? maskValue(value) : '•••';
}

/** Takes passwords out of URLs, and tokens and client secrets out of any text that came from elsewhere. */
export function scrubText(text: string, secrets: Iterable<Secret> = []): string {
  let out = text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:•••@')
    .replaceAll(/\b(Bearer\s+)[\w.~+/=-]+/gi, '$1•••')
    // A signed token, whole or cut off: its header is a JSON object.
    .replaceAll(/\beyJ[\w-]{5,}(?:\.[\w-]*)*/g, '•••')
    .replaceAll(
      /\b(client_secret|client_assertion|password|pwd|access_token|refresh_token)(["']?\s*[=:]\s*["']?)[^\s"'&;,}]+/gi,
      '$1$2•••',
    );
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length >= 4) out = out.replaceAll(value, '•••');
  }
  return out;
}

/**
 * Text of others (a log's reason) without the personal values that are known to belong to it: every text of three characters or more in `values`, longest
 * first so that a name inside an address leaves no rest, and everything that looks like an address. `keep`: a value that may stand, the worker's id.
 */
export function maskTextOf(text: string, values: unknown, keep = ''): string {
  const addresses = text.replaceAll(/[^\s"'<>()[\],;:=]+@[^\s"'<>()[\],;:=]+/gu, (address) => maskValue(address));
  return maskLeaves(addresses, values, keep);
}

/** As `maskTextOf`, but addresses that are not among the values may stand. */
export function maskLeaves(text: string, values: unknown, keep = ''): string {
  const leaves = new Set(leavesOf(values));
  leaves.delete(keep);
  return [...leaves]
    .toSorted((left, right) => right.length - left.length)
    .reduce((out, value) => out.replaceAll(value, maskValue(value)), text);
}

/** Shorter texts stand in every sentence. */
function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return value.trim().length < 3 ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((member: unknown) => leavesOf(member));
}
