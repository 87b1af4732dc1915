import { marks, type Confirmed, type Desired, type Evaluated, type Evidence, type LedgerEntry, type Sent } from '../domain/ledger.ts';
import type { Payload } from '../domain/payload.ts';
import type { VerdictSummary } from '../domain/verdict.ts';
import { changeKinds, sentChangeKinds, type ExternalId } from '../domain/words.ts';
import type { Json } from '../domain/canonical-json.ts';
import type { AccountName, EvaluatedKey, KnownEvaluation } from './contract.ts';
import type { Database } from './database.ts';
import { byKey } from './key-index.ts';
import { flagOf, integerOf, jsonOf, optionalInteger, optionalJson, optionalText, present, textOf, wordOf, type Row } from './row.ts';

const verdicts: readonly VerdictSummary[] = ['active', 'inactive', 'preHire', 'outOfScope', 'rejected'];

const entryColumns = [
  'external_id owner fingerprint mapping_id verdict draft_hash reasons next_date missing_manager identity candidates protected evaluated_run',
  'desired_hash desired_change desired_run desired_rekey',
  'sent_operation sent_hash sent_change sent_at',
  'confirmed_hash confirmed_at confirmed_payload confirmed_evidence erased_hash',
  'baseline_unknown ever_enabled released_at failed_hash failed_code failed_at missing_passes missing_since marked apart rekeyed_to',
].flatMap((names) => names.split(' '));

/**
 * An entry with the payload in flight, which stands with its operation; the desired payload only where it is another than the confirmed one, which the hashes tell: each is of the
 * payload beside it, whoever writes the two, and a purge writes both anew. Follow with the condition; `e` is the entry.
 */
export const selectEntries = selectFrom('');

/** `selectEntries`, to be found by their keys. */
export function selectEntriesByKey(kind: Database['kind']): string {
  return selectFrom(byKey(kind));
}

function selectFrom(index: string): string {
  return `SELECT ${entryColumns.map((name) => `e.${name}`).join(', ')},
  CASE WHEN e.desired_hash = e.confirmed_hash THEN NULL ELSE e.desired_payload END AS desired_payload,
  o.payload AS sent_payload, o.outcome AS sent_outcome, o.state AS sent_state FROM entries e ${index} LEFT JOIN operations o ON o.id = e.sent_operation`;
}

/**
 * What the service was told of a worker last, or is being told: the member of the payload that lies under these names, one within the other, as JSON; without names the payload. The
 * engine finds a member in half of the time that reading the payload and parsing it takes here. Bindings: `memberBindings`.
 */
export function selectLastMembers(kind: Database['kind'], names: readonly string[]): string {
  const payload = 'COALESCE(o.payload, e.confirmed_payload)';
  const member =
    kind === 'sqlite' ? `${payload} -> ?` : `CAST(CAST(${payload} AS json) ${names.map(() => '-> CAST(? AS text)').join(' ')} AS text)`;
  return `SELECT e.external_id, ${names.length === 0 ? payload : member} AS member FROM entries e LEFT JOIN operations o ON o.id = e.sent_operation`;
}

export function memberBindings(kind: Database['kind'], names: readonly string[]): readonly string[] {
  return kind === 'sqlite' && names.length > 0 ? [`$${names.map((name) => `."${name}"`).join('')}`] : names;
}

export function lastMemberOf(row: Row): { readonly externalId: ExternalId; readonly member: Json | undefined } {
  return { externalId: textOf(row, 'external_id'), member: optionalJson<Json>(row, 'member') };
}

/** Whose names can be told without a payload: those of the operation in flight, else of what is confirmed as it was sent. Follow with `AND` and the condition. */
export const selectAccountNames = `SELECT external_id, CASE WHEN sent_operation IS NULL THEN confirmed_user_name ELSE sent_user_name END AS user_name,
  CASE WHEN desired_hash IS NULL OR desired_hash = CASE WHEN sent_operation IS NULL THEN confirmed_hash ELSE sent_hash END THEN 1 ELSE 0 END AS settled
  FROM entries WHERE (sent_operation IS NOT NULL OR confirmed_hash IS NOT NULL) AND erased_hash IS NULL`;

export function accountNameOf(row: Row): AccountName {
  return { ...present('userName', optionalText(row, 'user_name')), isSettled: flagOf(row, 'settled') };
}

/** A user name as it is compared: Entra ID tells no two names apart that differ in case only. */
export function foldUserName(userName: string): string {
  return userName.normalize('NFC').toLowerCase();
}

/** The folded user name of a payload; null when it has none. */
export function userNameOf(payload: Payload): string | null {
  return typeof payload['userName'] === 'string' ? foldUserName(payload['userName']) : null;
}

/** Under construction. */
type Draft<T> = { -readonly [name in keyof T]: T[name] };

/** Member by member: of most workers most columns hold nothing, and to spread what is not there costs more than to read what is. */
export function entryOf(row: Row): LedgerEntry {
  const entry: Draft<LedgerEntry> = {
    externalId: textOf(row, 'external_id'),
    owner: textOf(row, 'owner'),
    baselineUnknown: flagOf(row, 'baseline_unknown'),
    everEnabled: flagOf(row, 'ever_enabled'),
  };
  const evaluated = evaluatedOf(row);
  if (evaluated !== undefined) entry.evaluated = evaluated;
  const confirmed = confirmedOf(row);
  const desired = desiredOf(row, confirmed);
  if (desired !== undefined) entry.desired = desired;
  const sent = sentOf(row);
  if (sent !== undefined) entry.sent = sent;
  if (confirmed !== undefined) entry.confirmed = confirmed;
  const released = optionalInteger(row, 'released_at');
  if (released !== undefined) entry.released = released;
  const failed = optionalText(row, 'failed_hash');
  if (failed !== undefined) entry.failed = { hash: failed, code: textOf(row, 'failed_code'), at: integerOf(row, 'failed_at') };
  const passes = integerOf(row, 'missing_passes');
  if (passes !== 0) entry.missing = { passes, since: integerOf(row, 'missing_since') };
  if (optionalText(row, 'marked') !== undefined) entry.marked = wordOf(row, 'marked', marks);
  const apart = optionalJson<readonly string[]>(row, 'apart');
  if (apart !== undefined) entry.apart = apart;
  const rekeyedTo = optionalText(row, 'rekeyed_to');
  if (rekeyedTo !== undefined) entry.rekeyedTo = rekeyedTo;
  return entry;
}

function evaluatedOf(row: Row): Evaluated | undefined {
  const run = optionalText(row, 'evaluated_run');
  if (run === undefined) return undefined;
  const evaluated: Draft<Evaluated> = {
    fingerprint: textOf(row, 'fingerprint'),
    mappingId: textOf(row, 'mapping_id'),
    verdict: wordOf(row, 'verdict', verdicts),
    run,
  };
  const draftHash = optionalText(row, 'draft_hash');
  if (draftHash !== undefined) evaluated.draftHash = draftHash;
  const reasons = optionalJson<readonly string[]>(row, 'reasons');
  if (reasons !== undefined) evaluated.reasons = reasons;
  const nextDate = optionalInteger(row, 'next_date');
  if (nextDate !== undefined) evaluated.nextDate = nextDate;
  const missingManager = optionalText(row, 'missing_manager');
  if (missingManager !== undefined) evaluated.missingManager = missingManager;
  const identity = optionalText(row, 'identity');
  if (identity !== undefined) evaluated.identity = identity;
  const candidates = optionalText(row, 'candidates');
  if (candidates !== undefined) evaluated.candidates = candidates;
  if (optionalInteger(row, 'protected') === 1) evaluated.protected = true;
  return evaluated;
}

function desiredOf(row: Row, confirmed: Confirmed | undefined): Desired | undefined {
  const hash = optionalText(row, 'desired_hash');
  if (hash === undefined) return undefined;
  const isConfirmed = confirmed !== undefined && row['desired_payload'] === null;
  const desired: Draft<Desired> = {
    payload: isConfirmed ? confirmed.payload : jsonOf<Payload>(row, 'desired_payload'),
    hash,
    change: wordOf(row, 'desired_change', changeKinds),
    run: textOf(row, 'desired_run'),
  };
  const rekey = optionalText(row, 'desired_rekey');
  if (rekey !== undefined) desired.rekey = rekey;
  return desired;
}

function sentOf(row: Row): Sent | undefined {
  const operation = optionalText(row, 'sent_operation');
  if (operation === undefined) return undefined;
  return {
    operation,
    payload: jsonOf<Payload>(row, 'sent_payload'),
    hash: textOf(row, 'sent_hash'),
    change: wordOf(row, 'sent_change', sentChangeKinds),
    at: integerOf(row, 'sent_at'),
    ...present('escrowed', optionalText(row, 'sent_outcome') === 'escrowed' ? true : undefined),
    ...present('unanswered', optionalText(row, 'sent_state') === 'unknown' ? true : undefined),
  };
}

function confirmedOf(row: Row): Confirmed | undefined {
  const hash = optionalText(row, 'confirmed_hash');
  if (hash === undefined) return undefined;
  const confirmed: Draft<Confirmed> = {
    payload: jsonOf<Payload>(row, 'confirmed_payload'),
    hash,
    at: integerOf(row, 'confirmed_at'),
    evidence: jsonOf<Evidence>(row, 'confirmed_evidence'),
  };
  const erased = optionalText(row, 'erased_hash');
  if (erased !== undefined) confirmed.erased = erased;
  return confirmed;
}

export function evaluatedKeyOf(row: Row): EvaluatedKey {
  return {
    externalId: textOf(row, 'external_id'),
    fingerprint: textOf(row, 'fingerprint'),
    mappingId: textOf(row, 'mapping_id'),
    verdict: wordOf(row, 'verdict', verdicts),
    ...present('nextDate', optionalInteger(row, 'next_date')),
    missingPasses: integerOf(row, 'missing_passes'),
  };
}

export const knownColumns =
  'external_id, owner, fingerprint, verdict, draft_hash, next_date, identity, candidates, protected, missing_passes';

export function knownEvaluationOf(row: Row): KnownEvaluation {
  return {
    owner: textOf(row, 'owner'),
    fingerprint: textOf(row, 'fingerprint'),
    verdict: wordOf(row, 'verdict', verdicts),
    ...present('draftHash', optionalText(row, 'draft_hash')),
    ...present('nextDate', optionalInteger(row, 'next_date')),
    ...present('identity', optionalText(row, 'identity')),
    ...present('candidates', optionalText(row, 'candidates')),
    isProtected: optionalInteger(row, 'protected') === 1,
    isMissing: integerOf(row, 'missing_passes') > 0,
  };
}
