import type { ErrorCode } from '../domain/errors/registry.ts';
import { isListedTimeZone } from '../domain/time-zone.ts';
import { reportKind, type Kind } from './kind.ts';
import { nearestName } from './nearest-name.ts';
import { holdsReference } from './literal-password.ts';
import { resolveReferences, showResolved } from './references.ts';

export interface TextOptions {
  readonly words: string;
  /** Must match as a whole; the source of the pattern goes into the JSON Schema. */
  readonly pattern?: RegExp;
  readonly code?: ErrorCode;
  /** References to the environment are allowed; the value that stands in where none is set. */
  readonly environment?: { readonly standIn: string };
}

/** Text that a function turns into a value; the function returns undefined for text of the wrong form. */
export function parsedText<T>(options: TextOptions, parse: (text: string) => T | undefined): Kind<T> {
  const pattern = options.pattern?.source;
  const schema =
    pattern === undefined
      ? { type: 'string' }
      : { type: 'string', pattern: options.environment === undefined ? pattern : `${pattern}|\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}` };
  return {
    words: options.words,
    schema,
    read(node, path, reading) {
      if (node.kind !== 'scalar' || typeof node.value !== 'string') {
        const fix = node.kind === 'scalar' && node.value !== null ? `Put it in quotes: "${node.written.source}"` : undefined;
        return reportKind(reading, node, path, options.words, fix);
      }
      const decoded = node.decoded();
      let resolved = { text: decoded.text, from: [] as readonly string[], whole: false, stoodIn: false };
      if (holdsReference(decoded.text)) {
        if (options.environment === undefined) {
          return reading.report('PIP-203', node.range, `${path} cannot come from the environment`);
        }
        const replaced = resolveReferences(node, reading, options.environment.standIn);
        if (replaced === undefined) return undefined;
        resolved = replaced;
      }
      const value = options.pattern?.test(resolved.text) === false ? undefined : parse(resolved.text);
      if (value === undefined) {
        const code = options.code ?? 'PIP-105';
        return reading.report(code, node.range, `${path} takes ${options.words}, not ${showResolved(resolved)}`);
      }
      return value;
    },
  };
}

export function text(options: TextOptions): Kind<string> {
  return parsedText(options, (value) => (value.trim() === '' ? undefined : value));
}

/** One of a closed list of words. `refused` names words that people expect here, each with the reason why they are not possible. */
export function choice<const T extends string>(
  values: readonly T[],
  refused: { readonly code: ErrorCode; readonly reasons: Readonly<Record<string, string>> } = { code: 'PIP-104', reasons: {} },
): Kind<T> {
  const words = `one of ${values.join(', ')}`;
  return {
    words,
    schema: { type: 'string', enum: values },
    read(node, path, reading) {
      if (node.kind !== 'scalar' || node.value === null) return reportKind(reading, node, path, words);
      const written = String(node.value);
      const found = values.find((value) => value === written);
      if (found !== undefined) return found;
      const reason = refused.reasons[written.toLowerCase()];
      if (reason !== undefined) return reading.report(refused.code, node.range, `${path}: ${written} is not supported: ${reason}`);
      if (holdsReference(written)) return reading.report('PIP-203', node.range, `${path} cannot come from the environment`);
      const near = nearestName(written, values);
      const fix = near === undefined ? `Use ${words}.` : `Did you mean ${near}?`;
      return reading.report('PIP-104', node.range, `${path} takes ${words}, not ${written}`, { fix });
    },
  };
}

export function wholeNumber(minimum: number, maximum: number): Kind<number> {
  const words = `a whole number from ${String(minimum)} to ${String(maximum)}`;
  return {
    words,
    schema: { type: 'integer', minimum, maximum },
    read(node, path, reading) {
      if (node.kind !== 'scalar' || typeof node.value !== 'number') return reportKind(reading, node, path, words);
      const fits = Number.isInteger(node.value) && node.value >= minimum && node.value <= maximum;
      return fits ? node.value : reading.report('PIP-105', node.range, `${path} takes ${words}, not ${node.written.source}`);
    },
  };
}

export const flag: Kind<boolean> = {
  words: 'true or false',
  schema: { type: 'boolean' },
  read(node, path, reading) {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    const yes = node.kind === 'scalar' && /^(?:yes|no|on|off)$/i.test(String(node.value));
    return reportKind(reading, node, path, 'true or false', yes ? 'Write true or false: in YAML 1.2 yes and no are text.' : undefined);
  },
};

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of `90s`, `15m`, `24h`, `14d`, `2w`, `1d12h`, `PT24H`, `P14D`; undefined for anything else. */
export function parseDuration(written: string): number | undefined {
  if (/^(?:\d+(?:ms|[smhdw]))+$/.test(written)) {
    let total = 0;
    for (const [, count, unit] of written.matchAll(/(\d+)(ms|[smhdw])/g)) total += Number(count) * (units[unit ?? ''] ?? 0);
    return total;
  }
  const iso = /^P(?:(\d+)W|(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?)$/.exec(written);
  if (iso === null || written === 'P') return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0));
  return weeks * 604_800_000 + days * 86_400_000 + hours * 3_600_000 + minutes * 60_000 + seconds * 1000;
}

const durationWords = 'a length of time such as 24h or 14d';

export const duration: Kind<number> = {
  words: durationWords,
  schema: { type: 'string', pattern: '^(\\d+(ms|[smhdw]))+$|^P(\\d+W|(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+S)?)?)$' },
  read(node, path, reading) {
    if (node.kind !== 'scalar' || node.value === null) return reportKind(reading, node, path, durationWords);
    const written = String(node.value);
    const value = typeof node.value === 'string' ? parseDuration(written) : undefined;
    return value ?? reading.report('PIP-107', node.range, `${path} takes ${durationWords}, not ${written}`);
  },
};

const longestWait = 20 * 86_400_000;

/** How long something is waited for. Nothing is no limit at all to some databases and the end at once to others, and 25 days are more than a timer or PostgreSQL can count. */
export const waitingTime: Kind<number> = {
  ...duration,
  words: 'a length of time above 0 and up to 20d, such as 15m',
  read(node, path, reading) {
    const value = duration.read(node, path, reading);
    if (value === undefined || (value > 0 && value <= longestWait)) return value;
    return reading.report('PIP-107', node.range, `${path} takes ${this.words}`, {
      why: 'Nothing would end at once, or never, and longer than 25 days is more than a timer or PostgreSQL can count.',
      fix: 'Write how long to wait, such as 15m; there is no word for no limit.',
    });
  },
};

/** As long as rows are kept by default, and as Entra keeps its provisioning logs: what an older plan was made of, and what became of others meanwhile, can be looked up nowhere. */
const oldestPlan = 30 * 86_400_000;

export const planAge: Kind<number> = {
  ...duration,
  words: 'a length of time above 0 and up to 30d, such as 24h',
  read(node, path, reading) {
    const value = duration.read(node, path, reading);
    if (value === undefined || (value > 0 && value <= oldestPlan)) return value;
    return reading.report('PIP-107', node.range, `${path} takes ${this.words}`, {
      why: 'At 0 every plan is too old; after 30 days nobody can look up the rows that it was made of, nor in the logs of Entra what became of its workers meanwhile.',
      fix: 'Write how long a plan is as good as new, such as 24h; for an older one make a new plan.',
    });
  },
};

export const guid: Kind<string> = parsedText(
  {
    words: 'a GUID such as 8d1f0c4e-5f0b-4c57-9a3e-2f3b9d6c7a10',
    pattern: /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
    environment: { standIn: '00000000-0000-0000-0000-000000000000' },
  },
  (value) => value.toLowerCase(),
);

/** A name of the IANA time zone database, in its own spelling. */
export const timezone: Kind<string> = {
  words: 'a time zone of the IANA database such as Europe/Berlin',
  schema: { type: 'string', pattern: '^(UTC|GMT|[A-Za-z_]+/[A-Za-z0-9_+/-]+)$' },
  read(node, path, reading) {
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return reportKind(reading, node, path, this.words);
    const written = node.value;
    if (isTimezone(written)) return written;
    const near = nearestName(written, Intl.supportedValuesOf('timeZone'));
    return reading.report('PIP-109', node.range, `${path} takes ${this.words}, not ${JSON.stringify(written)}`, {
      fix: near === undefined ? undefined : `Did you mean ${near}?`,
    });
  },
};

function isTimezone(name: string): boolean {
  if (isListedTimeZone(name)) return true;
  if (!/^[A-Z][A-Za-z_]+\/[A-Z][\w+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
