import type { ErrorCode } from '../../domain/errors/registry.ts';
import { JoineryError } from '../../domain/error.ts';
import { maskValue } from '../../domain/masking.ts';

/** Absent: nothing (undefined) or null. A column that is NULL reaches an expression as nothing; data from JSON may hold null. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** The error of a function about one value, which the message shows masked. */
export function failFunction(code: ErrorCode, functionName: string, message: string, fix?: string): never {
  throw new JoineryError(code, `$${functionName}: ${message}`, fix === undefined ? {} : { fix });
}

/** The text of an argument; numbers become text, anything else is refused. Undefined for an absent one. */
export function readText(value: unknown, functionName: string, parameter: string): string | undefined {
  if (typeof value === 'string') return value;
  if (isAbsent(value)) return undefined;
  if (typeof value === 'number') return String(value);
  return failFunction('JSN-501', functionName, `${parameter} must be text, not ${kindOf(value)} (${maskValue(value)})`);
}

/** A whole number; text that is one counts as one. Undefined for an absent one. */
export function readInteger(value: unknown, functionName: string, parameter: string): number | undefined {
  if (isAbsent(value)) return undefined;
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  return failFunction('JSN-501', functionName, `${parameter} must be a whole number, not ${maskValue(value)}`);
}

/** One of a closed list, in exactly this spelling. */
export function readOption<const T extends string>(
  value: unknown,
  options: readonly T[],
  functionName: string,
  parameter: string,
): T | undefined {
  if (isAbsent(value)) return undefined;
  const option = options.find((candidate) => candidate === value);
  return option ?? failFunction('JSN-506', functionName, `${parameter} must be one of ${options.join(', ')}`);
}

/** The word that messages use for the type of a value. */
function kindOf(value: unknown): string {
  if (isAbsent(value)) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const type = typeof value;
  return type === 'object' ? 'an object' : type === 'string' ? 'text' : `a ${type}`;
}

/** A plain record, the only kind of object that values of rows and tables have. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
