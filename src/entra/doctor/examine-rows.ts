import type { Diagnostic } from '../../domain/diagnostic.ts';
import type { LogRow } from '../../domain/log-row.ts';
import { classWords, explainCode, type OutcomeCode } from '../outcome-codes.ts';

/** Failures with one cause. */
export interface ErrorGroup {
  readonly explanation: OutcomeCode;
  /** As the service wrote it. */
  readonly code: string;
  readonly workers: readonly string[];
  readonly rows: number;
}

/** Rows that failed or came with a warning, by cause, most workers first. Pure. */
export function groupErrors(rows: readonly LogRow[]): readonly ErrorGroup[] {
  const groups = new Map<string, { explanation: OutcomeCode; code: string; workers: Set<string>; rows: number }>();
  for (const row of rows) {
    const { status, errorInformation } = row.provisioningStatusInfo;
    if (status !== 'failure' && status !== 'warning') continue;
    const code = errorInformation?.errorCode ?? '';
    const explanation = explainCode(code, errorInformation?.reason ?? '');
    const key = explanation.code === 'unknown' ? code : explanation.code;
    const group = groups.get(key) ?? { explanation, code: code === '' ? explanation.code : code, workers: new Set<string>(), rows: 0 };
    group.workers.add(row.sourceIdentity?.id ?? '(unknown)');
    group.rows++;
    groups.set(key, group);
  }
  return [...groups.values()]
    .map((group) => ({ ...group, workers: [...group.workers] }))
    .toSorted((left, right) => right.workers.length - left.workers.length);
}

/** What the last day's rows say about data, mapping and other clients of the job. Pure. */
export function examineRows(rows: readonly LogRow[]): Diagnostic[] {
  const out: Diagnostic[] = [];
  for (const { explanation, code, workers } of groupErrors(standing(rows))) {
    out.push({
      code: 'ENT-609',
      severity: explanation.outcome === 'failed' && explanation.resend !== 'byService' ? 'error' : 'warning',
      message: `${count(workers)}: ${code}: ${explanation.words} (${classWords[explanation.class]}; ${some(workers)})`,
      fix: explanation.todo,
    });
  }
  const blind = disabledWithoutActive(rows);
  if (blind.length > 0) {
    out.push({ code: 'ENT-610', severity: 'error', message: `${count(blind)} disabled by a record without active (${some(blind)})` });
  }
  const redundant = [...new Set(rows.filter(isRedundant).map((row) => row.sourceIdentity?.id ?? '(unknown)'))];
  if (redundant.length > 0) {
    out.push({ code: 'ENT-611', severity: 'notice', message: `${count(redundant)} with an update in the logs that changes nothing` });
  }
  return out;
}

/**
 * Without what is over: a failure or warning that a later row of the same worker made good. A row that only says that a record was read makes
 * nothing good. Pure.
 */
function standing(rows: readonly LogRow[]): readonly LogRow[] {
  const good = new Map<string, number>();
  for (const row of rows) {
    const { status } = row.provisioningStatusInfo;
    if (status !== 'skipped' && !(status === 'success' && (row.modifiedProperties ?? []).length > 0)) continue;
    const worker = row.sourceIdentity?.id ?? '';
    good.set(worker, Math.max(good.get(worker) ?? 0, Date.parse(row.activityDateTime)));
  }
  return rows.filter((row) => (good.get(row.sourceIdentity?.id ?? '') ?? 0) <= Date.parse(row.activityDateTime));
}

function count(workers: readonly string[]): string {
  return `${String(workers.length)} worker${workers.length === 1 ? '' : 's'}`;
}

function some(workers: readonly string[]): string {
  return workers.length <= 3 ? workers.join(', ') : `${workers.slice(0, 3).join(', ')} and more`;
}

/** The import shows what the record held: a disable whose record had no `active` came from a client that left it out. */
function disabledWithoutActive(rows: readonly LogRow[]): readonly string[] {
  const imports = new Map<string, boolean>();
  for (const row of rows) {
    for (const step of row.provisioningSteps ?? []) {
      const { details } = step;
      if (step.provisioningStepType !== 'import' || details === undefined || details === null || Object.keys(details).length < 2) continue;
      imports.set(row.changeId, 'active' in details);
    }
  }
  const found = rows.filter((row) => row.provisioningAction === 'disable' && imports.get(row.changeId) === false);
  return [...new Set(found.map((row) => row.sourceIdentity?.id ?? '(unknown)'))];
}

function isRedundant(row: LogRow): boolean {
  const modified = row.modifiedProperties ?? [];
  return (
    row.provisioningAction === 'update' &&
    modified.length > 0 &&
    modified.every(({ oldValue, newValue }) => (oldValue ?? null) === (newValue ?? null))
  );
}
