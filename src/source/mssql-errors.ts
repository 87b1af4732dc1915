import { JoineryError } from '../domain/error.ts';
import type { ErrorCode } from '../domain/errors/registry.ts';
import { scrubText, type Secret } from '../domain/masking.ts';
import type { Statement } from './statement.ts';

/** Server messages that name objects of the schema and no data: shown as they are. */
const aboutNames = new Set([
  102, 103, 105, 156, 170, 195, 206, 207, 208, 209, 229, 230, 297, 319, 402, 446, 447, 448, 449, 451, 457, 468, 916, 1033, 2812, 3952, 3961,
  4060, 4104, 4121, 4413, 4512, 8116, 8117, 8120, 8144, 8155, 8156, 11_501,
]);
/** The other side is there and cannot serve now: starting, paused, busy, moving (Azure: learn.microsoft.com, "Troubleshoot transient connection errors"). */
const unavailable = new Set([10_928, 10_929, 17_142, 18_401, 40_501, 40_613, 49_918, 49_919, 49_920]);
/** What a snapshot can fail of: databases that do not allow one, schema changes, versions that are gone. */
const snapshot = new Set([3951, 3952, 3953, 3954, 3957, 3958, 3960, 3961, 3963, 3966, 3967]);
const fixes: Readonly<Record<number, string>> = {
  3952: 'A database that the query reads, most likely a second one, allows no snapshots: ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON there, too.',
  979: 'The database takes no connections that only read: write applicationIntent=ReadWrite into the connection string.',
};

/**
 * Whatever mssql, tedious or the socket reported, as the one error with code, place and way out. Numbers: SQL Server documentation, "Database Engine events and errors".
 * Text in quotes is masked unless the message is known to quote names only.
 */
export function explainMssqlError(error: unknown, connection: Secret, statement?: Statement): JoineryError {
  if (error instanceof JoineryError) return error;
  const original = read(error, 'originalError');
  if (original instanceof JoineryError) return original;
  const { text, code, number, line, severity } = first(error);
  const kind = codeOf(code, number, severity, text);
  const fix = fixes[number ?? 0];
  const shown = number === undefined || aboutNames.has(number) ? text : text.replaceAll(/'[^']*'/g, "'•••'");
  const place = statement === undefined || !['SRC-202', 'SRC-209'].includes(kind) ? undefined : placeOf(statement, line);
  return new JoineryError(
    kind,
    `SQL Server (${connection.name}): ${scrubText(shown, [connection])}${number === undefined ? '' : ` [${String(number)}]`}`,
    {
      ...(place === undefined ? {} : { place }),
      ...(fix === undefined ? {} : { fix }),
      cause: error,
    },
  );
}

interface Reported {
  readonly text: string;
  readonly code: string;
  readonly number: number | undefined;
  readonly line: number;
  /** 15: a syntax error; undefined: it did not come from the server. */
  readonly severity: number | undefined;
}

/** The first message of a batch says what is wrong; the ones behind it say that therefore something else could not be done. */
function first(error: unknown): Reported {
  const preceding: unknown = read(error, 'precedingErrors');
  const source: unknown = Array.isArray(preceding) && preceding.length > 0 ? preceding[0] : error;
  const number: unknown = read(source, 'number');
  const line: unknown = read(source, 'lineNumber');
  const severity: unknown = read(source, 'class');
  const code: unknown = read(source, 'code');
  const text: unknown = read(source, 'message');
  return {
    text: typeof text === 'string' ? text : String(error),
    code: typeof code === 'string' ? code : '',
    number: typeof number === 'number' ? number : undefined,
    line: typeof line === 'number' ? line : 1,
    severity: typeof severity === 'number' ? severity : undefined,
  };
}

function read(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function codeOf(code: string, number: number | undefined, severity: number | undefined, text: string): ErrorCode {
  if (number !== undefined && number > 0) return codeOfNumber(number, severity);
  if (/certificate|encrypt|TLS|SSL|altnames/i.test(text)) return 'SRC-104';
  if (code === 'ELOGIN') return 'SRC-103';
  if (code === 'ETIMEOUT') return /connect/i.test(text) ? 'SRC-101' : 'SRC-207';
  if (code === 'ESOCKET' || code === 'EINSTLOOKUP') return /lost|reset|closed|EPIPE/i.test(text) ? 'SRC-102' : 'SRC-101';
  if (['ECONNCLOSED', 'ENOTOPEN', 'ECONNRESET', 'EABORT', 'EINVALIDSTATE'].includes(code)) return 'SRC-102';
  return /socket|connection/i.test(text) ? 'SRC-102' : 'SRC-211';
}

function codeOfNumber(number: number, severity: number | undefined): ErrorCode {
  if (number === 1222) return 'SRC-208';
  if (number === 1205 || snapshot.has(number)) return 'SRC-210';
  if (unavailable.has(number)) return 'SRC-101';
  if ([229, 230, 297, 300, 371].includes(number)) return 'SRC-203';
  if ([18_452, 18_456, 18_470, 18_486, 18_487, 18_488, 4060, 4064, 916, 976, 978, 979, 40_615, 40_914].includes(number)) return 'SRC-103';
  if (number === 3906) return 'SRC-209';
  if ([596, 6005, 40_197].includes(number)) return 'SRC-102';
  if (severity === 15 || aboutNames.has(number) || (number >= 11_501 && number <= 11_550) || (number > 100 && number < 200))
    return 'SRC-202';
  return 'SRC-211';
}

/** The server counts lines of what was sent, which is the statement's text. */
function placeOf(statement: Statement, line: number): ReturnType<Statement['placeOf']> {
  let offset = 0;
  for (let at = 1; at < line; at++) {
    const next = statement.text.indexOf('\n', offset);
    if (next === -1) break;
    offset = next + 1;
  }
  return statement.placeOf(offset);
}
