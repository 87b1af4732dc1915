import { createHash, createPublicKey, X509Certificate, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { randomGuid, randomSecret, type Random } from './random.ts';

/** Graph application roles that the emulator knows; ids as in the permission tables of 2026-08-07 (contract 1.2). */
export const graphRoles = {
  'SynchronizationData-User.Upload': 'db31e92a-b9ea-4d87-bf6a-75a37a9ca35a',
  'SynchronizationData-User.Upload.OwnedBy': '25c32ff3-849a-494b-b94f-20a8ac4e6774',
  'ProvisioningLog.Read.All': '091937d3-3e38-47a1-8649-b2f99d3035f1',
  'AuditLog.Read.All': 'b0afded3-3588-46d8-8b3d-9842eff778da',
  'Synchronization.Read.All': '5ba43d2f-fa88-4db2-bd1c-a67c5f0fb1ce',
  'Synchronization.ReadWrite.All': '9b50c33d-700f-43b1-b2eb-87e89b703581',
  'Application.Read.All': '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30',
  'Application.ReadWrite.All': '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9',
  'Application.ReadWrite.OwnedBy': '18a4783c-866b-4cc7-a460-3d5e5662c884',
  'AppRoleAssignment.ReadWrite.All': '06b708a9-e830-4db3-a914-8e69da51d44f',
  'User.Read.All': 'df021288-bdef-4463-88db-98f22de89214',
  'Directory.Read.All': '7ab1d382-f21e-4acd-a863-ba3e13f7da61',
} as const;

export type GraphRole = keyof typeof graphRoles;

/** What the one client has that a newcomer is given: everything that Joinery's commands need. */
export const defaultRoles: readonly GraphRole[] = [
  'SynchronizationData-User.Upload',
  'ProvisioningLog.Read.All',
  'Synchronization.Read.All',
  'Application.ReadWrite.OwnedBy',
  'User.Read.All',
];

/** Trust in tokens of an outside issuer; the subject has to match exactly. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  /** `api://AzureADTokenExchange` unless said otherwise. */
  readonly audience?: string;
  /** The issuer's public keys. */
  readonly keys: readonly JsonWebKey[];
}

/** An issuer outside the tenant that federated credentials may name, with its public keys: the emulator fetches nothing. */
export interface OutsideIssuer {
  readonly issuer: string;
  readonly keys: readonly JsonWebKey[];
}

export interface ClientOptions {
  readonly clientId?: string;
  readonly displayName?: string;
  /** Text, or text with the instant (ms) from which the service says AADSTS7000222. Absent: one secret is made. */
  readonly secrets?: readonly (string | { readonly value: string; readonly expiresAt?: Instant })[];
  /** PEM certificates whose keys may sign client assertions. */
  readonly certificates?: readonly string[];
  readonly federatedCredentials?: readonly FederatedCredential[];
  readonly roles?: readonly GraphRole[];
  /** Object ids of the service principals that the client owns; `all` by default. */
  readonly owns?: readonly string[] | 'all';
}

export interface RegisteredCertificate {
  readonly key: KeyObject;
  /** SHA-1 and SHA-256 thumbprints, base64url, as x5t and x5t#S256 carry them. */
  readonly x5t: string;
  readonly x5tS256: string;
  readonly validFrom: Instant;
  readonly validTo: Instant;
}

/** An application that may ask for tokens. */
export interface Registration {
  readonly clientId: string;
  readonly displayName: string;
  /** Object id of the client's own service principal. */
  readonly objectId: string;
  readonly secrets: readonly { readonly value: string; readonly expiresAt: Instant }[];
  readonly certificates: readonly RegisteredCertificate[];
  readonly federatedCredentials: readonly (FederatedCredential & { readonly publicKeys: readonly KeyObject[] })[];
  readonly roles: readonly GraphRole[];
  readonly owns: readonly string[] | 'all';
}

/** What an administrator's own application has: everything that setting up needs, and nothing that uploads. */
export const administratorRoles: readonly GraphRole[] = [
  'Application.ReadWrite.All',
  'AppRoleAssignment.ReadWrite.All',
  'Synchronization.ReadWrite.All',
];

/** Throws EMU-105 for a certificate or key that is none. */
export function register(options: ClientOptions, random: Random): Registration {
  const withoutCredential = options.certificates === undefined && options.federatedCredentials === undefined;
  const secrets = options.secrets ?? (withoutCredential ? [randomSecret(random)] : []);
  return {
    clientId: options.clientId ?? randomGuid(random),
    displayName: options.displayName ?? 'HR inbound client',
    objectId: randomGuid(random),
    secrets: secrets.map((secret) =>
      typeof secret === 'string' ? { value: secret, expiresAt: Infinity } : { expiresAt: Infinity, ...secret },
    ),
    certificates: (options.certificates ?? []).map(readCertificate),
    federatedCredentials: (options.federatedCredentials ?? []).map((credential) => ({
      ...credential,
      publicKeys: credential.keys.map((key) => readPublicKey(key)),
    })),
    roles: options.roles ?? defaultRoles,
    owns: options.owns ?? 'all',
  };
}

export function readCertificate(pem: string | Buffer): RegisteredCertificate {
  try {
    const certificate = new X509Certificate(pem);
    const thumbprint = (algorithm: string): string => createHash(algorithm).update(certificate.raw).digest('base64url');
    return {
      key: certificate.publicKey,
      x5t: thumbprint('sha1'),
      x5tS256: thumbprint('sha256'),
      validFrom: Date.parse(certificate.validFrom),
      validTo: Date.parse(certificate.validTo),
    };
  } catch (cause) {
    throw new JoineryError('EMU-105', 'A certificate of a client is not a PEM certificate.', { cause });
  }
}

export function readPublicKey(key: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch (cause) {
    throw new JoineryError('EMU-105', 'A key of a federated credential is not a JSON Web Key.', { cause });
  }
}

export function owns(registration: Registration, servicePrincipalId: string): boolean {
  return registration.owns === 'all' || registration.owns.includes(servicePrincipalId);
}
