/** What a function returns, as far as conditions can use it. */
type ResultKind = 'text' | 'number' | 'boolean' | 'any';

export interface EntraFunction {
  /** As documented. */
  readonly name: string;
  /** The name in the function library; undefined for what the importer writes as JSONata itself. */
  readonly library: string | undefined;
  readonly least: number;
  readonly most: number;
  readonly result: ResultKind;
  /** Whether a value can make it fail, which decides what must not be evaluated ahead of need. */
  readonly fails: boolean;
}

const entry = (
  name: string,
  library: string | undefined,
  least: number,
  most: number,
  result: ResultKind = 'text',
  fails = false,
): EntraFunction => ({
  name,
  library,
  least,
  most,
  result,
  fails,
});

const many = Number.POSITIVE_INFINITY;

const functions: readonly EntraFunction[] = [
  entry('Append', 'entraAppend', 2, 2),
  entry('AppRoleAssignmentsComplex', 'appRoleAssignmentsComplex', 1, 1, 'any', true),
  entry('AssertiveAppRoleAssignmentsComplex', 'assertiveAppRoleAssignmentsComplex', 1, 1, 'any', true),
  entry('BitAnd', 'bitAnd', 2, 2, 'number', true),
  entry('CBool', 'cBool', 1, 1, 'boolean', true),
  entry('CDate', 'cDate', 1, 1, 'text', true),
  entry('Coalesce', 'coalesce', 1, many, 'any'),
  entry('ConvertFromBase64', 'convertFromBase64', 1, 2, 'text', true),
  entry('ConvertToBase64', 'convertToBase64', 1, 1),
  entry('ConvertToUTF8Hex', 'convertToUTF8Hex', 1, 1),
  entry('Count', 'entraCount', 1, 1, 'number'),
  entry('CStr', 'cStr', 1, 1),
  entry('DateAdd', 'entraDateAdd', 3, 3, 'text', true),
  entry('DateDiff', 'entraDateDiff', 3, 3, 'number', true),
  entry('DateFromNum', 'dateFromNum', 1, 1, 'text', true),
  entry('Error', undefined, 1, 1, 'any', true),
  entry('FormatDateTime', 'formatDateTime', 3, 4, 'text', true),
  entry('Guid', 'guid', 0, 0),
  entry('IgnoreFlowIfNullOrEmpty', 'ignoreFlowIfNullOrEmpty', 1, 1, 'any'),
  entry('IIF', undefined, 3, 3, 'any', true),
  entry('InStr', 'inStr', 2, 4, 'number', true),
  entry('IsNothing', 'isNull', 1, 1, 'boolean'),
  entry('IsNull', 'isNull', 1, 1, 'boolean'),
  entry('IsNullOrEmpty', 'isNullOrEmpty', 1, 1, 'boolean'),
  entry('IsPresent', 'isPresent', 1, 1, 'boolean'),
  entry('IsString', 'isString', 1, 1, 'boolean'),
  entry('Item', 'item', 2, 2, 'any', true),
  entry('Join', 'entraJoin', 2, many),
  entry('Left', 'left', 2, 2),
  // Two arguments are printed once, for Cloud Sync.
  entry('Mid', 'mid', 2, 3),
  entry('NormalizeDiacritics', 'normalizeDiacritics', 1, 1),
  entry('Not', 'entraNot', 1, 1, 'boolean'),
  entry('Now', 'entraNow', 0, 0),
  entry('NumFromDate', 'numFromDate', 1, 1, 'text', true),
  entry('PCase', 'pCase', 1, 2),
  entry('RandomString', 'randomString', 5, 6, 'text', true),
  entry('Redact', 'redact', 1, 1, 'any'),
  entry('RemoveDuplicates', 'removeDuplicates', 1, 1, 'any'),
  entry('Replace', 'entraReplace', 3, 7),
  entry('SelectUniqueValue', 'selectUniqueValue', 2, many, 'text', true),
  entry('SingleAppRoleAssignment', 'singleAppRoleAssignment', 1, 1, 'text', true),
  entry('Split', 'entraSplit', 1, 2, 'any'),
  entry('StripSpaces', 'stripSpaces', 1, 1),
  entry('Switch', undefined, 4, many, 'any', true),
  entry('ToLower', 'toLower', 1, 2),
  entry('ToUpper', 'toUpper', 1, 2),
  entry('Trim', 'entraTrim', 1, 1, 'any'),
  entry('Word', 'word', 3, 3),
];

const byName = new Map(functions.map((one) => [one.name.toLowerCase(), one]));

/** The function of that name in any case, or undefined. */
export function findEntraFunction(name: string): EntraFunction | undefined {
  return byName.get(name.toLowerCase());
}

/** Names that other engines or older schemas have, and what to do about each. */
const foreignFunctions: Readonly<Record<string, string>> = {
  approleassignments: 'it is gone from the provisioning service; use SingleAppRoleAssignment or AppRoleAssignmentsComplex',
  contains: 'Cloud Sync and Connect Sync have it; use InStr(text, part) > 0, in JSONata $contains(text, part)',
  cnum: 'Connect Sync has it; in JSONata use $number(text)',
  cref: 'it makes a reference in Connect Sync; map the key of the other object instead',
  defaultdomain: "it is the tenant's default domain, which only the provisioning service knows; state it in the pipeline",
  dncomponent: 'Cloud Sync and Connect Sync have it; use Word and Replace on the distinguished name',
  dncomponentrev: 'Connect Sync has it; use Word and Replace on the distinguished name',
  escapedncomponent: 'Connect Sync has it; distinguished names do not occur in Entra ID',
  len: 'it does not exist in the provisioning service; in JSONata use $length(text)',
  length: 'it does not exist in the provisioning service; in JSONata use $length(text)',
  prepend: 'older schemas list it; in JSONata write prefix & source',
  right: 'Connect Sync has it; in JSONata use $substring(text, -n)',
  stringfromguid: 'Connect Sync has it; there are no binary values here',
  stringfromsid: 'Cloud Sync and Connect Sync have it; there are no binary values here',
  validatefromswitch: 'no public text knows it',
};

/** Why a function that is no function of the provisioning service has no equivalent; undefined for a name nobody knows. */
export function adviseOnForeignFunction(name: string): string | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(foreignFunctions, key) ? foreignFunctions[key] : undefined;
}

export const flowKeywords = ['IgnoreAttributeFlow', 'IgnoreObjectFlow'] as const;

/** Bare words that stand for themselves as arguments. */
export const enumerationWords: readonly string[] = ['vbBinaryCompare', 'vbTextCompare', 'UTF8', 'Unicode'];
