import type { FunctionDeclaration } from './declaration.ts';
import { failFunction, isAbsent } from './arguments.ts';
import { readEntraText } from './entra-values.ts';
import { extractGroup, replaceGroup, replaceMatches } from './dotnet/regex-replace.ts';

const reference = 'https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data';
const name = 'entraReplace';

/** The seven positions of Replace; which are present decides what it does. */
function replace(
  sourceValue: unknown,
  oldValue: unknown,
  pattern: unknown,
  groupName: unknown,
  replacementValue: unknown,
  replacementAttribute: unknown,
  template: unknown,
  attributeGiven: boolean,
): string | null {
  const source = readEntraText(sourceValue);
  const regex = readEntraText(pattern);
  const group = readEntraText(groupName);
  const replacement = readEntraText(replacementValue);
  const old = readEntraText(oldValue);
  if (regex !== undefined && group !== undefined && attributeGiven && replacement === undefined) {
    if (source !== undefined && source !== '') return source;
    const other = readEntraText(replacementAttribute);
    return (other === undefined ? undefined : extractGroup(other, regex, group, name)) ?? source ?? null;
  }
  if (source === undefined) return null;
  if (regex !== undefined && replacement !== undefined) {
    return group === undefined || group === ''
      ? replaceMatches(source, regex, replacement, name)
      : replaceGroup(source, regex, group, replacement, name);
  }
  if (old === undefined)
    return failFunction('JSN-501', name, 'nothing says what to replace: neither oldValue nor regexPattern with replacementValue is given');
  if (old === '') return failFunction('JSN-501', name, 'oldValue must not be empty');
  const text = readEntraText(template);
  if (text !== undefined && replacement === undefined) return text.replaceAll(old, () => source);
  if (replacement === undefined)
    return failFunction('JSN-501', name, 'nothing says what takes the place: neither replacementValue nor template is given');
  return source.replaceAll(old, () => replacement);
}

export const entraReplaceFunctions: readonly FunctionDeclaration[] = [
  {
    name,
    entra: 'Replace',
    source: reference,
    signature: '<xx?x?x?x?x?x?:s>',
    group: 'Entra attribute mapping',
    purity: 'pure',
    summary:
      'Replaces by position, case counts. oldValue with replacementValue: every occurrence in the source. oldValue with template: every occurrence in the template, by the source. ' +
      'regexPattern with replacementValue: every match, with `${group}`; with regexGroupName only the text of that group. regexPattern with regexGroupName and replacementAttribute: ' +
      'the source if it is not empty, otherwise the group in that attribute. If both oldValue and a regex are given, the regex wins. Patterns are .NET’s; what JavaScript cannot run with the same result is refused.',
    parameters: [
      { name: 'source', summary: 'the text' },
      { name: 'oldValue', summary: 'literal text to find', optional: true },
      { name: 'regexPattern', summary: 'a regular expression of .NET', optional: true },
      { name: 'regexGroupName', summary: 'a named group of it', optional: true },
      { name: 'replacementValue', summary: 'what takes the place', optional: true },
      { name: 'replacementAttribute', summary: 'the value of another attribute', optional: true },
      { name: 'template', summary: 'text in which the source takes the place of oldValue', optional: true },
    ],
    implementation: () => (source, oldValue, pattern, group, replacement, attribute, template) =>
      // An attribute that is nothing cannot be told from one that was left out; without a replacement only mode five makes sense.
      replace(source, oldValue, pattern, group, replacement, attribute, template, isAbsent(replacement)),
    examples: [
      { expression: '$entraReplace("EN-US", "-", null, null, "_")', result: 'EN_US' },
      {
        expression: '$entraReplace("jsmith", "<username>", null, null, null, null, "<username>@contoso.com")',
        result: 'jsmith@contoso.com',
      },
      {
        expression:
          String.raw`$entraReplace("+91 9998887777", null, "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", null, "\${phoneNumber}")`.replace(
            '\\$',
            '$',
          ),
        result: '9998887777',
      },
      {
        expression: String.raw`$entraReplace("545 Tremont Street", null, "(?<streetNumber>^\\d*)", "streetNumber", "888")`,
        result: '888 Tremont Street',
      },
      {
        expression: String.raw`$entraReplace("", null, "\\+(?<isd>\\d* )(?<phone>\\d{10})", "phone", null, mobile)`,
        input: { mobile: '+91 8887779999' },
        result: '8887779999',
      },
      { expression: '$entraReplace("aaaa", null, "(a+)+$", null, "")', fails: 'JSN-509' },
      { expression: '$entraReplace("a")', fails: 'JSN-501' },
    ],
  },
];
