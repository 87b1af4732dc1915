import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Instant } from '../domain/clock.ts';
import { isArray, textMember } from './json.ts';
import type { Journal } from './journal.ts';
import { readJwt, signJwt, verifyJwt } from './jwt.ts';
import { graphRoles, type GraphRole, type Registration } from './registration.ts';
import { randomGuid, type Random } from './random.ts';

/** Who calls, as a valid token says. */
export interface Caller {
  readonly clientId: string;
  readonly objectId: string;
  readonly roles: readonly GraphRole[];
}

const keyId = 'joinery-emulator';
let processKey: string | undefined;

/** Making an RSA key takes a noticeable time, so a process makes one; a data folder keeps its own, so that tokens outlive a restart. */
function signingKey(journal: Journal): KeyObject {
  const kept = journal.restored<{ readonly pem: string }>('signingKey')[0]?.pem;
  processKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const pem = kept ?? processKey;
  if (kept === undefined) journal.put('signingKey', keyId, { pem });
  return createPrivateKey(pem);
}

/** Issues and judges the tenant's access tokens. */
export class AccessTokens {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #tenantId: string;
  readonly #random: Random;
  /** Tokens whose signature was found good, so that a busy client costs one verification and not thousands. */
  readonly #verified = new Set<string>();
  #revokedBefore = -Infinity;
  #revoked: ReadonlySet<string> = new Set();
  /** Ids of the tokens of the newest second: the claims hold whole seconds. */
  #newest: { readonly second: number; readonly ids: string[] } = { second: 0, ids: [] };

  constructor(tenantId: string, journal: Journal, random: Random) {
    this.#privateKey = signingKey(journal);
    this.#publicKey = createPublicKey(this.#privateKey);
    this.#tenantId = tenantId;
    this.#random = random;
  }

  /** The public key as the tenant's key document shows it. */
  get publicKey(): JsonWebKey & { readonly kid: string; readonly use: string } {
    return { ...this.#publicKey.export({ format: 'jwk' }), kid: keyId, use: 'sig' };
  }

  issue(registration: Registration, audience: string, now: Instant, lifetimeSeconds: number): string {
    const seconds = Math.floor(now / 1000);
    return signJwt(
      { kid: keyId },
      {
        aud: audience,
        iss: `https://sts.windows.net/${this.#tenantId}/`,
        iat: seconds,
        nbf: seconds,
        exp: seconds + lifetimeSeconds,
        appid: registration.clientId,
        appidacr: registration.secrets.length > 0 ? '1' : '2',
        idtyp: 'app',
        oid: registration.objectId,
        sub: registration.objectId,
        roles: [...registration.roles],
        tid: this.#tenantId,
        uti: this.#identify(seconds),
        ver: '1.0',
      },
      this.#privateKey,
    );
  }

  /** A delegated token: what the person may do here is what the token's scopes say. */
  issueForPerson(
    registration: Registration,
    scopes: readonly GraphRole[],
    audience: string,
    now: Instant,
    lifetimeSeconds: number,
  ): string {
    const seconds = Math.floor(now / 1000);
    return signJwt(
      { kid: keyId },
      {
        aud: audience,
        iss: `https://sts.windows.net/${this.#tenantId}/`,
        iat: seconds,
        nbf: seconds,
        exp: seconds + lifetimeSeconds,
        appid: registration.clientId,
        appidacr: '0',
        idtyp: 'user',
        oid: registration.objectId,
        sub: registration.objectId,
        scp: scopes.join(' '),
        tid: this.#tenantId,
        uti: this.#identify(seconds),
        ver: '1.0',
      },
      this.#privateKey,
    );
  }

  /** Every token issued until now is refused from now on, as if it had expired; one that is issued in the same second afterwards is good. */
  revoke(now: Instant): void {
    this.#revokedBefore = Math.floor(now / 1000);
    this.#revoked = new Set(this.#newest.ids);
  }

  #identify(seconds: number): string {
    const id = randomGuid(this.#random);
    if (this.#newest.second !== seconds) this.#newest = { second: seconds, ids: [] };
    this.#newest.ids.push(id);
    return id;
  }

  /** Undefined: not a valid token of this tenant at this moment. */
  judge(token: string, now: Instant): Caller | undefined {
    const jwt = readJwt(token);
    if (jwt === undefined) return undefined;
    if (!this.#verified.has(token)) {
      if (!verifyJwt(jwt, this.#publicKey)) return undefined;
      if (this.#verified.size > 1_000) this.#verified.clear();
      this.#verified.add(token);
    }
    const { claims } = jwt;
    const { iat, nbf, exp, roles } = claims;
    if (typeof iat !== 'number' || typeof nbf !== 'number' || typeof exp !== 'number') return undefined;
    if (claims['tid'] !== this.#tenantId || nbf * 1000 > now || exp * 1000 <= now || iat < this.#revokedBefore) return undefined;
    if (this.#revoked.has(textMember(claims, 'uti') ?? '')) return undefined;
    const scopes = textMember(claims, 'scp')?.split(' ') ?? [];
    const held = isArray(roles) ? roles : scopes;
    return {
      clientId: textMember(claims, 'appid') ?? '',
      objectId: textMember(claims, 'oid') ?? '',
      roles: held.filter((role): role is GraphRole => typeof role === 'string' && Object.hasOwn(graphRoles, role)),
    };
  }
}
