import { isRecord, parseJson } from './http-answer.ts';

/** What an access token says of itself. Graph may change its tokens' form, so this explains and decides nothing. */
export interface TokenClaims {
  readonly roles: readonly string[];
  /** Of a person's token. */
  readonly scopes: readonly string[];
  readonly tenant?: string;
  readonly client?: string;
  /** Object id of the client's service principal, or of the person. */
  readonly object?: string;
}

/** undefined: the token cannot be read. Nothing of the token itself is kept. */
export function readClaims(token: string): TokenClaims | undefined {
  const [, body, signature] = token.split('.');
  if (body === undefined || signature === undefined) return undefined;
  const claims = parseJson(Buffer.from(body, 'base64url').toString('utf8'));
  if (!isRecord(claims)) return undefined;
  const text = (name: string): string | undefined => {
    const value = claims[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [tenant, client, object] = [text('tid'), text('appid') ?? text('azp'), text('oid')];
  const roles: readonly unknown[] = Array.isArray(claims['roles']) ? claims['roles'] : [];
  return {
    roles: roles.filter((role) => typeof role === 'string'),
    scopes: text('scp')?.split(' ') ?? [],
    ...(tenant === undefined ? {} : { tenant }),
    ...(client === undefined ? {} : { client }),
    ...(object === undefined ? {} : { object }),
  };
}
