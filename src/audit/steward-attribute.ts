import type { Json } from '../domain/canonical-json.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import { differences, managerPath } from '../scim/index.ts';

/** Codes that are about one attribute whatever their reason says. */
const attributeOfCode: readonly { readonly code: RegExp; readonly path: AttributePath }[] = [
  { code: /UserPrincipalName|InvalidDomain/i, path: 'userName' },
  { code: /UnableToResolveReferenceAttributeValue/, path: managerPath },
  { code: /JoiningProperty|SourceIdentifier|ImportSkipped|DuplicateTargetEntries|DuplicateSourceEntries/, path: 'externalId' },
];

/** What the directory calls attributes that have another name in SCIM. */
const directoryNames: Readonly<Record<string, AttributePath>> = {
  userprincipalname: 'userName',
  employeeid: 'externalId',
  surname: 'name.familyName',
  jobtitle: 'title',
  accountenabled: 'active',
};

/**
 * The attribute of the payload that a failure is about: by the code, by a value that the reason quotes, or by a name that stands in it. undefined: it does not say.
 * Pure.
 */
export function attributeInQuestion(
  code: string,
  reason: string,
  payload: Payload,
): { readonly path: AttributePath; readonly value: Json | undefined } | undefined {
  const leaves = differences(undefined, payload).map(({ path, new: value }) => ({ path, value }));
  const of = (path: AttributePath): { readonly path: AttributePath; readonly value: Json | undefined } => {
    return { path, value: leaves.find((leaf) => leaf.path === path)?.value };
  };
  const byCode = attributeOfCode.find((one) => one.code.test(code) || one.code.test(reason));
  if (byCode !== undefined) return of(byCode.path);
  const quoted = leaves.find(({ value }) => typeof value === 'string' && value.length >= 4 && reason.includes(value));
  if (quoted !== undefined) return quoted;
  const words = new Set(reason.toLowerCase().split(/[^a-z0-9_]+/));
  const renamed = Object.entries(directoryNames).find(([name]) => words.has(name));
  if (renamed !== undefined) return of(renamed[1]);
  return leaves.find(({ path }) => words.has((/[^.:]+$/.exec(path)?.[0] ?? path).toLowerCase()));
}
