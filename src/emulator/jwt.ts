import { constants, sign, verify, type KeyObject } from 'node:crypto';
import { isObject, parseJson, type JsonObject } from './json.ts';

/** A JWT taken apart, nothing in it believed yet. */
export interface ReadJwt {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

export function readJwt(token: string): ReadJwt | undefined {
  const [head, body, signature, ...rest] = token.split('.');
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) return undefined;
  const header = parseJson(Buffer.from(head, 'base64url').toString());
  const claims = parseJson(Buffer.from(body, 'base64url').toString());
  if (!isObject(header) || !isObject(claims)) return undefined;
  return { header, claims, signed: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') };
}

/** RS256 or PS256 by the header; any other algorithm is not verified. */
export function verifyJwt(jwt: ReadJwt, key: KeyObject): boolean {
  const data = Buffer.from(jwt.signed);
  try {
    if (jwt.header['alg'] === 'RS256') return verify('sha256', data, key, jwt.signature);
    if (jwt.header['alg'] !== 'PS256') return false;
    const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    return verify('sha256', data, pss, jwt.signature);
  } catch {
    // A key of another kind than the algorithm's.
    return false;
  }
}

export function signJwt(header: JsonObject, claims: JsonObject, key: KeyObject): string {
  const signed = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
