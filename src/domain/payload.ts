import type { Json } from './canonical-json.ts';

export const coreUserSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const enterpriseUserSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const bulkRequestSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** A complete SCIM user as it is sent: `schemas`, `externalId`, `active` and the mapped attributes. Plain and frozen. */
export type Payload = { readonly [name: string]: Json } & {
  readonly schemas: readonly string[];
  readonly externalId: string;
  readonly active: boolean;
};

/**
 * The path of one attribute, in the form Entra's attribute list shows: `displayName`, `name.givenName`,
 * `emails[type eq "work"].value`, `addresses[type eq "work"].country`, `<urn>:department`, `<urn>:manager.value`.
 */
export type AttributePath = string;

/** What to do where an attribute comes out empty (nothing, null or ""). */
export type Emptiness = 'keep' | 'clear' | 'omit' | 'reject';

/** How openly an attribute's values may be shown. */
export type AttributeClass = 'public' | 'personal' | 'sensitive';
