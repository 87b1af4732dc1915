import type { FunctionDeclaration } from './declaration.ts';
import { failFunction, readOption } from './arguments.ts';
import { maskValue } from '../../domain/masking.ts';
import { compareEntra, comparisonOperators, isNullOrEmpty, isTrue, readEntraNumber, readEntraText } from './entra-values.ts';
import { isAbsent } from './arguments.ts';

const group = 'Entra attribute mapping';
const reference = 'https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data';
const value = { name: 'value', summary: 'any value' } as const;

function readBits(argument: unknown, parameter: string): bigint {
  const number = readEntraNumber(argument);
  if (number !== undefined && Number.isSafeInteger(number)) return BigInt(number);
  return failFunction('JSN-501', 'bitAnd', `${parameter} must be a whole number, not ${maskValue(argument)}`);
}

export const entraConvertFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'bitAnd',
    entra: 'BitAnd',
    source: reference,
    signature: '<xx:n>',
    group,
    purity: 'pure',
    summary: 'The bits that both whole numbers have. Text may be a number, also `&HF`.',
    parameters: [
      { name: 'left', summary: 'a whole number' },
      { name: 'right', summary: 'a whole number' },
    ],
    implementation: () => (left, right) => Number(readBits(left, 'left') & readBits(right, 'right')),
    examples: [
      { expression: '$bitAnd(15, 247)', result: 7 },
      { expression: '$bitAnd("&HF", "&HF7")', result: 7 },
      { expression: '$bitAnd(514, 2) > 0', result: true },
    ],
  },
  {
    name: 'cBool',
    entra: 'CBool',
    source: reference,
    signature: '<x:b>',
    group,
    purity: 'pure',
    summary:
      'True for a number that is not zero, for true and for the text `True`; false for zero, `False`, empty text and nothing. Other text is an error.',
    parameters: [value],
    implementation: () => (argument) => isTrue(argument, 'cBool'),
    examples: [
      { expression: '$cBool(a = b)', input: { a: 'same', b: 'same' }, result: true },
      { expression: '$cBool(0)', result: false },
      { expression: '$cBool("maybe")', fails: 'JSN-501' },
    ],
  },
  {
    name: 'cStr',
    entra: 'CStr',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary: 'The value as text; booleans become `True` and `False`. Nothing stays nothing.',
    parameters: [value],
    implementation: () => (argument) => readEntraText(argument) ?? null,
    examples: [
      { expression: '$cStr(42)', result: '42' },
      { expression: '$cStr(true)', result: 'True' },
    ],
  },
  {
    name: 'convertToBase64',
    entra: 'ConvertToBase64',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary: 'The text as UTF-16 (little endian, no mark) in Base64.',
    parameters: [{ name: 'source', summary: 'the text' }],
    implementation: () => (argument) => {
      const text = readEntraText(argument);
      return text === undefined ? null : Buffer.from(text, 'utf16le').toString('base64');
    },
    examples: [{ expression: '$convertToBase64("Hello world!")', result: 'SABlAGwAbABvACAAdwBvAHIAbABkACEA' }],
  },
  {
    name: 'convertFromBase64',
    entra: 'ConvertFromBase64',
    source: 'https://learn.microsoft.com/entra/identity/hybrid/cloud-sync/reference-expressions',
    signature: '<x(sl)?:s>',
    group,
    purity: 'pure',
    summary: 'The text that Base64 encodes, as UTF-16 or, if stated, as UTF-8. Cloud Sync only.',
    parameters: [
      { name: 'source', summary: 'Base64' },
      { name: 'encoding', summary: '`UTF8`; UTF-16 if left out', optional: true },
    ],
    implementation: () => (argument, encoding) => {
      const text = readEntraText(argument);
      if (text === undefined) return null;
      const name = readOption(encoding, ['UTF8', 'Unicode'], 'convertFromBase64', 'encoding');
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
        return failFunction('JSN-501', 'convertFromBase64', `${maskValue(text)} is not Base64`);
      }
      return Buffer.from(text, 'base64').toString(name === 'UTF8' ? 'utf8' : 'utf16le');
    },
    examples: [
      { expression: '$convertFromBase64("SABlAGwAbABvACAAdwBvAHIAbABkACEA")', result: 'Hello world!' },
      { expression: '$convertFromBase64("SGVsbG8gd29ybGQh", "UTF8")', result: 'Hello world!' },
    ],
  },
  {
    name: 'convertToUTF8Hex',
    entra: 'ConvertToUTF8Hex',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary: 'The UTF-8 bytes of the text as capital hexadecimal digits.',
    parameters: [{ name: 'source', summary: 'the text' }],
    implementation: () => (argument) => {
      const text = readEntraText(argument);
      return text === undefined ? null : Buffer.from(text, 'utf8').toString('hex').toUpperCase();
    },
    examples: [{ expression: '$convertToUTF8Hex("Hello world!")', result: '48656C6C6F20776F726C6421' }],
  },
  {
    name: 'isNull',
    entra: 'IsNull',
    source: reference,
    signature: '<x:b>',
    group,
    purity: 'pure',
    summary: 'Whether the value is nothing (or null, or a list without values). The empty text is not.',
    parameters: [value],
    implementation: () => (argument) => isAbsent(argument) || (Array.isArray(argument) && argument.every(isAbsent)),
    examples: [
      { expression: '$isNull(name)', input: {}, result: true },
      { expression: '$isNull("")', result: false },
    ],
  },
  {
    name: 'isNullOrEmpty',
    entra: 'IsNullOrEmpty',
    source: reference,
    signature: '<x:b>',
    group,
    purity: 'pure',
    summary: 'Whether the value is nothing or the empty text. A blank is not.',
    parameters: [value],
    implementation: () => isNullOrEmpty,
    examples: [
      { expression: '$isNullOrEmpty(name)', input: { name: '' }, result: true },
      { expression: '$isNullOrEmpty(" ")', result: false },
    ],
  },
  {
    name: 'isPresent',
    entra: 'IsPresent',
    source: reference,
    signature: '<x:b>',
    group,
    purity: 'pure',
    summary: 'The opposite of `$isNullOrEmpty`.',
    parameters: [value],
    implementation: () => (argument) => !isNullOrEmpty(argument),
    examples: [{ expression: '$isPresent(name)', input: { name: 'x' }, result: true }],
  },
  {
    name: 'isString',
    entra: 'IsString',
    source: reference,
    signature: '<x:b>',
    group,
    purity: 'pure',
    summary: 'Whether the value is text.',
    parameters: [value],
    implementation: () => (argument) => typeof argument === 'string',
    examples: [
      { expression: '$isString("5")', result: true },
      { expression: '$isString(5)', result: false },
    ],
  },
  {
    name: 'entraNot',
    entra: 'Not',
    source: reference,
    signature: '<x:b>',
    group,
    purity: 'pure',
    summary: 'False for true and for the text `True` in any case, and true for anything else, also for nothing and for the empty text.',
    parameters: [value],
    implementation: () => (argument) => (readEntraText(argument) ?? '').toLowerCase() !== 'true',
    examples: [
      { expression: '$entraNot("True")', result: false },
      { expression: '$entraNot("abc")', result: true },
    ],
  },
  {
    name: 'entraText',
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary:
      'The value as Switch compares it: nothing is the empty text, numbers and booleans are text (`True`, `False`). What an imported Switch reads its source with.',
    parameters: [value],
    implementation: () => (argument) => readEntraText(argument) ?? '',
    examples: [
      { expression: '$entraText(missing)', result: '' },
      { expression: '$entraText(true)', result: 'True' },
    ],
  },
  {
    name: 'entraCompare',
    signature: '<xsx:b>',
    group,
    purity: 'pure',
    summary:
      'Compares as an IIF condition does: nothing is the empty text, values that are numbers compare as numbers, anything else as text in which case counts. Operators: `=` `<>` `>` `>=` `<` `<=`.',
    parameters: [
      { name: 'left', summary: 'any value' },
      { name: 'operator', summary: 'one of the six operators' },
      { name: 'right', summary: 'any value' },
    ],
    implementation: () => (left, operator, right) =>
      compareEntra(left, readOption(operator, comparisonOperators, 'entraCompare', 'operator') ?? '=', right),
    examples: [
      { expression: '$entraCompare(status, "=", 1)', input: { status: '1' }, result: true },
      { expression: '$entraCompare("10", ">", "9")', result: true },
      { expression: '$entraCompare("a", "=", "A")', result: false },
      { expression: '$entraCompare(missing, "=", "")', result: true },
      { expression: '$entraCompare(1, "==", 1)', fails: 'JSN-506' },
    ],
  },
];
