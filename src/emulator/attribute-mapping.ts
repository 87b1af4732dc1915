import type { Json } from '../domain/canonical-json.ts';
import { enterpriseUserSchema, type AttributePath } from '../domain/payload.ts';
import type { JsonObject } from './json.ts';
import { readSource, type SourceValue } from './scim-source.ts';
import type { EmulatorSwitches } from './switches.ts';

/** One row of the job's attribute mapping. The target is a property name of Graph's user, a dot steps into an object. */
export interface AttributeMapping {
  readonly source: AttributePath;
  readonly target: string;
  /** Applied at creation only where the source has no value. */
  readonly defaultValue?: string;
  /** Only during object creation. */
  readonly objectAddOnly?: boolean;
}

/**
 * The default mapping of API2AAD as far as it is certain or likely (contract, section 5). Organization, cost center, division
 * and user type are not mapped, mail cannot be set. The manager is a reference and handled apart.
 */
export const defaultMappings: readonly AttributeMapping[] = [
  { source: 'externalId', target: 'employeeId' },
  { source: 'userName', target: 'userPrincipalName' },
  { source: 'userName', target: 'mailNickname' },
  { source: 'active', target: 'accountEnabled' },
  { source: 'displayName', target: 'displayName' },
  { source: 'name.givenName', target: 'givenName' },
  { source: 'name.familyName', target: 'surname' },
  { source: 'title', target: 'jobTitle' },
  { source: 'preferredLanguage', target: 'preferredLanguage' },
  { source: `${enterpriseUserSchema}:department`, target: 'department' },
  { source: 'addresses[type eq "work"].streetAddress', target: 'streetAddress' },
  { source: 'addresses[type eq "work"].locality', target: 'city' },
  { source: 'addresses[type eq "work"].region', target: 'state' },
  { source: 'addresses[type eq "work"].postalCode', target: 'postalCode' },
  { source: 'addresses[type eq "work"].country', target: 'country' },
  { source: 'phoneNumbers[type eq "work"].value', target: 'telephoneNumber' },
];

/** Targets that a mapping may name. Another one is "not a valid propertyName" in the logs. */
export const writableTargets: ReadonlySet<string> = new Set([
  ...defaultMappings.map((mapping) => mapping.target),
  'companyName', 'employeeType', 'employeeHireDate', 'employeeLeaveDateTime', 'employeeOrgData.costCenter', 'employeeOrgData.division',
  'usageLocation', 'mobilePhone', 'officeLocation', 'faxNumber', 'mail', 'otherMails',
  ...Array.from({ length: 15 }, (_, index) => `onPremisesExtensionAttributes.extensionAttribute${String(index + 1)}`),
]); // prettier-ignore

function isWritableTarget(target: string): boolean {
  return writableTargets.has(target) || /^extension_[0-9a-f]{32}_\w+$/i.test(target);
}

/** Never cleared: matching and required attributes. */
const neverCleared = new Set(['employeeId', 'userPrincipalName', 'mailNickname', 'displayName', 'accountEnabled']);

/** What a record wants from the directory: values by target, and the notes that the log prints. */
export interface WantedAttributes {
  readonly values: ReadonlyMap<string, Json>;
  readonly notes: readonly string[];
  /** A target that Graph does not know. */
  readonly invalidTarget?: string;
}

export interface MappingContext {
  readonly mappings: readonly AttributeMapping[];
  /** Source attributes that the job's schema lets flow empty. */
  readonly flowNull: readonly AttributePath[];
  readonly switches: EmulatorSwitches;
  readonly defaultDomain: string;
  readonly create: boolean;
}

/** Applies the mapping and table 2.5 of the contract (omitted, null, empty; with and without the two gates of clearing). */
export function wantedAttributes(data: JsonObject, context: MappingContext): WantedAttributes {
  const values = new Map<string, Json>();
  const notes: string[] = [];
  for (const mapping of context.mappings) {
    if (!isWritableTarget(mapping.target)) return { values, notes, invalidTarget: mapping.target };
    if (mapping.objectAddOnly === true && !context.create) continue;
    const source = readSource(data, mapping.source);
    const wanted = wantedValue(mapping, source, context);
    if (wanted !== undefined) values.set(mapping.target, wanted);
    if (source.state === 'null' && wanted === undefined) {
      notes.push(`The attribute '${mapping.target}' has a null value. A null attribute can't be provisioned, so it was skipped.`);
    }
  }
  return { values, notes };
}

/** Undefined: the attribute is left as it is. Null: cleared. */
function wantedValue(mapping: AttributeMapping, source: SourceValue, context: MappingContext): Json | undefined {
  const { switches, create } = context;
  if (mapping.target === 'accountEnabled') return wantedActivity(source, switches, create);
  if (source.state === 'value') return targetValue(mapping.target, source.value ?? null, context.defaultDomain);
  const clears =
    (switches.flowNullValues.includes(mapping.source) || context.flowNull.includes(mapping.source)) &&
    switches.clearingMappings.includes(mapping.target) &&
    !neverCleared.has(mapping.target);
  if (create) {
    if (mapping.defaultValue !== undefined) return mapping.defaultValue;
    return source.state === 'empty' && !clears ? '' : undefined;
  }
  if (clears && (source.state !== 'omitted' || source.parent)) return null;
  return source.state === 'empty' ? '' : undefined;
}

function wantedActivity(source: SourceValue, switches: EmulatorSwitches, create: boolean): Json | undefined {
  if (source.state === 'value') return source.value === true || (typeof source.value === 'string' && source.value.toLowerCase() === 'true');
  if (switches.activeOmitted === 'disable') return false;
  return create ? true : undefined;
}

const dateTargets = new Set(['employeeHireDate', 'employeeLeaveDateTime']);
const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

function targetValue(target: string, value: Json, defaultDomain: string): Json | undefined {
  // The service cannot set mail (contract 2.8).
  if (target === 'mail') return undefined;
  if (dateTargets.has(target)) {
    // A date without time and zone does not arrive, and nothing says so (contract 2.8).
    return typeof value === 'string' && dateTime.test(value) ? new Date(value).toISOString().replace('.000Z', 'Z') : undefined;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (target === 'userPrincipalName') return text.includes('@') ? text : `${text}@${defaultDomain}`;
  if (target === 'mailNickname') return (text.split('@')[0] ?? '').replaceAll(/[^A-Za-z0-9._-]/g, '');
  return text;
}
