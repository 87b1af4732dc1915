import type { FunctionContext, FunctionDeclaration } from './declaration.ts';
import { failFunction, isAbsent, isRecord } from './arguments.ts';
import { readEntraInteger, readEntraList, readEntraText } from './entra-values.ts';

const group = 'Entra attribute mapping';
const reference = 'https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data';
const customising = 'https://learn.microsoft.com/entra/identity/app-provisioning/customize-application-attributes';
const list = { name: 'values', summary: 'a list; a single value is a list of one' } as const;
const assignments = { name: 'assignments', summary: 'a list of role names, or of objects with `value` and `displayName`' } as const;

/** The name of one app role: the text itself, or the value or displayName of the object. */
function roleName(role: unknown, functionName: string): string {
  const name = isRecord(role) ? (role['value'] ?? role['displayName'] ?? role['display']) : role;
  return typeof name === 'string'
    ? name
    : failFunction('JSN-501', functionName, 'a role is neither text nor an object with a value or a displayName');
}

function rolesAsObjects(functionName: string, label: 'display' | 'displayName'): () => (value: unknown) => unknown {
  return () => (value) =>
    readEntraList(value).map((role) => {
      const name = roleName(role, functionName);
      const shown = isRecord(role) && typeof role['displayName'] === 'string' ? role['displayName'] : name;
      return { primary: false, type: 'WindowsAzureActiveDirectoryRole', [label]: shown, value: name };
    });
}

/** The first candidate that is neither empty nor taken. */
function findFree(context: FunctionContext, candidates: readonly unknown[]): string | undefined {
  return candidates
    .flatMap(readEntraList)
    .map((candidate) => readEntraText(candidate) ?? '')
    .find((candidate) => candidate !== '' && context.isTaken?.(candidate) !== true);
}

export const entraListFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'entraCount',
    entra: 'Count',
    source: reference,
    signature: '<x:n>',
    group,
    purity: 'pure',
    summary: 'The number of values; 0 for nothing.',
    parameters: [list],
    implementation: () => (values) => readEntraList(values).length,
    examples: [
      { expression: '$entraCount(["a", "b", "c"])', result: 3 },
      { expression: '$entraCount(missing)', result: 0 },
    ],
  },
  {
    name: 'entraJoin',
    entra: 'Join',
    source: reference,
    signature: '<x+:s>',
    group,
    purity: 'pure',
    summary:
      'The values with a separator between them. Values that are nothing or empty are left out with their separator; a list contributes each of its values; a blank is kept.',
    parameters: [{ name: 'separator and sources', summary: 'the separator, then the values', repeated: true }],
    implementation:
      () =>
      (separator, ...sources) =>
        sources
          .flatMap(readEntraList)
          .map((value) => readEntraText(value) ?? '')
          .filter((text) => text !== '')
          .join(readEntraText(separator) ?? ''),
    examples: [
      { expression: '$entraJoin(", ", "", surname, given)', input: { given: 'John', surname: 'Doe' }, result: 'Doe, John' },
      { expression: '$entraJoin("-", "a", ["c", "d"], missing, "e")', result: 'a-c-d-e' },
    ],
  },
  {
    name: 'item',
    entra: 'Item',
    source: reference,
    signature: '<xx:x>',
    group,
    purity: 'pure',
    summary: 'One value of a list, counted from 1. An index outside the list is an error; nothing stays nothing.',
    parameters: [list, { name: 'index', summary: 'which value, from 1' }],
    implementation: () => (values, index) => {
      if (isAbsent(values)) return null;
      const members = readEntraList(values);
      const position = readEntraInteger(index, 'item', 'index') ?? 0;
      if (position < 1 || position > members.length) {
        return failFunction('JSN-508', 'item', `index ${String(position)} of a list of ${String(members.length)}`);
      }
      return members[position - 1];
    },
    examples: [
      { expression: '$item($entraSplit("user@contoso.com", "@"), 1)', result: 'user' },
      { expression: '$item(["a"], 2)', fails: 'JSN-508' },
    ],
  },
  {
    name: 'removeDuplicates',
    entra: 'RemoveDuplicates',
    source: reference,
    signature: '<x:a>',
    group,
    purity: 'pure',
    summary: 'Each value once, in the order of first appearance; case counts.',
    parameters: [list],
    implementation: () => (values) => (isAbsent(values) ? null : [...new Set(readEntraList(values))]),
    examples: [{ expression: '$removeDuplicates(["a", "b", "a"])', result: ['a', 'b'] }],
  },
  {
    name: 'entraSplit',
    entra: 'Split',
    source: reference,
    signature: '<xx?:a<s>>',
    group,
    purity: 'pure',
    summary: 'The parts between a delimiter, each without white space at its ends; empty parts stay.',
    parameters: [
      { name: 'source', summary: 'the text' },
      { name: 'delimiter', summary: 'one character; a comma if left out', optional: true },
    ],
    implementation: () => (source, delimiter) => {
      const text = readEntraText(source);
      if (text === undefined) return null;
      const mark = readEntraText(delimiter);
      return text.split(mark === undefined || mark === '' ? ',' : mark).map((part) => part.trim());
    },
    examples: [
      { expression: '$entraSplit("PermissionSetOne, PermissionSetTwo", ",")', result: ['PermissionSetOne', 'PermissionSetTwo'] },
      { expression: '$entraSplit("abc", ",")', result: ['abc'] },
    ],
  },
  {
    name: 'selectUniqueValue',
    entra: 'SelectUniqueValue',
    source: reference,
    signature: '<x+:s>',
    group,
    purity: 'lookup',
    summary:
      'The first candidate that is free in the target, compared without regard to case; empty ones are passed over. An error if all are taken. In Microsoft’s service only at the top of an expression and only at creation.',
    parameters: [
      { name: 'candidates', summary: 'values in the order of preference; a list contributes each of its values', repeated: true },
    ],
    implementation:
      (context) =>
      (...candidates) =>
        findFree(context, candidates) ?? failFunction('JSN-507', 'selectUniqueValue', 'every candidate is taken or empty'),
    examples: [
      { expression: '$selectUniqueValue("john.smith", "j.smith")', result: 'john.smith' },
      { expression: '$selectUniqueValue("john.smith", "j.smith")', taken: ['John.Smith'], result: 'j.smith' },
      { expression: '$selectUniqueValue("john.smith", "j.smith")', taken: ['john.smith', 'j.smith'], fails: 'JSN-507' },
    ],
  },
  {
    name: 'firstUnique',
    signature: '<x+:s>',
    group,
    purity: 'lookup',
    summary: 'As `$selectUniqueValue`, but nothing if all candidates are taken. With it, candidates can be computed one after the other.',
    parameters: [
      { name: 'candidates', summary: 'values in the order of preference; a list contributes each of its values', repeated: true },
    ],
    implementation:
      (context) =>
      (...candidates) =>
        findFree(context, candidates) ?? null,
    examples: [
      { expression: '$firstUnique("john.smith", "j.smith")', taken: ['John.Smith'], result: 'j.smith' },
      { expression: '$firstUnique("john.smith")', taken: ['John.Smith'], result: null },
    ],
  },
  {
    name: 'singleAppRoleAssignment',
    entra: 'SingleAppRoleAssignment',
    source: reference,
    signature: '<x:s>',
    group,
    purity: 'pure',
    summary:
      'The one app role of a user as text; nothing without a role, an error with several (Microsoft does not say which one would be taken).',
    parameters: [assignments],
    implementation: () => (value) => {
      const roles = readEntraList(value);
      if (roles.length > 1) return failFunction('JSN-501', 'singleAppRoleAssignment', `the user has ${String(roles.length)} roles`);
      return roles.length === 0 ? null : roleName(roles[0], 'singleAppRoleAssignment');
    },
    examples: [
      {
        expression: '$singleAppRoleAssignment(roles)',
        input: { roles: [{ value: 'Admin', displayName: 'Administrator' }] },
        result: 'Admin',
      },
      { expression: '$singleAppRoleAssignment(["A", "B"])', fails: 'JSN-501' },
    ],
  },
  {
    name: 'appRoleAssignmentsComplex',
    entra: 'AppRoleAssignmentsComplex',
    source: reference,
    signature: '<x:a<o>>',
    group,
    purity: 'pure',
    summary: 'The app roles as objects of a SCIM `roles` attribute, none of them primary.',
    parameters: [assignments],
    implementation: rolesAsObjects('appRoleAssignmentsComplex', 'displayName'),
    examples: [
      {
        expression: '$appRoleAssignmentsComplex(["Admin"])',
        result: [{ primary: false, type: 'WindowsAzureActiveDirectoryRole', displayName: 'Admin', value: 'Admin' }],
      },
    ],
  },
  {
    name: 'assertiveAppRoleAssignmentsComplex',
    entra: 'AssertiveAppRoleAssignmentsComplex',
    source: customising,
    signature: '<x:a<o>>',
    group,
    purity: 'pure',
    summary:
      'As `$appRoleAssignmentsComplex`, with `display` instead of `displayName`; the service sends it as a replacement of all roles.',
    parameters: [assignments],
    implementation: rolesAsObjects('assertiveAppRoleAssignmentsComplex', 'display'),
    examples: [
      {
        expression: '$assertiveAppRoleAssignmentsComplex(["User"])',
        result: [{ primary: false, type: 'WindowsAzureActiveDirectoryRole', display: 'User', value: 'User' }],
      },
    ],
  },
];
