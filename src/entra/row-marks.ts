import type { Instant } from '../domain/clock.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { OperationFailure } from '../domain/operation.ts';
import { enterpriseUserSchema, type AttributePath } from '../domain/payload.ts';
import { excerptOf } from './http-answer.ts';
import { explainCode } from './outcome-codes.ts';

/** The path under which a manager that could not be set is named. */
export const managerPath: AttributePath = `${enterpriseUserSchema}:manager.value`;

/**
 * What one row says about its change.
 * - `progress`: received, in scope, matched; no end yet. `staged`: held back by the accidental-deletion threshold.
 * - `exported`: written to the directory. `unchanged`, `skipped`: the service decided to write nothing.
 * - `warned`: written but for the named attributes. `failed`, `escrowed`.
 */
export interface RowMark {
  readonly kind: 'progress' | 'staged' | 'exported' | 'unchanged' | 'skipped' | 'warned' | 'failed' | 'escrowed';
  /** The row is about a reference (the manager), which the service writes as a later update of its own. */
  readonly reference: boolean;
  readonly unset: readonly AttributePath[];
  readonly failure?: OperationFailure;
}

/** Rows are facts: what one says is worked out once, however many questions are asked of its group. */
const known = new WeakMap<LogRow, RowMark>();

/** Reads one row. Sources: graph-contract 3.2 to 3.5. */
export function markRow(row: LogRow): RowMark {
  const before = known.get(row);
  if (before !== undefined) return before;
  const mark = readMark(row);
  known.set(row, mark);
  return mark;
}

function readMark(row: LogRow): RowMark {
  const reference = isReferenceRow(row);
  const { status } = row.provisioningStatusInfo;
  const steps = row.provisioningSteps ?? [];
  if (status === 'failure') {
    const failure = failureOf(row);
    return {
      kind: failure.retryAt === undefined && !saysEscrowed(row) ? 'failed' : 'escrowed',
      reference,
      unset: reference ? [managerPath] : [],
      failure,
    };
  }
  if (row.provisioningAction === 'stagedDelete') return { kind: 'staged', reference, unset: [] };
  if (status === 'skipped') return markSkip(row, reference);
  if (status === 'warning')
    return { kind: 'warned', reference, unset: reference ? [managerPath] : unsetAttributes(row), failure: failureOf(row) };
  // A row without steps is the whole change in one; its status is all there is.
  const exported = steps.length === 0 || steps.some((step) => step.provisioningStepType === 'export' && step.status === 'success');
  if (status !== 'success' || !exported) return { kind: 'progress', reference, unset: [] };
  return { kind: 'exported', reference, unset: unsetAttributes(row) };
}

function markSkip(row: LogRow, reference: boolean): RowMark {
  const steps = row.provisioningSteps ?? [];
  const reason = steps.map((step) => step.details?.['SkipReason']).find((value) => typeof value === 'string' && value !== '');
  const code = row.provisioningStatusInfo.errorInformation?.errorCode ?? reason ?? '';
  const named = code !== '' || steps.length === 0 || steps.some((step) => /Skip/.test(step.name) || step.status === 'skipped');
  if (!named) return { kind: 'progress', reference, unset: [] };
  if (
    code === 'RedundantExport' ||
    reason === 'RedundantExport' ||
    steps.some((step) => /\balready match\b/i.test(step.description ?? ''))
  ) {
    return { kind: 'unchanged', reference, unset: [] };
  }
  const failure = failureOf(row, code === '' ? 'EntrySynchronizationSkipped' : code);
  // Skips for a reason that is not in the table wrote nothing, and are no failure either.
  const explained = explainCode(failure.code, failure.reason);
  return { kind: explained.code !== 'unknown' && explained.outcome === 'failed' ? 'failed' : 'skipped', reference, unset: [], failure };
}

/** True for the rows that set, or could not set, the manager. */
function isReferenceRow(row: LogRow): boolean {
  const modified = row.modifiedProperties ?? [];
  if (modified.length > 0) return modified.every((property) => property.displayName?.toLowerCase() === 'manager');
  if ((row.provisioningSteps ?? []).some((step) => step.provisioningStepType === 'referenceResolution')) return true;
  return /unable to assign .* as the manager of/i.test(row.provisioningStatusInfo.errorInformation?.reason ?? '');
}

/** The row says that the manager was written. */
export function setsManager(row: LogRow): boolean {
  return (row.modifiedProperties ?? []).some((property) => property.displayName?.toLowerCase() === 'manager');
}

function failureOf(row: LogRow, fallback = 'unknown'): OperationFailure {
  const info = row.provisioningStatusInfo.errorInformation;
  const failing = (row.provisioningSteps ?? []).find((step) => step.status === row.provisioningStatusInfo.status && step.description);
  const reason = firstText(info?.reason, info?.additionalDetails, failing?.description);
  const retryAt = retryAtOf(escrowText(row));
  const action = firstText(info?.recommendedAction);
  return {
    code: firstText(info?.errorCode) || fallback,
    reason: excerptOf(reason),
    ...(action === '' ? {} : { recommendedAction: excerptOf(action) }),
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}

function firstText(...texts: readonly (string | null | undefined)[]): string {
  return texts.find((candidate) => candidate !== undefined && candidate !== null && candidate.trim() !== '')?.trim() ?? '';
}

/** Source: graph-contract 2.2, seen in real output. */
const escrowPattern = /This operation was retried \d+ times?\. It will be retried again after this date:\s*(.+?)\s*UTC/i;

function escrowText(row: LogRow): string {
  const info = row.provisioningStatusInfo.errorInformation;
  const texts = [info?.reason, info?.additionalDetails, ...(row.provisioningSteps ?? []).map((step) => step.description)];
  return texts.find((candidate) => escrowPattern.test(candidate ?? '')) ?? '';
}

function saysEscrowed(row: LogRow): boolean {
  return escrowText(row) !== '';
}

function retryAtOf(text: string): Instant | undefined {
  const date = escrowPattern.exec(text)?.[1];
  if (date === undefined) return undefined;
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(date) ? date : `${date}Z`;
  // The service writes seven digits of a second; a date keeps three.
  const at = Date.parse(zoned.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(at) ? undefined : at;
}

const unsetPattern =
  /\battribute ['"‘“]([^'"’”]{1,120})['"’”][^.]*(?:null value|can(?:'|’|no)t be provisioned|was skipped|could not be set)/gi;

/** Attributes that the row names as not provisioned, as the service names them. Source: graph-contract 2.5. */
function unsetAttributes(row: LogRow): AttributePath[] {
  const info = row.provisioningStatusInfo.errorInformation;
  const texts = [info?.reason, info?.additionalDetails];
  for (const step of row.provisioningSteps ?? []) {
    texts.push(step.description);
    if (step.provisioningStepType !== 'import') texts.push(...Object.values(step.details ?? {}));
  }
  const names = texts.flatMap((candidate) =>
    candidate !== undefined && candidate !== null && /attribute/i.test(candidate) ? [...candidate.matchAll(unsetPattern)] : [],
  );
  return [...new Set(names.flatMap((match) => match[1] ?? []))].toSorted();
}

/** When the entry of a retry failed first; infinitely late if the group is no retry. Source: graph-contract 3.3. */
export function escrowedSince(group: { readonly rows: readonly LogRow[] }): Instant {
  let since = Infinity;
  for (const step of group.rows.flatMap((row) => row.provisioningSteps ?? [])) {
    if (step.name !== 'EntryEscrowRetry') continue;
    const at = Date.parse(step.details?.['CreationTime'] ?? '');
    if (at < since) since = at;
  }
  return since;
}
