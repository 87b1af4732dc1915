import type { Json } from '../domain/canonical-json.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import { isReadable, readAttribute } from '../entra/default-mapping.ts';
import type { DirectoryUser } from '../entra/directory.ts';
import { differences, managerPath } from '../scim/index.ts';
import { foldName } from './user-names.ts';

/** An attribute of which the account has another value than the ledger says. */
export interface AccountDifference {
  readonly path: AttributePath;
  /** undefined: the ledger says that it has none. */
  readonly ledger?: Json;
  /** undefined: the account has none. */
  readonly directory?: Json;
}

export interface AccountComparison {
  readonly differing: readonly AccountDifference[];
  /** Attributes of the payload that the directory cannot show under the default mapping. */
  readonly unreadable: readonly AttributePath[];
}

/** Never sent about the account itself. */
const apart: ReadonlySet<AttributePath> = new Set(['schemas', 'externalId']);

/**
 * Compares what an account shows with a payload, as far as the directory can show it. Only what the payload says counts: an attribute that it leaves out is nobody's claim. `emptied`: attributes
 * that were sent empty and of which nobody knew whether the account still has a value.
 */
export function compareAccount(payload: Payload, user: DirectoryUser, emptied: readonly AttributePath[] = []): AccountComparison {
  const differing: AccountDifference[] = [];
  const unreadable: AttributePath[] = [];
  for (const { path, new: value } of differences(undefined, payload)) {
    if (apart.has(path) || value === undefined) continue;
    if (path === 'active') {
      const enabled = user['accountEnabled'];
      // An account that does not say whether it is on proves no disable.
      if (typeof enabled !== 'boolean') unreadable.push(path);
      else if (enabled !== value) differing.push({ path, ledger: value, directory: enabled });
    } else if (path === 'userName') differing.push(...nameDifference(value, user['userPrincipalName']));
    else if (isReadable(path)) differing.push(...valueDifference(path, value, readAttribute(user, path)));
    else unreadable.push(path);
  }
  for (const path of emptied) {
    const directory = isReadable(path) ? readAttribute(user, path) : undefined;
    if (directory !== undefined && !differing.some((known) => known.path === path)) differing.push({ path, directory });
  }
  return { differing, unreadable };
}

/** A name without a domain is given the default one by the job's mapping, which is no difference. */
function nameDifference(value: Json, userPrincipalName: Json | undefined): AccountDifference[] {
  const [written, shown] = [textOf(value), textOf(userPrincipalName)].map(foldName);
  if (written === undefined || shown === undefined) return [];
  if (written === shown || (!written.includes('@') && shown.startsWith(`${written}@`))) return [];
  return [{ path: 'userName', ledger: value, ...(userPrincipalName === undefined ? {} : { directory: userPrincipalName }) }];
}

function valueDifference(path: AttributePath, value: Json, directory: Json | undefined): AccountDifference[] {
  const [written, shown] = [textOf(value), textOf(directory)];
  // Keys are compared without case by the directory.
  const isSame = path === managerPath ? written.toLowerCase() === shown.toLowerCase() : written === shown;
  if (isSame) return [];
  return [{ path, ...(written === '' ? {} : { ledger: value }), ...(directory === undefined ? {} : { directory }) }];
}

function textOf(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
