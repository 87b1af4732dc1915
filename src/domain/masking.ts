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

/** Takes passwords out of URLs and bearer tokens and client secrets out of any text that came from elsewhere. */
export function scrubText(text: string, secrets: Iterable<Secret> = []): string {
  let out = text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:•••@')
    .replaceAll(/\b(Bearer\s+)[\w.~+/=-]+/gi, '$1•••')
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
