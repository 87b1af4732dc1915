import { coreUserSchema, type AttributePath } from '../domain/payload.ts';

/** An attribute path taken apart. `emails[type eq "work"].value` is `{ name: 'emails', type: 'work', sub: 'value' }`. */
export interface ParsedPath {
  /** URN of an extension; absent for the core user. */
  readonly urn?: string;
  readonly name: string;
  /** Value of the one filter that the service's attribute list knows: `type eq "…"`. */
  readonly type?: string;
  readonly sub?: string;
}

/** An attribute name by RFC 7643 section 2.1, with the `$` of `$ref`. */
const namePattern = '[A-Za-z$][A-Za-z0-9_$-]*';
const pathPattern = new RegExp(`^(${namePattern})(?:\\[\\s*type\\s+eq\\s+("(?:[^"\\\\]|\\\\.)*")\\s*\\])?(?:\\.(${namePattern}))?$`, 'i');
const wholeNamePattern = new RegExp(`^${namePattern}$`);

/** Whether a text can stand as attribute name in a path. */
export function isAttributeName(text: string): boolean {
  return wholeNamePattern.test(text);
}

const parsed = new Map<string, ParsedPath | undefined>();

/**
 * Takes a path apart; undefined if it is none. The URN of the core user may stand in front and is dropped; a URN ends at the
 * last colon before the name, so a version's dots stay in it.
 */
export function parseAttributePath(path: AttributePath): ParsedPath | undefined {
  if (parsed.has(path)) return parsed.get(path);
  const result = parse(path);
  // Paths come from pipelines and payloads, so there are few; the bound only keeps a hostile payload from filling memory.
  if (parsed.size < 10_000) parsed.set(path, result);
  return result;
}

function parse(path: string): ParsedPath | undefined {
  const bracket = path.indexOf('[');
  const colon = path.lastIndexOf(':', bracket === -1 ? path.length : bracket);
  const urn = colon === -1 ? undefined : path.slice(0, colon);
  if (urn !== undefined && !/^urn:[^\s[\]"]+$/i.test(urn)) return undefined;
  const match = pathPattern.exec(path.slice(colon + 1));
  if (match === null) return undefined;
  const [, name = '', quoted, sub] = match;
  const type = quoted === undefined ? undefined : readQuoted(quoted);
  if (quoted !== undefined && type === undefined) return undefined;
  return Object.freeze({
    ...(urn === undefined || urn.toLowerCase() === coreUserSchema.toLowerCase() ? {} : { urn }),
    name,
    ...(type === undefined ? {} : { type }),
    ...(sub === undefined ? {} : { sub }),
  });
}

function readQuoted(quoted: string): string | undefined {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The path as Entra's attribute list shows it. */
export function printAttributePath(path: ParsedPath): AttributePath {
  const urn = path.urn === undefined ? '' : `${path.urn}:`;
  const filter = path.type === undefined ? '' : `[type eq ${JSON.stringify(path.type)}]`;
  return `${urn}${path.name}${filter}${path.sub === undefined ? '' : `.${path.sub}`}`;
}
