import { createHash } from 'node:crypto';
import { formatInstant, type Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Journal } from './journal.ts';
import type { Json } from '../domain/canonical-json.ts';
import type { JsonObject } from './json.ts';
import { randomGuid, randomSecret, type Random } from './random.ts';
import {
  graphRoles,
  readCertificate,
  readPublicKey,
  type GraphRole,
  type OutsideIssuer,
  type RegisteredCertificate,
  type Registration,
} from './registration.ts';

/** Microsoft Graph's application id, the same in every tenant (contract 1.2). */
export const graphAppId = '00000003-0000-0000-c000-000000000000';
/** The public client that Microsoft's own command line tools sign people in with. */
export const commandLineClientId = '14d82eec-204b-4c2f-b7e8-296a70dab67e';
/** The template ids of the real service are not documented: clients have to look them up by name (contract 4.1). */
export const applicationTemplates = [
  { id: '7d3f2c10-5a44-4f6e-9b1d-0f2f6f1a0001', displayName: 'API-driven provisioning to Microsoft Entra ID', factoryTag: 'API2AAD' },
  { id: '7d3f2c10-5a44-4f6e-9b1d-0f2f6f1a0002', displayName: 'API-driven provisioning to on-premises Active Directory', factoryTag: 'API2AD' },
] as const; // prettier-ignore

export interface PasswordRecord {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly value: string;
  readonly startDateTime: string;
  readonly endDateTime: string;
}

export interface KeyRecord {
  readonly keyId: string;
  readonly displayName: string | null;
  /** DER, base64. */
  readonly key: string;
}

export interface FederatedRecord {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly description: string | null;
}

/** An app registration. */
export interface ApplicationRecord {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly createdDateTime: string;
  readonly passwords: readonly PasswordRecord[];
  readonly keys: readonly KeyRecord[];
  readonly federated: readonly FederatedRecord[];
  /** Object ids of service principals and people. */
  readonly owners: readonly string[];
  readonly applicationTemplateId: string | null;
  /** Whatever else was set: tags, notes, requiredResourceAccess. */
  readonly other: JsonObject;
}

/** An enterprise application. */
export interface PrincipalRecord {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly type: 'Application' | 'ManagedIdentity';
  readonly applicationTemplateId: string | null;
  readonly owners: readonly string[];
  /** Not there for anybody before; a fresh one is unready for some seconds. */
  readonly readyAt: Instant;
}

export interface AssignmentRecord {
  readonly id: string;
  readonly principalId: string;
  readonly resourceId: string;
  readonly appRoleId: string;
  readonly createdDateTime: string;
}

interface Kept {
  readonly application: ApplicationRecord;
  readonly principal: PrincipalRecord;
  readonly assignment: AssignmentRecord;
}

/** App registrations, enterprise applications and application roles of the tenant. */
export class Catalog {
  readonly graphPrincipalId: string;
  /** Object id of the person who administers the tenant. */
  readonly administratorId: string;
  readonly #journal: Journal;
  readonly #stable: Random;
  readonly #random: Random;
  readonly #issuers: readonly OutsideIssuer[];
  readonly #applications = new Map<string, ApplicationRecord>();
  readonly #principals = new Map<string, PrincipalRecord>();
  readonly #assignments = new Map<string, AssignmentRecord>();
  readonly #seeded = new Map<string, Registration>();
  readonly #registrations = new Map<string, Registration | undefined>();

  /** @param stable gives the same ids at every start; `random` never gives one twice */
  constructor(journal: Journal, stable: Random, random: Random, issuers: readonly OutsideIssuer[]) {
    this.#journal = journal;
    this.#stable = stable;
    this.#random = random;
    this.#issuers = issuers;
    this.graphPrincipalId = randomGuid(stable);
    this.administratorId = randomGuid(stable);
    for (const one of journal.restored<ApplicationRecord>('application')) this.#applications.set(one.id, one);
    for (const one of journal.restored<PrincipalRecord>('principal')) this.#principals.set(one.id, one);
    for (const one of journal.restored<AssignmentRecord>('assignment')) this.#assignments.set(one.id, one);
    this.#principals.set(this.graphPrincipalId, principal(this.graphPrincipalId, graphAppId, 'Microsoft Graph'));
  }

  /** A client that the options describe: it has its rights anew at each start. */
  seed(registration: Registration, now: Instant): void {
    this.#seeded.set(registration.clientId, registration);
    this.seedApp(registration.clientId, registration.objectId, registration.displayName, null, now);
    const held = new Set(this.assignmentsOf(registration.objectId).map((one) => one.appRoleId));
    for (const role of registration.roles) {
      if (!held.has(graphRoles[role])) this.#assignments.set(...keyed(this.#assignment(registration.objectId, graphRoles[role], now)));
    }
  }

  seedApp(appId: string, principalId: string, displayName: string, applicationTemplateId: string | null, now: Instant): void {
    const id = randomGuid(this.#stable);
    if (!this.#principals.has(principalId) && this.applicationByAppId(appId) === undefined) {
      this.#applications.set(id, { ...blankApplication(id, appId, displayName, now), applicationTemplateId });
    }
    if (!this.#principals.has(principalId)) {
      this.#principals.set(principalId, { ...principal(principalId, appId, displayName), applicationTemplateId });
    }
  }

  get applications(): readonly ApplicationRecord[] {
    return [...this.#applications.values()];
  }

  principals(now: Instant): readonly PrincipalRecord[] {
    return [...this.#principals.values()].filter((one) => one.readyAt <= now);
  }

  application(id: string): ApplicationRecord | undefined {
    return this.#applications.get(id.toLowerCase());
  }

  applicationByAppId(appId: string): ApplicationRecord | undefined {
    return this.applications.find((one) => one.appId.toLowerCase() === appId.toLowerCase());
  }

  principal(id: string, now: Instant): PrincipalRecord | undefined {
    const found = this.#principals.get(id.toLowerCase());
    return found === undefined || found.readyAt > now ? undefined : found;
  }

  assignmentsOf(principalId: string): readonly AssignmentRecord[] {
    return [...this.#assignments.values()].filter((one) => one.principalId === principalId);
  }

  assignmentsTo(resourceId: string): readonly AssignmentRecord[] {
    return [...this.#assignments.values()].filter((one) => one.resourceId === resourceId);
  }

  createApplication(displayName: string, other: JsonObject, owner: string | undefined, now: Instant): ApplicationRecord {
    const blank = blankApplication(randomGuid(this.#random), randomGuid(this.#random), displayName, now);
    return this.putApplication({ ...blank, other, owners: owner === undefined ? [] : [owner] });
  }

  createPrincipal(
    given: Pick<PrincipalRecord, 'appId' | 'displayName' | 'owners'> & Partial<Pick<PrincipalRecord, 'applicationTemplateId' | 'readyAt'>>,
  ): PrincipalRecord {
    return this.putPrincipal({ ...principal(randomGuid(this.#random), given.appId, given.displayName), ...given });
  }

  putApplication(record: ApplicationRecord): ApplicationRecord {
    this.#applications.set(record.id, record);
    this.#changed('application', record.id, record);
    return record;
  }

  putPrincipal(record: PrincipalRecord): PrincipalRecord {
    this.#principals.set(record.id, record);
    this.#changed('principal', record.id, record);
    return record;
  }

  assign(principalId: string, appRoleId: string, now: Instant): AssignmentRecord {
    const record = this.#assignment(principalId, appRoleId, now);
    this.#assignments.set(record.id, record);
    this.#changed('assignment', record.id, record);
    return record;
  }

  unassign(id: string): boolean {
    if (!this.#assignments.delete(id)) return false;
    this.#journal.remove('assignment', id);
    this.#registrations.clear();
    return true;
  }

  addPassword(record: ApplicationRecord, displayName: string | null, endDateTime: string | undefined, now: Instant): PasswordRecord {
    const password: PasswordRecord = {
      keyId: randomGuid(this.#random),
      displayName,
      value: randomSecret(this.#random),
      startDateTime: formatInstant(now),
      // Two years, as the service gives where nothing is asked for.
      endDateTime: endDateTime ?? formatInstant(now + 2 * 365 * 86_400_000),
    };
    this.putApplication({ ...record, passwords: [...record.passwords, password] });
    return password;
  }

  newId(): string {
    return randomGuid(this.#random);
  }

  /** What the token endpoint and the router know of a client: credentials, rights, what it owns. */
  registrationOf(appId: string): Registration | undefined {
    const key = appId.toLowerCase();
    if (!this.#registrations.has(key)) this.#registrations.set(key, this.#register(key));
    return this.#registrations.get(key);
  }

  #register(appId: string): Registration | undefined {
    if (appId === commandLineClientId) return person(this.administratorId);
    const seed = this.#seeded.get(appId) ?? [...this.#seeded.values()].find((one) => one.clientId.toLowerCase() === appId);
    const application = this.applicationByAppId(seed?.clientId ?? appId);
    const own = [...this.#principals.values()].find((one) => one.appId === (seed?.clientId ?? appId));
    if (own === undefined || own.id === this.graphPrincipalId) return undefined;
    const ids = new Set(this.assignmentsOf(own.id).map((one) => one.appRoleId));
    const roles = roleNames.filter((role) => ids.has(graphRoles[role]));
    const owned = [...this.#principals.values(), ...this.#applications.values()].filter((one) => one.owners.includes(own.id));
    const keysOf = (issuer: string): OutsideIssuer['keys'] => this.#issuers.find((one) => one.issuer === issuer)?.keys ?? [];
    return {
      clientId: seed?.clientId ?? appId,
      displayName: own.displayName,
      objectId: own.id,
      secrets: [
        ...(seed?.secrets ?? []),
        ...(application?.passwords ?? []).map(({ value, endDateTime }) => ({ value, expiresAt: Date.parse(endDateTime) })),
      ],
      certificates: [...(seed?.certificates ?? []), ...(application?.keys ?? []).map(certificateOf)],
      federatedCredentials: [
        ...(seed?.federatedCredentials ?? []),
        ...(application?.federated ?? []).map(({ issuer, subject, audiences }) => ({
          issuer,
          subject,
          ...(audiences[0] === undefined ? {} : { audience: audiences[0] }),
          keys: keysOf(issuer),
          publicKeys: keysOf(issuer).map((key) => readPublicKey(key)),
        })),
      ],
      roles,
      owns: seed?.owns === 'all' ? 'all' : [...new Set([...(seed?.owns ?? []), ...owned.map((one) => one.id)])],
    };
  }

  #assignment(principalId: string, appRoleId: string, now: Instant): AssignmentRecord {
    return {
      id: createHash('sha256').update(`${principalId} ${appRoleId}`).digest('base64url'),
      principalId,
      resourceId: this.graphPrincipalId,
      appRoleId,
      createdDateTime: formatInstant(now),
    };
  }

  #changed<K extends keyof Kept>(kind: K, key: string, value: Kept[K]): void {
    this.#registrations.clear();
    this.#journal.put(kind, key, value);
  }
}

const roleNames = Object.keys(graphRoles).filter((name): name is GraphRole => Object.hasOwn(graphRoles, name));

function keyed(record: AssignmentRecord): [string, AssignmentRecord] {
  return [record.id, record];
}

function blankApplication(id: string, appId: string, displayName: string, now: Instant): ApplicationRecord {
  return {
    id,
    appId,
    displayName,
    createdDateTime: formatInstant(now),
    passwords: [],
    keys: [],
    federated: [],
    owners: [],
    applicationTemplateId: null,
    other: {},
  };
}

function principal(id: string, appId: string, displayName: string): PrincipalRecord {
  return { id, appId, displayName, type: 'Application', applicationTemplateId: null, owners: [], readyAt: -Infinity };
}

/** The administrator at a command line: the rights are the scopes of the token. */
function person(objectId: string): Registration {
  const displayName = 'Microsoft Graph Command Line Tools';
  return {
    clientId: commandLineClientId,
    displayName,
    objectId,
    secrets: [],
    certificates: [],
    federatedCredentials: [],
    roles: [],
    owns: 'all',
  };
}

/** Throws EMU-105 for bytes that are no certificate; the endpoint has looked before. */
export function certificateOf({ key }: Pick<KeyRecord, 'key'>): RegisteredCertificate {
  try {
    return readCertificate(Buffer.from(key, 'base64'));
  } catch (cause) {
    throw new JoineryError('EMU-105', 'A key credential is not a certificate.', { cause });
  }
}

/** A plain JSON value from a record. */
export function plain(value: object): Json {
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}
