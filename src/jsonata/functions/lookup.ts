import type { FunctionDeclaration } from './declaration.ts';
import { isAbsent, isRecord, readText } from './arguments.ts';

/**
 * JSONata's own `$lookup`, extended: a third argument is what is returned when the key is not found or is nothing, and numbers and
 * null are admitted as keys (a code column may be an integer). Inherited names such as `constructor` are not found.
 */
function lookUp(table: unknown, key: string | undefined): unknown {
  if (key === undefined) return undefined;
  if (Array.isArray(table)) {
    const found: unknown[] = [];
    for (const item of table) {
      const value = lookUp(item, key);
      if (Array.isArray(value)) for (const member of value) found.push(member);
      else if (value !== undefined) found.push(value);
    }
    return found.length > 1 ? found : found[0];
  }
  return isRecord(table) && Object.hasOwn(table, key) ? table[key] : undefined;
}

const lookup: FunctionDeclaration = {
  name: 'lookup',
  signature: '<x-(snl)x?:x>',
  group: 'lookups',
  purity: 'pure',
  summary:
    "The value of a key in a table (an object keyed by code), or the stated default if the key is not in it or is nothing. Extends JSONata's own function of this name, " +
    'which has no default and takes text only; with two arguments and a text key both give the same.',
  parameters: [
    { name: 'table', summary: 'an object keyed by code, or a list of them; the context if left out' },
    { name: 'key', summary: 'the code, text or number' },
    { name: 'default', summary: 'what to return when the key is not found; nothing if left out', optional: true },
  ],
  implementation: () => (table, key, otherwise) => {
    const found = lookUp(table, isAbsent(key) ? undefined : readText(key, 'lookup', 'key'));
    return found === undefined ? otherwise : found;
  },
  examples: [
    { expression: '$lookup(departments, "10")', input: { departments: { '10': 'Sales' } }, result: 'Sales' },
    {
      expression: '$lookup($departments, code, "Unknown")',
      bindings: { departments: { '10': 'Sales' } },
      input: { code: 99 },
      result: 'Unknown',
    },
    { expression: '$lookup($departments, code)', bindings: { departments: { '10': 'Sales' } }, input: { code: 10 }, result: 'Sales' },
    { expression: '$lookup($departments, code, "None")', bindings: { departments: {} }, input: {}, result: 'None' },
    { expression: '$lookup({"a": 1}, "constructor")', result: null },
  ],
};

export const lookupFunctions: readonly FunctionDeclaration[] = [lookup];
