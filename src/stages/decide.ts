import { setImmediate as turn } from 'node:timers/promises';
import type { Change, Rejection } from '../domain/change.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { goneFingerprint, otherOwnerOf, type Evaluated, type LedgerEntry } from '../domain/ledger.ts';
import { summarise, type Verdict } from '../domain/verdict.ts';
import type { ExternalId, PipelineName, RunId } from '../domain/words.ts';
import { formatInstant, type Instant } from '../domain/clock.ts';
import { backDatedEnd, changeOf } from '../plan/change-of.ts';
import { ledgerStateOf, rowStateOf, type RowState } from '../plan/decision.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { PlanLine, TransformItem } from '../store/run-files.ts';
import { holdDecided, type Holds } from './holds.ts';
import { candidatesHash } from './name-seekers.ts';
import type { Survey } from './survey.ts';

export interface DecideInput {
  readonly run: RunId;
  readonly asOf: number;
  readonly survey: Survey;
  /** `asOf` of the last accepted whole run; undefined: there was none. */
  readonly lastAccepted?: Instant | undefined;
  /** A row without a key could be about a worker who seems to be missing: nobody vanishes in this run. */
  readonly keyless: boolean;
  /** How many such rows the last accepted run had. */
  readonly keylessBefore: number;
  /** Keys of other pipelines that the last accepted run of this one claimed. */
  readonly claims: ReadonlySet<ExternalId>;
  /** Keys of this pipeline that another one claims, and which. */
  readonly claimed: ReadonlyMap<ExternalId, PipelineName>;
  readonly holds: Holds;
  /** Workers who are sent again although nothing differs. */
  readonly resend: ReadonlySet<ExternalId>;
  /** Of those, whom a person named. */
  readonly named: ReadonlySet<ExternalId>;
  /** Whether a worker is in a plan that is confined; see `only`. */
  readonly isIn: (externalId: ExternalId, change: Change | undefined) => boolean;
}

export type Decided =
  | { readonly kind: 'line'; readonly line: PlanLine; readonly wasRejected: boolean }
  | { readonly kind: 'rejection'; readonly rejection: Rejection };

const decidedAtOnce = 100;

/** Second pass over the verdicts: every worker's change, in the order of the source, in the chunks in which the verdicts come. */
export async function* decideWorkers(
  context: StageContext,
  chunks: AsyncIterable<readonly TransformItem[]>,
  input: DecideInput,
): AsyncGenerator<readonly Decided[]> {
  const scope = scopeOf(context.pipeline);
  let keyless = 0;
  for await (const chunk of chunks) {
    const keys = new Set<ExternalId>();
    const named = new Set<ExternalId>();
    for (const item of chunk) {
      if (item.kind === 'vanished') keys.add(item.externalId);
      if (item.kind !== 'verdict') continue;
      keys.add(item.verdict.externalId);
      if (item.verdict.kind === 'draft' && item.verdict.draft.manager !== undefined) named.add(item.verdict.draft.manager);
    }
    const { ledger } = context.store;
    const [entries, managers] = await Promise.all([ledger.getMany(scope, [...keys]), ledger.known(scope, [...named])]);
    const decided: Decided[] = [];
    for (const [index, item] of chunk.entries()) {
      // A whole chunk takes a tenth of a second, for which nothing else would be heard.
      if (index > 0 && index % decidedAtOnce === 0) await turn();
      if (item.kind === 'keyless')
        decided.push({ kind: 'rejection', rejection: keylessRejection(item.ordinal, ++keyless > input.keylessBefore) });
      else if (item.kind === 'vanished') decided.push(...decideVanished(context, item.externalId, entries.get(item.externalId), input));
      else decided.push(...decideVerdict(context, item, entries.get(item.verdict.externalId), managers, input));
    }
    await nameLeftOn(context, chunk, entries, input);
    yield await holdDecided(input.holds, decided, entries, input.survey.rekeys, input.isIn);
  }
}

/**
 * Who is inactive and unknown is never sent, so that past leavers become no accounts. An account of his that is on is another matter: nobody turns it off, and nothing else would
 * tell. Only named, because it is none of ours: adopt takes it over, and then he is a leaver.
 */
async function nameLeftOn(
  { emit, pipeline }: StageContext,
  chunk: readonly TransformItem[],
  entries: ReadonlyMap<ExternalId, LedgerEntry>,
  { holds, isIn }: DecideInput,
): Promise<void> {
  const unknown = chunk.flatMap((item) => {
    if (item.kind !== 'verdict' || rowStateOf(item.verdict) !== 'inactive') return [];
    const { externalId } = item.verdict;
    const entry = entries.get(externalId);
    const isOurs = entry === undefined || entry.owner === pipeline.name;
    const isUnknown = ledgerStateOf(entry) === 'unknown' && entry?.desired === undefined;
    return isOurs && isUnknown && isIn(externalId, undefined) ? [externalId] : [];
  });
  for (const externalId of await holds.leftOn(unknown)) {
    const message = `worker ${externalId} is inactive, and an account with his employee id is on that this pipeline never wrote: nothing turns it off`;
    emit({ type: 'warning', externalId, diagnostic: { code: 'PLN-110', severity: 'warning', message } });
  }
}

function keylessRejection(ordinal: number, fresh: boolean): Rejection {
  const message = `row ${String(ordinal)} of the source has no key`;
  return { ordinals: [ordinal], reasons: [{ code: 'PLN-105', severity: 'error', message }], fresh };
}

function* decideVerdict(
  context: StageContext,
  item: Extract<TransformItem, { readonly kind: 'verdict' }>,
  entry: LedgerEntry | undefined,
  managers: ReadonlySet<ExternalId>,
  input: DecideInput,
): Generator<Decided> {
  const { ordinals, fingerprint } = item;
  const { externalId } = item.verdict;
  const other = otherOwnerOf(entry, context.pipeline.name);
  if (other !== undefined) {
    yield* decideForeign(item, other, input.claims.has(externalId));
    return;
  }
  const outside = context.pipeline.transform.attributes.find((attribute) => attribute.outside !== undefined)?.outside ?? 'omit';
  const named = withClaimRejection(withNameRejection(item.verdict, input.survey), input.claimed);
  const manager = managerCase(named, managers, input.survey);
  const verdict = outside === 'reject' && !manager.known ? rejectedFor(named, manager.warnings) : named;
  const wasRejected = entry?.evaluated?.verdict === 'rejected';
  const change = changeOf(
    {
      externalId,
      row: rowWithDueDisable(rowStateOf(verdict), entry),
      ...(verdict.kind === 'draft' ? { draft: verdict.draft } : {}),
      entry,
      chosen: input.survey.names.chosen(externalId),
      renamed: input.survey.names.renamed(externalId),
      managerKnown: manager.known,
      keepManager: outside === 'keep',
      resend: input.resend.has(externalId) || entry?.marked === 'resend',
      named: input.named.has(externalId),
      warnings: verdict.kind === 'rejected' ? verdict.warnings : [...verdict.warnings, ...manager.warnings],
    },
    context.pipeline.leavers,
  );
  if (verdict.kind === 'rejected') {
    const fresh = !wasRejected || !sameCodes(entry.evaluated?.reasons ?? [], verdict.reasons);
    yield { kind: 'rejection', rejection: { externalId, ordinals, reasons: verdict.reasons, fresh } };
  }
  const isProtected = item.verdict.protected ?? entry?.evaluated?.protected ?? false;
  const candidates = verdict.kind === 'draft' ? candidatesHash(verdict.draft) : undefined;
  const evaluated: Evaluated = {
    fingerprint,
    mappingId: context.mapping.id,
    verdict: summarise(verdict),
    ...(verdict.kind === 'draft' ? { draftHash: verdict.draft.hash } : {}),
    ...(verdict.kind === 'rejected' ? { reasons: verdict.reasons.map(({ code }) => code) } : {}),
    ...(verdict.nextDate === undefined ? {} : { nextDate: verdict.nextDate }),
    ...(manager.missing === undefined ? {} : { missingManager: manager.missing }),
    ...(item.identity === undefined ? {} : { identity: item.identity }),
    ...(candidates === undefined ? {} : { candidates }),
    ...(isProtected ? { protected: true } : {}),
    run: input.run,
  };
  const flagged = change === undefined ? undefined : flagBackDated(change, entry, item.verdict.endedAt, input.lastAccepted);
  const line: PlanLine = { externalId, evaluated, missing: false, ...(flagged === undefined ? {} : { change: flagged }) };
  yield { kind: 'line', line, wasRejected };
}

function flagBackDated(
  change: Change,
  entry: LedgerEntry | undefined,
  endedAt: Instant | undefined,
  lastAccepted: Instant | undefined,
): Change {
  const backDated = backDatedEnd(change, entry, endedAt, lastAccepted);
  if (backDated === undefined || lastAccepted === undefined) return change;
  const message = `the employment of worker ${change.externalId} ended at ${formatInstant(backDated)}, and the last accepted run, as of ${formatInstant(lastAccepted)}, took him for employed`;
  return { ...change, backDated, warnings: [...change.warnings, { code: 'PLN-109', severity: 'warning', message }] };
}

/**
 * A row about a worker of another pipeline. Only one that is active or about to start claims him: who is inactive or out of scope here is none of this pipeline's business,
 * as two pipelines over one table are.
 */
function* decideForeign(
  item: Extract<TransformItem, { readonly kind: 'verdict' }>,
  owner: PipelineName,
  claimedBefore: boolean,
): Generator<Decided> {
  const { verdict, ordinals } = item;
  const { externalId } = verdict;
  const state = rowStateOf(verdict);
  if (state === 'active' || state === 'preHire') {
    const reasons = [foreignOwner(externalId, owner)];
    yield { kind: 'rejection', rejection: { externalId, ordinals, reasons, fresh: !claimedBefore } };
    yield { kind: 'line', line: { externalId, claim: state }, wasRejected: false };
    return;
  }
  if (verdict.kind === 'rejected' && !verdict.saysInactive) {
    yield { kind: 'rejection', rejection: { externalId, ordinals, reasons: verdict.reasons, fresh: !claimedBefore } };
  }
  yield { kind: 'line', line: { externalId, claim: 'none' }, wasRejected: false };
}

/** What another pipeline claims is a rejection here too, whatever the row says: two sources contradict each other about one worker. */
function withClaimRejection(verdict: Verdict, claimed: ReadonlyMap<ExternalId, PipelineName>): Verdict {
  const by = claimed.get(verdict.externalId);
  if (by === undefined || verdict.kind === 'rejected') return verdict;
  return {
    kind: 'rejected',
    externalId: verdict.externalId,
    reasons: [alsoClaimed(verdict.externalId, by)],
    saysInactive: false,
    warnings: verdict.warnings,
    ...(verdict.nextDate === undefined ? {} : { nextDate: verdict.nextDate }),
  };
}

function alsoClaimed(externalId: ExternalId, by: PipelineName): Diagnostic {
  return { code: 'PLN-101', severity: 'error', message: `worker ${externalId} is claimed by pipeline ${by} as well` };
}

/** A disable that was accepted and is not confirmed stays due, whatever has become of the row since. */
function rowWithDueDisable(row: RowState, entry: LedgerEntry | undefined): RowState {
  return row === 'rejected' && entry?.desired?.payload.active === false ? 'rejectedInactive' : row;
}

function withNameRejection(verdict: Verdict, survey: Survey): Verdict {
  const reason = survey.names.rejection(verdict.externalId);
  if (reason === undefined || verdict.kind !== 'draft') return verdict;
  return {
    kind: 'rejected',
    externalId: verdict.externalId,
    reasons: [reason],
    saysInactive: !verdict.draft.active && !verdict.draft.preHire,
    warnings: verdict.warnings,
    ...(verdict.nextDate === undefined ? {} : { nextDate: verdict.nextDate }),
  };
}

/** The warning about the manager as the reason of a rejection. */
function rejectedFor(verdict: Verdict, warnings: readonly Diagnostic[]): Verdict {
  if (verdict.kind !== 'draft') return verdict;
  const { externalId, draft, nextDate } = verdict;
  return {
    kind: 'rejected',
    externalId,
    reasons: warnings.map((warning) => ({ ...warning, severity: 'error' })),
    saysInactive: !draft.active && !draft.preHire,
    warnings: verdict.warnings,
    ...(nextDate === undefined ? {} : { nextDate }),
  };
}

interface ManagerCase {
  readonly known: boolean;
  readonly missing?: ExternalId;
  readonly warnings: readonly Diagnostic[];
}

function managerCase(verdict: Verdict, managers: ReadonlySet<ExternalId>, survey: Survey): ManagerCase {
  const manager = verdict.kind === 'draft' ? verdict.draft.manager : undefined;
  if (manager === undefined || managers.has(manager)) return { known: true, warnings: [] };
  if (survey.newcomers.has(manager) && survey.names.rejection(manager) === undefined) return { known: true, warnings: [] };
  const message = `worker ${verdict.externalId} names manager ${manager}, who is neither in the ledger nor in this plan`;
  return { known: false, missing: manager, warnings: [{ code: 'PLN-104', severity: 'warning', message }] };
}

function* decideVanished(
  context: StageContext,
  externalId: ExternalId,
  entry: LedgerEntry | undefined,
  input: DecideInput,
): Generator<Decided> {
  if (entry === undefined || entry.owner !== context.pipeline.name) {
    if (input.claims.has(externalId)) yield { kind: 'line', line: { externalId, claim: 'none' }, wasRejected: false };
    return;
  }
  if (input.keyless) return;
  const claimant = input.claimed.get(externalId);
  if (claimant !== undefined) {
    // He did not leave: he moved to another source, and somebody has to say so.
    const fresh = entry.missing === undefined;
    yield { kind: 'rejection', rejection: { externalId, ordinals: [], reasons: [alsoClaimed(externalId, claimant)], fresh } };
    yield { kind: 'line', line: { externalId, missing: true }, wasRejected: entry.evaluated?.verdict === 'rejected' };
    return;
  }
  const { fullPasses, hours } = context.pipeline.leavers.vanished;
  const passes = (entry.missing?.passes ?? 0) + 1;
  const since = entry.missing?.since ?? input.asOf;
  // Who was off for good is not counted anew: his disable went once, and is uncertain now.
  const wasGone = entry.evaluated?.fingerprint === goneFingerprint;
  const due = wasGone || (passes >= fullPasses && input.asOf - since >= hours);
  const wasRejected = entry.evaluated?.verdict === 'rejected';
  const named = input.named.has(externalId);
  const survey = { chosen: new Map<string, string>(), managerKnown: true, resend: named, named, warnings: [] };
  const change: Change | undefined = due
    ? changeOf({ externalId, row: 'vanished', entry, ...survey }, context.pipeline.leavers)
    : undefined;
  // Once he is off for good there is nothing left to count; a disable in flight may yet be lost, and he is in no other list of whom to look at again.
  const settled = due && entry.sent === undefined && (change === undefined || change.change === 'frozen' || change.change === 'ignored');
  const gone = settled && entry.evaluated !== undefined ? { evaluated: { ...entry.evaluated, fingerprint: goneFingerprint } } : {};
  yield { kind: 'line', line: { externalId, missing: !settled, ...gone, ...(change === undefined ? {} : { change }) }, wasRejected };
}

function foreignOwner(externalId: ExternalId, owner: string): Diagnostic {
  return { code: 'PLN-101', severity: 'error', message: `worker ${externalId} belongs to pipeline ${owner}` };
}

function sameCodes(before: readonly string[], now: readonly Diagnostic[]): boolean {
  return before.length === now.length && now.every(({ code }, index) => before[index] === code);
}
