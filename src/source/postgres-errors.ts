import { JoineryError } from '../domain/error.ts';
import type { ErrorCode } from '../domain/errors/registry.ts';
import { scrubText, type Secret } from '../domain/masking.ts';
import type { Place } from '../domain/place.ts';
import { findPoolerTrouble } from './postgres-pooler.ts';
import type { Statement } from './statement.ts';

export interface FailedStatement {
  readonly statement?: Statement | undefined;
  /** Code points that stand before the statement's text in what was sent. */
  readonly shift: number;
}

/**
 * Whatever pg, the socket or TLS reported, as the one error with code, place and way out. SQLSTATEs: PostgreSQL documentation, appendix A. Messages are the server's
 * own; where its class says that they quote data, what they quote is masked.
 */
export function explainPostgresError(error: unknown, connection: Secret, failed?: FailedStatement): JoineryError {
  if (error instanceof JoineryError) return error;
  const text = textOf(error, 'message') ?? String(error);
  const state = textOf(error, 'code') ?? '';
  // Of a database in maintenance; within a statement the same class is about its objects.
  const pooler = state === '08P01' ? findPoolerTrouble(text) : undefined;
  const code = state === '55000' && failed === undefined ? 'SRC-101' : (pooler?.code ?? codeOf(state, text));
  const place = code === 'SRC-202' || code === 'SRC-209' ? placeOf(error, failed) : failed?.statement?.placeOf(0);
  const message = scrubText(quotesData(state) ? text.replaceAll(/"[^"]*"/g, '"•••"') : text, [connection]);
  if (state === '22021' || state === '22P05')
    return new JoineryError('SRC-211', `PostgreSQL (${connection.name}): ${scrubText(text, [connection])} [${state}]`, {
      fix: otherLetters,
      cause: error,
    });
  // Our own cancels are told by their reason, so it was somebody else's; servers that speak another language do not tell.
  const way =
    state === '57014' && text.includes('user request')
      ? endedByOthers
      : code === 'SRC-101'
        ? (pooler?.fix ?? refusals[state])
        : pooler?.fix;
  const hint = way ?? textOf(error, 'hint');
  return new JoineryError(code, `PostgreSQL (${connection.name}): ${message}${/^[0-9A-Z]{5}$/.test(state) ? ` [${state}]` : ''}`, {
    ...(place === undefined ? {} : { place }),
    ...(hint !== undefined && (code === 'SRC-202' || way !== undefined) ? { fix: hint } : {}),
    cause: error,
  });
}

/** Both messages quote names of encodings and bytes. Source: PostgreSQL documentation, "Character Set Support". */
const otherLetters =
  "A letter cannot be told as UTF-8. Where the database was made as SQL_ASCII it keeps bytes without saying which letters they are: let a query or view say it, as in convert_from(convert(convert_to(name, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'SQL_ASCII').";

const endedByOthers = 'Somebody ended the statement on the server (pg_cancel_backend): ask the DBA why, then run again.';

/** The server answers, so that nobody has to look for it. */
const refusals: Readonly<Record<string, string>> = {
  '53300': 'Ask the DBA for two connections at a time (CONNECTION LIMIT of the role, max_connections), or run when others have ended.',
  '55000': 'Run again once the DBA lets the database be connected to (ALLOW_CONNECTIONS).',
  '57P03': 'Run again when the server has started, or is no longer a standby that takes no connections.',
};

function codeOf(state: string, message: string): ErrorCode {
  const exact: Readonly<Record<string, ErrorCode>> = {
    '42501': 'SRC-203',
    '57014': 'SRC-207',
    '55P03': 'SRC-208',
    '25006': 'SRC-209',
    '40001': 'SRC-210',
    '40P01': 'SRC-210',
    '57P01': 'SRC-102',
    '57P02': 'SRC-102',
    '57P04': 'SRC-102',
    '57P05': 'SRC-102',
    '25P03': 'SRC-102',
    '25P04': 'SRC-102',
    '57P03': 'SRC-101',
    '53300': 'SRC-101',
    '3D000': 'SRC-103',
    '3F000': 'SRC-202',
    '0A000': 'SRC-202',
  };
  const known = exact[state];
  if (known !== undefined) return known;
  if (state.startsWith('28')) return 'SRC-103';
  if (state.startsWith('08') || ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(state)) return 'SRC-102';
  if (state.startsWith('42')) return 'SRC-202';
  if (['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT', 'EACCES'].includes(state)) return 'SRC-101';
  if (isTlsTrouble(state) || /does not support SSL|certificate|altnames/i.test(message)) return 'SRC-104';
  if (/timeout expired|connection timeout|timeout exceeded when trying to connect/i.test(message)) return 'SRC-101';
  if (/connection terminated|not queryable|client was closed/i.test(message)) return 'SRC-102';
  if (/password/i.test(message) && state === '') return 'SRC-103';
  return 'SRC-211';
}

/** Names that Node's TLS gives to a certificate it does not accept. */
function isTlsTrouble(state: string): boolean {
  return /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(state);
}

/** Data exceptions, constraint violations and raised exceptions put values into their messages. */
function quotesData(state: string): boolean {
  return /^(?:22|23|P0)/.test(state);
}

function placeOf(error: unknown, failed: FailedStatement | undefined): Place | undefined {
  if (failed?.statement === undefined) return undefined;
  const position = Number(textOf(error, 'position') ?? '0');
  // The server counts characters, from 1; JavaScript counts UTF-16 code units.
  const characters = position - 1 - failed.shift;
  if (characters < 0) return failed.statement.placeOf(0);
  return failed.statement.placeOf(Array.from(failed.statement.text).slice(0, characters).join('').length);
}

function textOf(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
