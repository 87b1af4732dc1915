import type { ErrorCode } from '../domain/errors/registry.ts';
import { JoineryError } from '../domain/error.ts';
import { scrubText, type Secret } from '../domain/masking.ts';
import { excerptOf, isRecord, parseJson } from './http-answer.ts';

/** AADSTS number → our code. Sources: graph-contract 4.6; the further ones are Microsoft's public list of sign-in errors. */
const codesByNumber: Readonly<Record<string, ErrorCode>> = {
  '7000215': 'ENT-101',
  '7000222': 'ENT-102',
  '700016': 'ENT-103',
  '90002': 'ENT-104',
  '900023': 'ENT-104',
  '700027': 'ENT-105',
  '700021': 'ENT-106',
  '700023': 'ENT-107',
  '700024': 'ENT-107',
  '70021': 'ENT-114',
  '700211': 'ENT-114',
  '700212': 'ENT-114',
  '700213': 'ENT-114',
  '7000112': 'ENT-117',
  '53003': 'ENT-117',
};

/** The last answer of the token endpoint, as far as it may be told. */
export interface TokenRefusal {
  readonly status: number;
  readonly body: string;
}

/**
 * The error of a refused token: its code by the AADSTS number, the service's first sentence, the ids that support asks for. The
 * secret itself never stands in it, even where the service repeats what it was sent.
 */
export function tokenRefused(refusal: TokenRefusal, client: string, secrets: readonly Secret[]): JoineryError {
  const body = parseJson(refusal.body);
  const description = isRecord(body) && typeof body['error_description'] === 'string' ? body['error_description'] : '';
  const number = /AADSTS(\d+)/.exec(description)?.[1];
  const code = (number === undefined ? undefined : codesByNumber[number]) ?? 'ENT-108';
  const words = description === '' ? nameOf(body) : firstSentence(description);
  const trace = /Trace ID: ([0-9a-f-]{36})/i.exec(description)?.[1];
  const told = [`Entra answered ${String(refusal.status)} to application ${client}`];
  if (words !== '') told.push(excerptOf(scrubText(words, secrets)));
  if (trace !== undefined) told.push(`trace id ${trace}`);
  return new JoineryError(code, told.join('; '));
}

/** `error` of OAuth's answer, when there is no description. */
function nameOf(body: unknown): string {
  return isRecord(body) && typeof body['error'] === 'string' ? body['error'] : '';
}

/** Entra appends trace id, correlation id and time to its sentence. */
function firstSentence(description: string): string {
  return description.split(/\s*(?:Trace ID:|\r?\n)/)[0] ?? '';
}
