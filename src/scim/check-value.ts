import type { Json } from '../domain/canonical-json.ts';
import type { ErrorCode } from '../domain/errors/registry.ts';
import { maskValue } from '../domain/masking.ts';
import type { Attribute } from './schema.ts';

/** What is wrong with one value; the caller knows where it stands. */
export interface ValueProblem {
  readonly code: ErrorCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly fix?: string;
}

const dateOnly = /^\d{4}-\d{2}-\d{2}$/;
/** xsd:dateTime, as RFC 7643 section 2.3.5 asks; the zone is required, because without it the service guesses. */
const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
/** Addresses may have line ends (RFC 7643, section 4.1.2: `formatted` may contain newlines). */
const multiLine: ReadonlySet<string> = new Set(['formatted', 'streetAddress']);
const controlCharacter = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
/** Holds none of them: told in a fraction of the time that properties of Unicode take. */
const harmless = /^[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\uffff]*$/;
const controlButLineEnd = /(?![\t\r\n])[\p{Cc}\p{Cs}\u2028\u2029]/u;

/** Checks one simple value (string, boolean, number) against its attribute's type. Null is for the caller. */
export function checkSimpleValue(attribute: Attribute, value: Json): ValueProblem | undefined {
  switch (attribute.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType('a boolean', value);
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : wrongType('an integer', value);
    case 'decimal':
      return typeof value === 'number' ? undefined : wrongType('a number', value);
    case 'dateTime':
      return typeof value === 'string' ? checkDateTime(value) : wrongType('a date and time as text', value);
    case 'complex':
      return { code: 'SCM-104', severity: 'error', message: `is ${kindOf(value)} where an object is expected` };
    case 'string':
    case 'reference':
    case 'binary':
    default:
      return typeof value === 'string' ? checkText(attribute, value) : wrongType('text', value);
  }
}

function checkText(attribute: Attribute, value: string): ValueProblem | undefined {
  if (!harmless.test(value)) {
    const problem = checkCharacters(attribute, value);
    if (problem !== undefined) return problem;
  }
  const { canonicalValues } = attribute;
  if (canonicalValues !== undefined && canonicalValues.length > 0 && !canonicalValues.includes(value)) {
    return { code: 'SCM-105', severity: 'error', message: `is "${value}", none of ${canonicalValues.join(', ')}` };
  }
  return undefined;
}

function checkCharacters(attribute: Attribute, value: string): ValueProblem | undefined {
  const pattern = multiLine.has(attribute.name) ? controlButLineEnd : controlCharacter;
  const match = pattern.exec(value);
  if (match !== null) {
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return { code: 'SCM-110', severity: 'error', message: `holds the control character U+${code} at character ${String(match.index + 1)}` };
  }
  return undefined;
}

function checkDateTime(value: string): ValueProblem | undefined {
  if (dateOnly.test(value)) {
    return { code: 'SCM-109', severity: 'warning', message: `is a date without time (${maskValue(value)}), which the service ignores` };
  }
  if (dateTime.test(value) && Number.isFinite(Date.parse(value))) return undefined;
  return {
    code: 'SCM-102',
    severity: 'error',
    message: `is no date and time with zone (${maskValue(value)})`,
    fix: 'Write $dateTime(column): 2026-10-01T00:00:00+00:00.',
  };
}

function wrongType(expected: string, value: Json): ValueProblem {
  return { code: 'SCM-102', severity: 'error', message: `is ${kindOf(value)} (${maskValue(value)}) where ${expected} is expected` };
}

export function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
