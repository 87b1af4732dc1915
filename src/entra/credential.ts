import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { formatInstant, type Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Secret } from '../domain/masking.ts';
import type { AuthDeclaration } from '../pipeline/pipeline.ts';

/** What the application proves itself with. Files are read when a token is asked for, so that a renewed one is taken up. */
export type Credential =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'certificate'; readonly file: string }
  /** A token of another issuer in a file that the platform keeps fresh (Kubernetes workload identity, GitHub Actions OIDC). */
  | { readonly kind: 'federated'; readonly file: string }
  /** Azure's identity of the machine; `client` names one of several. */
  | { readonly kind: 'managedIdentity'; readonly client?: string }
  /** A person who types a code into a browser; `tell` shows them where and what. Scopes by their names, without a resource. */
  | { readonly kind: 'device'; readonly scopes: readonly string[]; readonly tell: (message: string) => void };

/** The credential that the pipeline names. Errors: ENT-113. */
export function credentialOf(auth: AuthDeclaration): Credential {
  const named = [auth.secret, auth.certificate, auth.federated, auth.managedIdentity].filter((one) => one !== undefined);
  if (named.length > 1) throw new JoineryError('ENT-113', 'sink.auth names several of secret, certificate, federated and managedIdentity');
  if (auth.federated !== undefined) return { kind: 'federated', file: auth.federated.file };
  if (auth.managedIdentity !== undefined) {
    return { kind: 'managedIdentity', ...(auth.managedIdentity === 'userAssigned' ? { client: auth.client } : {}) };
  }
  if (auth.certificate !== undefined) return { kind: 'certificate', file: auth.certificate };
  if (auth.secret !== undefined && auth.secret.reveal() !== '') return { kind: 'secret', secret: auth.secret };
  throw new JoineryError('ENT-113', auth.secret === undefined ? 'sink.auth names no credential' : 'the secret of sink.auth is empty');
}

/** What msal-node's `clientCertificate` takes. */
export interface ClientCertificate {
  /** SHA-256 of the DER, 64 hex digits: the assertion's `x5t#S256`. */
  readonly thumbprintSha256: string;
  /** PEM. */
  readonly privateKey: string;
  /** The whole chain as PEM, leaf first: the assertion's `x5c`, for applications that trust by subject name and issuer. */
  readonly x5c: string;
}

/**
 * Reads certificate and private key from one PEM file and checks that they fit each other and the time.
 * Errors: ENT-111 (file, form, key), ENT-112 (dates). No message holds anything of the file's content but dates.
 */
export async function readCertificate(file: string, now: Instant): Promise<ClientCertificate> {
  let pem: string;
  try {
    pem = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new JoineryError('ENT-111', `${file} cannot be read (${code})`);
  }
  return parseCertificate(pem, file, now);
}

function parseCertificate(pem: string, file: string, now: Instant): ClientCertificate {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw new JoineryError('ENT-111', `the private key in ${file} is encrypted`);
  }
  const keyText = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+?-----END (?:RSA |EC )?PRIVATE KEY-----/.exec(pem)?.[0];
  if (keyText === undefined) throw new JoineryError('ENT-111', `${file} holds no private key`);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new JoineryError('ENT-111', `${file} holds no certificate`);
  let certificates: X509Certificate[];
  let leaf: X509Certificate | undefined;
  let keyType: string | undefined;
  try {
    const key = createPrivateKey(keyText);
    keyType = key.asymmetricKeyType;
    certificates = blocks.map((block) => new X509Certificate(block));
    leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  } catch {
    // OpenSSL's words are left out: they help nobody and come from a file full of secrets.
    throw new JoineryError('ENT-111', `key or certificate in ${file} cannot be decoded`);
  }
  if (keyType !== 'rsa') throw new JoineryError('ENT-111', `the key in ${file} is not an RSA key; Entra accepts RSA only`);
  if (leaf === undefined) throw new JoineryError('ENT-111', `the private key in ${file} does not belong to its certificate`);
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (now < from) throw new JoineryError('ENT-112', `the certificate in ${file} is valid from ${formatInstant(from)} only`);
  if (now >= to) throw new JoineryError('ENT-112', `the certificate in ${file} expired on ${formatInstant(to)}`);
  const chain = [leaf, ...certificates.filter((certificate) => certificate !== leaf)];
  return {
    thumbprintSha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    privateKey: keyText,
    x5c: chain.map((certificate) => certificate.toString()).join('\n'),
  };
}
