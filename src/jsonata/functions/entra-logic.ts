import type { FunctionDeclaration } from './declaration.ts';
import { failFunction, isAbsent } from './arguments.ts';
import { ignoreAttributeFlow, ignoreObjectFlow, isNullOrEmpty, isTrue, readEntraText } from './entra-values.ts';

const group = 'Entra attribute mapping';
const reference = 'https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data';
const guides = 'https://learn.microsoft.com/entra/identity/app-provisioning/workday-expression-mapping-functions-guide';

/** The value of the first key that equals the source, else the default. JSN-501 unless keys and values come in pairs. */
function chooseValue(source: unknown, otherwise: unknown, pairs: readonly unknown[]): unknown {
  if (pairs.length % 2 !== 0) failFunction('JSN-501', 'switch', 'keys and values must come in pairs');
  const text = readEntraText(source) ?? '';
  for (let index = 0; index < pairs.length; index += 2) {
    if ((readEntraText(pairs[index]) ?? '') === text) return pairs[index + 1] ?? null;
  }
  return otherwise ?? null;
}

export const entraLogicFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'coalesce',
    entra: 'Coalesce',
    source: reference,
    signature: '<x+:x>',
    group,
    purity: 'pure',
    summary: 'The first value that is not nothing; the empty text counts as a value. The last one is the default.',
    parameters: [{ name: 'values', summary: 'values in the order of preference', repeated: true }],
    implementation:
      () =>
      (...values) =>
        values.find((value) => !isAbsent(value)) ?? null,
    examples: [
      { expression: '$coalesce(mail, upn, "none")', input: { upn: 'John.Doe@contoso.com' }, result: 'John.Doe@contoso.com' },
      { expression: '$coalesce(mail, "")', input: { mail: null }, result: '' },
    ],
  },
  {
    name: 'iif',
    entra: 'IIF',
    source: reference,
    signature: '<xxx:x>',
    group,
    purity: 'pure',
    summary: "One of two values. Both are evaluated; JSONata's own `condition ? a : b`, which the importer writes, evaluates only one.",
    parameters: [
      { name: 'condition', summary: 'a boolean, a number, or the text `True` or `False`' },
      { name: 'then', summary: 'the value if it holds' },
      { name: 'else', summary: 'the value if not' },
    ],
    implementation: () => (condition, yes, no) => (isTrue(condition, 'iif') ? yes : no) ?? null,
    examples: [{ expression: '$iif(country = "USA", "domestic", "abroad")', input: { country: 'USA' }, result: 'domestic' }],
  },
  {
    name: 'switch',
    entra: 'Switch',
    source: reference,
    // A signature cannot say "then pairs of anything", so the pairs are one repeated parameter.
    signature: '<xxx+:x>',
    group,
    purity: 'pure',
    summary:
      'The value of the first key that equals the source as text, case counts; the key `""` also catches nothing. All values are evaluated; the importer writes a chain of conditions instead, which evaluates only what it needs.',
    parameters: [
      { name: 'source', summary: 'the value to look at' },
      { name: 'default', summary: 'what to return without a match; may be nothing' },
      { name: 'pairs', summary: 'key, value, key, value, …', repeated: true },
    ],
    implementation:
      () =>
      (source, otherwise, ...pairs) =>
        chooseValue(source, otherwise, pairs),
    examples: [
      {
        expression: '$switch(state, "Australia/Sydney", "NSW", "Australia/Sydney", "QLD", "Australia/Brisbane")',
        input: { state: 'QLD' },
        result: 'Australia/Brisbane',
      },
      { expression: '$switch(flag, "other", "", "empty")', input: {}, result: 'empty' },
      { expression: '$switch(flag, null, "1", "True")', input: { flag: 2 }, result: null },
      { expression: '$switch("a", "b", "c")', fails: 'JSN-501' },
    ],
  },
  {
    name: 'ignoreFlowIfNullOrEmpty',
    entra: 'IgnoreFlowIfNullOrEmpty',
    source: reference,
    signature: '<x:x>',
    group,
    purity: 'pure',
    summary: 'The value, or the mark `{"$flow": "ignoreAttribute"}` if it is nothing or empty: the attribute is left out.',
    parameters: [{ name: 'value', summary: 'any value' }],
    implementation: () => (value) => (isNullOrEmpty(value) ? ignoreAttributeFlow : value),
    examples: [
      { expression: '$ignoreFlowIfNullOrEmpty(department)', input: { department: '' }, result: { $flow: 'ignoreAttribute' } },
      { expression: '$ignoreFlowIfNullOrEmpty("Sales")', result: 'Sales' },
    ],
  },
  {
    name: 'ignoreAttributeFlow',
    entra: 'IgnoreAttributeFlow',
    source: guides,
    signature: '<:o>',
    group,
    purity: 'pure',
    summary: 'The mark that leaves the attribute out; a bare keyword in Microsoft’s language.',
    parameters: [],
    implementation: () => () => ignoreAttributeFlow,
    examples: [{ expression: '$ignoreAttributeFlow()', result: { $flow: 'ignoreAttribute' } }],
  },
  {
    name: 'ignoreObjectFlow',
    entra: 'IgnoreObjectFlow',
    source: guides,
    signature: '<:o>',
    group,
    purity: 'pure',
    summary: 'The mark that skips the whole worker; a bare keyword in Microsoft’s language.',
    parameters: [],
    implementation: () => () => ignoreObjectFlow,
    examples: [{ expression: '$ignoreObjectFlow()', result: { $flow: 'ignoreObject' } }],
  },
  {
    name: 'redact',
    entra: 'Redact',
    source: reference,
    signature: '<x:x>',
    group,
    purity: 'pure',
    summary:
      'The value itself. In Microsoft’s service the provisioning log shows `[Redact]` in its place; here values are masked by their attribute’s class.',
    parameters: [{ name: 'value', summary: 'any value' }],
    implementation: () => (value) => value ?? null,
    examples: [{ expression: '$redact("secret")', result: 'secret' }],
  },
];
