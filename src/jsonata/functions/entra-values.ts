import { failFunction, isAbsent, isRecord } from './arguments.ts';
import { maskValue } from '../../domain/masking.ts';
import { parseGeneralDate } from './dotnet/date-general.ts';

/**
 * Values of Microsoft's expression language: NULL (nothing or null here), text, numbers, booleans, lists. `1` and `"1"` are the same
 * thing there, and a boolean is the text `True` or `False`.
 */

/** The text of a value; a list of one value is that value. Undefined for NULL, and for a mark that drops the value. */
export function readEntraText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (isAbsent(value)) return undefined;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.length <= 1) return readEntraText(value[0]);
  if (isFlowMark(value)) return undefined;
  return JSON.stringify(value);
}

/** The values of a multi-valued attribute; a single value is a list of one, NULL is the empty list. */
export function readEntraList(value: unknown): readonly unknown[] {
  if (isAbsent(value) || isFlowMark(value)) return [];
  return Array.isArray(value) ? value.filter((member) => !isAbsent(member)) : [value];
}

/** NULL or the empty text; also a list without values. */
export function isNullOrEmpty(value: unknown): boolean {
  return (
    isAbsent(value) || value === '' || isFlowMark(value) || (Array.isArray(value) && readEntraList(value).every((member) => member === ''))
  );
}

const decimal = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)\s*$/;
const hexadecimal = /^&[Hh][0-9A-Fa-f]+$/;

/** A number, or text that is one (also `&HF`); undefined for anything else. */
export function readEntraNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return undefined;
  const text = readEntraText(value);
  if (text === undefined) return undefined;
  if (hexadecimal.test(text)) return Number.parseInt(text.slice(2), 16);
  return decimal.test(text) ? Number(text) : undefined;
}

/** A whole number argument; JSN-501 when it is something else. Undefined for NULL. */
export function readEntraInteger(value: unknown, functionName: string, parameter: string): number | undefined {
  if (isAbsent(value)) return undefined;
  const number = readEntraNumber(value);
  if (number !== undefined && Number.isSafeInteger(number)) return number;
  return failFunction('JSN-501', functionName, `${parameter} must be a whole number, not ${maskValue(value)}`);
}

/** A DateTime argument in any general form; JSN-502 for NULL, for the empty text and for what is no date. Milliseconds. */
export function readEntraDate(value: unknown, functionName: string, parameter: string): number {
  const text = readEntraText(value);
  const date = text === undefined ? undefined : parseGeneralDate(text);
  if (date !== undefined) return date.milliseconds;
  return failFunction(
    'JSN-502',
    functionName,
    `${parameter} ${maskValue(value)} is not a date`,
    'Guard it with a test for empty values, or convert it with $formatDateTime first.',
  );
}

export const comparisonOperators = ['=', '<>', '>', '>=', '<', '<='] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

/**
 * NULL counts as the empty text. Two values that are both numbers, or text that is one, compare as numbers; booleans compare without
 * regard to case; anything else as case-sensitive text, in the order of UTF-16 code units.
 */
export function compareEntra(left: unknown, operator: ComparisonOperator, right: unknown): boolean {
  const order = orderOf(left, right);
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      break;
  }
  return order <= 0;
}

function orderOf(leftValue: unknown, rightValue: unknown): number {
  const left = readOperand(leftValue);
  const right = readOperand(rightValue);
  const leftNumber = readEntraNumber(left);
  const rightNumber = readEntraNumber(right);
  if (leftNumber !== undefined && rightNumber !== undefined) return Math.sign(leftNumber - rightNumber);
  let leftText = readEntraText(left) ?? '';
  let rightText = readEntraText(right) ?? '';
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    leftText = leftText.toLowerCase();
    rightText = rightText.toLowerCase();
  }
  return leftText < rightText ? -1 : leftText > rightText ? 1 : 0;
}

/** A list is not its only value here, unlike elsewhere: it equals no text, as under JSONata's own operators. */
function readOperand(value: unknown): unknown {
  return Array.isArray(value) ? JSON.stringify(value) : value;
}

/** Whether a condition holds: a boolean, a number that is not zero, or the text `True` in any case. JSN-501 for other text. */
export function isTrue(value: unknown, functionName: string): boolean {
  if (typeof value === 'boolean') return value;
  const number = readEntraNumber(value);
  if (number !== undefined) return number !== 0;
  const text = (readEntraText(value) ?? '').trim().toLowerCase();
  if (text === 'true') return true;
  if (text === 'false' || text === '') return false;
  return failFunction('JSN-501', functionName, `${maskValue(value)} is neither true nor false nor a number`);
}

/** What takes the place of a value that must not flow. */
export const ignoreAttributeFlow = Object.freeze({ $flow: 'ignoreAttribute' });
export const ignoreObjectFlow = Object.freeze({ $flow: 'ignoreObject' });

function isFlowMark(value: unknown): boolean {
  return isRecord(value) && (value['$flow'] === 'ignoreAttribute' || value['$flow'] === 'ignoreObject');
}
