import { enterpriseUserSchema } from '../../domain/payload.ts';
import type { Observations, Observed, AssumptionName } from './assumptions.ts';
import { uploadIn, type UploadRecord } from './progress.ts';
import type { Evidence } from './run-probe.ts';
import { uploadOf, versions, type UploadName } from './script.ts';
import { externalIdOf, type Part } from './throwaways.ts';
import { timeOf, type SeenRow } from './watch.ts';

/** What the evidence says about each assumption; what it does not say is left out. Pure. */
export function observe(evidence: Evidence): Observations {
  const seen: { [name in AssumptionName]?: Observed } = {};
  const note = (name: AssumptionName, value: Observed | undefined): void => {
    if (value !== undefined) seen[name] = value;
  };
  const { queries } = evidence.progress;
  if (queries !== undefined) {
    note('logPageSize', queries.logPageSize);
    note('statusInfoFilter', queries.statusInfoV1 ? 'both' : queries.statusInfoBeta ? 'beta' : 'neither');
    note('provisioningStatusFilter', queries.provisioningStatusInfo);
  }
  const create = accepted(evidence, 'create');
  if (create !== undefined) {
    note('locationVersion', create.location === undefined ? undefined : create.location === 'beta' ? 'beta' : 'request');
    note('rowsPerChange', rowsPerChange(evidence));
    note('operationOrder', operationOrder(evidence));
    note('inactiveUnknown', inactiveUnknown(evidence));
    note('createdUserVisible', createdUserVisible(evidence));
  }
  if (accepted(evidence, 'change') !== undefined) {
    const unchanged = rowsOf(evidence, 'change', 'unchanged');
    if (unchanged.length === 0) note('unchangedRows', 'never');
    else if (unchanged.some(({ row }) => row.provisioningStatusInfo.status === 'skipped')) note('unchangedRows', 'always');
    note('redundantUpdates', unchanged.some(isRedundant));
    note('activeOmitted', activeOmitted(evidence));
    note('duplicateExternalId', duplicates(evidence));
    note('managerHeals', managerHeals(evidence));
    const cleared = clearing(evidence);
    if (cleared !== undefined) {
      note('flowNullValues', cleared ? [`${enterpriseUserSchema}:department`] : []);
      note('clearingMappings', cleared ? ['department'] : []);
    }
  }
  const [core, many] = [uploadIn(evidence.progress, 'coreOnly'), uploadIn(evidence.progress, 'tooMany')];
  if (core?.state === 'accepted' || core?.state === 'refused') note('requireEnterpriseSchema', core.state === 'refused');
  if (many?.state === 'accepted' || many?.state === 'refused')
    note('operationsPerRequest', many.state === 'refused' ? 50 : uploadOf('tooMany', evidence.cast).records.length);
  const codes = [core?.code, many?.code].filter((code) => code !== undefined && code !== '');
  note('badRequestCode', codes[0]);
  return seen;
}

function accepted({ progress }: Evidence, name: UploadName): UploadRecord | undefined {
  const record = uploadIn(progress, name);
  return record?.state === 'accepted' ? record : undefined;
}

/** Rows of one worker between a call and the next one. */
function rowsOf(evidence: Evidence, name: UploadName, part: Part): readonly SeenRow[] {
  const { uploads } = evidence.progress;
  const at = uploadIn(evidence.progress, name)?.at ?? Infinity;
  const next = Math.min(...uploads.map((upload) => upload.at).filter((other) => other > at));
  const id = externalIdOf(evidence.cast, part);
  // The Date header has whole seconds.
  return evidence.rows.filter((seen) => seen.row.sourceIdentity?.id === id && timeOf(seen) >= at - 1_000 && timeOf(seen) < next);
}

function isCreated({ row }: SeenRow): boolean {
  return row.provisioningAction === 'create' && row.provisioningStatusInfo.status === 'success';
}

function isRedundant({ row }: SeenRow): boolean {
  const modified = row.modifiedProperties ?? [];
  return (
    row.provisioningAction === 'update' &&
    modified.length > 0 &&
    modified.every(({ oldValue, newValue }) => (oldValue ?? '') === (newValue ?? ''))
  );
}

function changeOf(
  { row }: SeenRow,
  attribute: string,
): { readonly oldValue?: string | null; readonly newValue?: string | null } | undefined {
  return (row.modifiedProperties ?? []).find(({ displayName }) => displayName?.toLowerCase() === attribute.toLowerCase());
}

const plain = ['unchanged', 'omitted', 'null', 'empty', 'withoutActive', 'versions'] as const;

function rowsPerChange(evidence: Evidence): Observed | undefined {
  const sizes = plain.flatMap((part) => {
    const rows = rowsOf(evidence, 'create', part);
    const created = rows.find(isCreated);
    return created === undefined ? [] : [rows.filter(({ row }) => row.changeId === created.row.changeId).length];
  });
  return sizes.length === 0 ? undefined : sizes.some((size) => size > 1) ? 'several' : 'one';
}

/** In order only if no two of at least five are the other way round and hardly any share an instant. */
function operationOrder(evidence: Evidence): Observed | undefined {
  const ids = uploadOf('create', evidence.cast).records.map((record) => record['externalId']);
  const at = uploadIn(evidence.progress, 'create')?.at ?? 0;
  const firsts = new Map<unknown, number>();
  for (const seen of evidence.rows) {
    const id = seen.row.sourceIdentity?.id;
    if (timeOf(seen) >= at - 1_000 && isCreated(seen) && !firsts.has(id)) firsts.set(id, timeOf(seen));
  }
  const times = ids.flatMap((id) => firsts.get(id) ?? []);
  if (times.some((time, index) => time < (times[index - 1] ?? 0))) return 'random';
  return new Set(times).size >= 5 ? 'inOrder' : undefined;
}

function inactiveUnknown(evidence: Evidence): Observed | undefined {
  const rows = rowsOf(evidence, 'create', 'inactive');
  if (rows.some(isCreated)) return 'create';
  return rows.some(({ row }) => row.provisioningStatusInfo.status === 'skipped') ? 'skip' : undefined;
}

function createdUserVisible({ progress }: Evidence): Observed | undefined {
  const sightings = Object.values(progress.sightings).filter(({ row, user }) => row !== undefined && user !== undefined);
  if (sightings.length === 0) return undefined;
  if (sightings.some(({ before }) => before === 'row')) return 'afterRow';
  return sightings.some(({ before }) => before === 'user') ? 'immediately' : 'withRow';
}

function activeOmitted(evidence: Evidence): Observed | undefined {
  const rows = rowsOf(evidence, 'change', 'withoutActive');
  if (rows.some((seen) => seen.row.provisioningAction === 'disable' || changeOf(seen, 'accountEnabled')?.newValue === 'False'))
    return 'disable';
  return rows.some((seen) => changeOf(seen, 'jobTitle') !== undefined) ? 'unchanged' : undefined;
}

function duplicates(evidence: Evidence): Observed | undefined {
  const rows = rowsOf(evidence, 'change', 'versions');
  if (rows.some(({ row }) => row.provisioningStatusInfo.errorInformation?.errorCode === 'DuplicateSourceEntries')) return 'fail';
  const titles = rows.flatMap((seen) => changeOf(seen, 'jobTitle')?.newValue ?? []);
  if (titles.length === 0) return undefined;
  const places = titles.map((title) => versions.findIndex((version) => version === title));
  const inOrder = places.every((place, index) => place >= (places[index - 1] ?? 0));
  return inOrder && places.at(-1) === versions.length - 1 ? 'lastWins' : 'shuffled';
}

function managerHeals(evidence: Evidence): Observed | undefined {
  const isSet = (seen: SeenRow): boolean => seen.row.provisioningStatusInfo.status === 'success' && changeOf(seen, 'manager') !== undefined;
  // Set at once: the service knew the manager, and nothing can be said.
  if (rowsOf(evidence, 'create', 'unmanaged').some(isSet)) return undefined;
  if (!rowsOf(evidence, 'change', 'lateManager').some(isCreated)) return undefined;
  return rowsOf(evidence, 'change', 'unmanaged').some(isSet);
}

/** Null is what distinguishes best: without both gates it is never flowed. */
function clearing(evidence: Evidence): boolean | undefined {
  const changed = rowsOf(evidence, 'change', 'null').filter((seen) => changeOf(seen, 'jobTitle') !== undefined);
  if (changed.length === 0) return undefined;
  return changed.some((seen) => {
    const department = changeOf(seen, 'department');
    return department !== undefined && (department.newValue ?? '') === '';
  });
}
