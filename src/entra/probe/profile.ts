import { isRecord } from '../http-answer.ts';
import { assumptionNames, type Observations, type Observed } from './assumptions.ts';
import type { Evidence } from './run-probe.ts';
import { externalIdOf, type Part } from './throwaways.ts';
import { timeOf } from './watch.ts';

/**
 * What a tenant does, without a word about whose it is: no id, no name, no address, no date. `joinery emulator --profile` sets its switches and its
 * latency from it, and ignores the rest.
 */
export interface ProbeProfile {
  readonly kind: 'joinery probe profile';
  readonly version: 1;
  /** By the emulator’s switches. */
  readonly switches: Readonly<Record<string, Observed>>;
  /** Assumptions that nothing was seen of. */
  readonly notObserved: readonly string[];
  /** The slowest first row of a created worker, ms; absent: none was seen. */
  readonly latencyMilliseconds?: number;
  /** From the 202 until the first row and until the account were seen, s, by created worker, the fastest first. */
  readonly delays: { readonly row: readonly number[]; readonly user: readonly number[] };
  /** What became of a department that was omitted, null or "". */
  readonly emptiness: Readonly<Record<'omitted' | 'null' | 'empty', 'unchanged' | 'null' | 'empty' | 'failed' | 'notSeen'>>;
  readonly shape: RowShape;
}

/** Which members and words the rows have that the documents do not. */
export interface RowShape {
  readonly rows: number;
  readonly unknownMembers: readonly string[];
  readonly missingMembers: readonly string[];
  readonly actions: readonly string[];
  readonly statuses: readonly string[];
  readonly stepNames: readonly string[];
  readonly errorCodes: readonly string[];
}

/** Source: graph-contract 3.2. */
const documented = [
  'id', 'activityDateTime', 'tenantId', 'jobId', 'cycleId', 'changeId', 'provisioningAction', 'durationInMilliseconds', 'initiatedBy', 'servicePrincipal',
  'sourceSystem', 'targetSystem', 'sourceIdentity', 'targetIdentity', 'provisioningStatusInfo', 'provisioningSteps', 'modifiedProperties',
] as const; // prettier-ignore

/** Pure. */
export function profileOf(evidence: Evidence, observations: Observations): ProbeProfile {
  const seconds = (pick: 'row' | 'user'): readonly number[] =>
    Object.values(evidence.progress.sightings)
      .flatMap((sighting) => sighting[pick] ?? [])
      .map((milliseconds) => Math.round(milliseconds / 1000))
      .toSorted((left, right) => left - right);
  const delays = { row: seconds('row'), user: seconds('user') };
  const slowest = delays.row.at(-1);
  return {
    kind: 'joinery probe profile',
    version: 1,
    switches: Object.fromEntries(Object.entries(observations)),
    notObserved: assumptionNames.filter((name) => observations[name] === undefined),
    ...(slowest === undefined ? {} : { latencyMilliseconds: slowest * 1000 }),
    delays,
    emptiness: { omitted: became(evidence, 'omitted'), null: became(evidence, 'null'), empty: became(evidence, 'empty') },
    shape: shapeOf(evidence),
  };
}

function became(evidence: Evidence, part: Part): ProbeProfile['emptiness']['null'] {
  const at = evidence.progress.uploads.find(({ name }) => name === 'change')?.at ?? Infinity;
  const until = evidence.progress.uploads.find(({ name }) => name === 'coreOnly')?.at ?? Infinity;
  const id = externalIdOf(evidence.cast, part);
  const rows = evidence.rows.filter((seen) => seen.row.sourceIdentity?.id === id && timeOf(seen) >= at - 1_000 && timeOf(seen) < until);
  if (rows.length === 0) return 'notSeen';
  if (rows.some(({ row }) => row.provisioningStatusInfo.status === 'failure')) return 'failed';
  const change = rows.flatMap(({ row }) => row.modifiedProperties ?? []).find(({ displayName }) => displayName === 'department');
  if (change === undefined) return 'unchanged';
  return change.newValue === '' ? 'empty' : 'null';
}

/** A word of the service: letters only, so that no id, name or address gets through. */
function words(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.filter((value) => typeof value === 'string' && /^[A-Za-z]{1,80}$/.test(value)))].map(String).toSorted();
}

function shapeOf({ rows }: Evidence): RowShape {
  const raws = rows.map(({ raw }) => raw);
  const members = new Set(raws.flatMap((raw) => Object.keys(raw)));
  const steps = raws.flatMap(({ provisioningSteps }) => (Array.isArray(provisioningSteps) ? provisioningSteps.filter(isRecord) : []));
  return {
    rows: rows.length,
    unknownMembers: words([...members].filter((member) => !documented.some((one) => one === member))),
    missingMembers: rows.length === 0 ? [] : documented.filter((member) => !members.has(member)),
    actions: words(rows.map(({ row }) => row.provisioningAction)),
    statuses: words(rows.map(({ row }) => row.provisioningStatusInfo.status)),
    stepNames: words(steps.map(({ name }) => name)),
    errorCodes: words(rows.map(({ row }) => row.provisioningStatusInfo.errorInformation?.errorCode)),
  };
}
