import { randomInt } from 'node:crypto';
import { failFunction } from './arguments.ts';
import type { FunctionContext, FunctionDeclaration } from './declaration.ts';
import { readEntraInteger, readEntraText } from './entra-values.ts';

const group = 'Entra attribute mapping';
const reference = 'https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data';

/** The characters of the Windows complexity policy. */
const characterClasses = {
  numbers: '0123456789',
  specials: '~!@#$%^&*_-+=`|\\(){}[]:;"\'<>,.?/',
  capitals: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  small: 'abcdefghijklmnopqrstuvwxyz',
};

/** A whole number below the bound, from the context's generator or, if it has none, from the system's secure one. */
function drawBelow(context: FunctionContext, bound: number): number {
  return context.random === undefined ? randomInt(bound) : Math.min(bound - 1, Math.floor(context.random() * bound));
}

function pick(context: FunctionContext, characters: string): string {
  return characters.charAt(drawBelow(context, characters.length));
}

/** Random text with at least the stated number of each kind; what is over comes from the kinds that were asked for, or from all. */
function composeRandomText(context: FunctionContext, length: number, minimums: readonly number[], avoid: string): string {
  const name = 'randomString';
  const total = minimums.reduce((sum, minimum) => sum + minimum, 0);
  if (length < 1 || length > 256) return failFunction('JSN-506', name, 'length must be from 1 to 256');
  if (minimums.some((minimum) => minimum < 0)) return failFunction('JSN-506', name, 'a minimum must not be negative');
  if (total > length)
    return failFunction('JSN-506', name, `the minimums add up to ${String(total)}, more than the length ${String(length)}`);
  const kinds = Object.values(characterClasses).map((characters) =>
    Array.from(characters)
      .filter((character) => !avoid.includes(character))
      .join(''),
  );
  const chosen: string[] = [];
  for (const [index, characters] of kinds.entries()) {
    const minimum = minimums[index] ?? 0;
    if (minimum > 0 && characters === '') return failFunction('JSN-506', name, 'every character of a required kind is to be avoided');
    for (let count = 0; count < minimum; count++) chosen.push(pick(context, characters));
  }
  const asked = kinds.filter((_, index) => (minimums[index] ?? 0) > 0).join('');
  const pool = asked === '' ? kinds.join('') : asked;
  if (pool === '') return failFunction('JSN-506', name, 'every character is to be avoided');
  while (chosen.length < length) chosen.push(pick(context, pool));
  for (let index = chosen.length - 1; index > 0; index--) {
    const other = drawBelow(context, index + 1);
    const held = chosen[index] ?? '';
    chosen[index] = chosen[other] ?? '';
    chosen[other] = held;
  }
  return chosen.join('');
}

/** A GUID of version 4 in small letters with hyphens. */
function composeGuid(context: FunctionContext): string {
  const bytes = Array.from({ length: 16 }, () => drawBelow(context, 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const minimum = (kind: string): string => `how many ${kind} at least`;

export const randomFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'guid',
    entra: 'Guid',
    source: reference,
    signature: '<:s>',
    group,
    purity: 'random',
    summary: 'A random GUID in small letters with hyphens. Another one at each evaluation: a mapping that uses it never settles.',
    parameters: [],
    implementation: (context) => () => composeGuid(context),
    examples: [{ expression: '$guid()', matches: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' }],
  },
  {
    name: 'randomString',
    entra: 'RandomString',
    source: reference,
    signature: '<xxxxxx?:s>',
    group,
    purity: 'random',
    summary:
      'Random text of a length up to 256 with at least the stated number of each kind, in random order. Where more is needed than the minimums, it comes from the kinds that were asked for (from all if none was).',
    parameters: [
      { name: 'length', summary: 'number of characters' },
      { name: 'numbers', summary: minimum('digits') },
      { name: 'specials', summary: minimum('special characters') },
      { name: 'capitals', summary: minimum('capital letters') },
      { name: 'small', summary: minimum('small letters') },
      { name: 'avoid', summary: 'characters that must not appear', optional: true },
    ],
    implementation:
      (context) =>
      (length, ...rest) =>
        composeRandomText(
          context,
          readEntraInteger(length, 'randomString', 'length') ?? 0,
          [0, 1, 2, 3].map((index) => readEntraInteger(rest[index], 'randomString', 'a minimum') ?? 0),
          readEntraText(rest[4]) ?? '',
        ),
    examples: [
      { expression: '$randomString(6, 3, 0, 0, 3)', matches: '^(?=(?:[^0-9]*[0-9]){3})[0-9a-z]{6}$' },
      { expression: '$randomString(4, 0, 0, 4, 0, "XYZ")', matches: '^[A-W]{4}$' },
      { expression: '$randomString(3, 2, 2, 0, 0)', fails: 'JSN-506' },
      { expression: '$randomString(3, 1, 0, 0, 0, "0123456789")', fails: 'JSN-506' },
    ],
  },
];
