import type { Json } from '../../domain/canonical-json.ts';
import { bulkRequestSchema, coreUserSchema, enterpriseUserSchema } from '../../domain/payload.ts';

/** The ten people of a probe, by what each of them is for. */
export const parts = [
  'unchanged',
  'omitted',
  'null',
  'unmanaged',
  'empty',
  'withoutActive',
  'versions',
  'lateManager',
  'inactive',
  'coreOnly',
] as const;
export type Part = (typeof parts)[number];

/** What makes the ids of one probe. */
export interface Cast {
  /** Six characters, so that an id stays below the 16 that employeeId takes in an on-premises directory. */
  readonly suffix: string;
  /** Verified domain of the tenant; absent: user names go without one, and the job’s mapping has to add it. */
  readonly domain?: string;
}

/** `jp-k3x9qa-01` */
export function externalIdOf(cast: Cast, part: Part): string {
  return `${prefixOf(cast)}${String(parts.indexOf(part) + 1).padStart(2, '0')}`;
}

export function prefixOf(cast: Cast): string {
  return `jp-${cast.suffix}-`;
}

/** A value of an attribute, or that it is left out. */
export type Sent = { readonly [name: string]: Json | undefined };

/** The complete record of one of them; `undefined` leaves an attribute out, which is what some of them are for. */
export function recordOf(cast: Cast, part: Part, changes: Sent = {}): { readonly [name: string]: Json } {
  const id = externalIdOf(cast, part);
  const number = id.slice(-2);
  const { department, manager, schemas, ...rest } = changes;
  const enterprise = present({
    department: 'department' in changes ? department : 'Probe',
    manager: manager === undefined ? undefined : { value: manager },
  });
  return present({
    schemas: schemas ?? [coreUserSchema, enterpriseUserSchema],
    externalId: id,
    userName: cast.domain === undefined ? id : `${id}@${cast.domain}`,
    displayName: `Joinery probe ${number}`,
    name: { givenName: 'Joinery', familyName: `Probe ${number}` },
    title: 'Probe 1',
    active: true,
    ...(schemas === undefined ? { [enterpriseUserSchema]: enterprise } : {}),
    ...rest,
  });
}

function present(members: Sent): Record<string, Json> {
  return Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** The bytes of a bulk request. Source: graph-contract 1.3. */
export function bulkBytes(records: readonly { readonly [name: string]: Json }[]): Uint8Array {
  const Operations = records.map((data, index) => ({ method: 'POST', bulkId: `probe-${String(index + 1)}`, path: '/Users', data }));
  return new TextEncoder().encode(JSON.stringify({ schemas: [bulkRequestSchema], Operations }));
}
