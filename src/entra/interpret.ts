import type { Instant } from '../domain/clock.ts';
import type { Evidence } from '../domain/ledger.ts';
import type { LogRow } from '../domain/log-row.ts';
import type { OperationFailure } from '../domain/operation.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import type { ExternalId, OperationId, Outcome, SentChangeKind } from '../domain/words.ts';
import { compareRows, instantOf, type ChangeGroup } from './change-group.ts';
import { compareImported, distinguishes, payloadLeaves, type Comparison } from './imported-values.ts';
import { escrowedSince, managerPath, markRow, setsManager, type RowMark } from './row-marks.ts';

/** An operation as far as its rows are judged by it. */
export interface JudgedOperation {
  readonly id?: OperationId;
  readonly externalId: ExternalId;
  readonly payload: Payload;
  readonly change: SentChangeKind;
  /** Time of the 202 by the service's clock; for an unknown answer the instant before the bytes left, with a wider tolerance. */
  readonly acceptedAt: Instant;
  /** Changes that were evidence for earlier operations of the worker: they close nothing newer. */
  readonly settledChanges?: ReadonlySet<string>;
  /**
   * Other versions of the worker that the service may process in the same time: overtaken by this one, failed and retried by the
   * service, sent without an answer. Rows count only if they show a value that tells this payload from each of them.
   */
  readonly rivals?: readonly Payload[];
  /** The manager is another one than before: its row is waited for, as it is for creations. */
  readonly managerChanged?: boolean;
}

export interface InterpretOptions {
  /** How far the log's clock may be behind that of the 202, ms; default `clockTolerance`. */
  readonly tolerance?: number;
}

/** The `Date` header has whole seconds, and the service's machines do not share one clock. */
const clockTolerance = 5_000;

type LogOutcome = Exclude<Outcome, 'silent' | 'superseded'>;

/**
 * What the logs say about an operation.
 * - `open`: nothing closes it yet. `because`: no row, only rows of older changes, only rows that contradict the payload (or do not
 *   tell it from a rival's), rows without an end, held back by the deletion threshold.
 * - `closed`: with `final: false` more rows of the same change are expected: a retry, the manager's row, the rest of the group.
 */
export type Interpretation =
  | {
      readonly kind: 'open';
      readonly because: 'noRows' | 'older' | 'contradicted' | 'unconfirmed' | 'unfinished' | 'staged';
      readonly contradicted: readonly AttributePath[];
      readonly final: false;
    }
  | {
      readonly kind: 'closed';
      readonly outcome: LogOutcome;
      readonly evidence: Evidence;
      readonly failure?: OperationFailure;
      readonly unset: readonly AttributePath[];
      readonly final: boolean;
      readonly awaits?: 'retry' | 'manager' | 'rest';
    };

/**
 * Judges one operation by the changes about its worker. Pure, and the same for any order of the groups. A whole group is judged, by its
 * export or skip step; the first group that went well decides, otherwise the latest that did not.
 * Source: graph-contract 3.3 to 3.5.
 */
export function interpret(groups: readonly ChangeGroup[], operation: JudgedOperation, options: InterpretOptions = {}): Interpretation {
  const about = groups.filter((group) => group.externalId === operation.externalId);
  if (about.length === 0) return open('noRows');
  // A group belongs to one change: if its first row is older than the 202, the whole of it is, however late its other rows came.
  const from = operation.acceptedAt - (options.tolerance ?? clockTolerance);
  const judged = about
    .filter((group) => group.first >= from && operation.settledChanges?.has(group.changeId) !== true)
    .map((group): JudgedGroup => ({ group, comparison: compareImported(group.rows, operation.payload) }))
    // A retry of an entry that failed before the 202 is of older data, unless it shows ours.
    .filter(({ group, comparison }) => comparison.agreed.length > 0 || escrowedSince(group) >= from);
  if (judged.length === 0) return open('older');
  const fitting = judged.filter(
    (one) =>
      one.comparison.contradicted.length === 0 && (!opposesActivity(one.group, operation.payload) || leftScope(one, operation.payload)),
  );
  if (fitting.length === 0) {
    return open('contradicted', [...new Set(judged.flatMap(({ comparison }) => comparison.contradicted))].toSorted());
  }
  const { payload, rivals = [] } = operation;
  const confirmed = fitting.filter(({ comparison }) => rivals.every((rival) => distinguishes(comparison.agreed, payload, rival)));
  if (confirmed.length === 0) return open('unconfirmed');
  return decide(confirmed, operation);
}

interface JudgedGroup {
  readonly group: ChangeGroup;
  readonly comparison: Comparison;
}

function open(
  because: Extract<Interpretation, { readonly kind: 'open' }>['because'],
  contradicted: readonly AttributePath[] = [],
): Interpretation {
  return { kind: 'open', because, contradicted, final: false };
}

/** What a whole group came to. */
interface GroupVerdict extends JudgedGroup {
  readonly outcome: LogOutcome;
  readonly at: Instant;
  readonly failure?: OperationFailure;
  readonly unset: readonly AttributePath[];
  readonly managerSettled: boolean;
  /** Only the reference's row is there; the change's own export or skip is not. */
  readonly partial: boolean;
}

const good: readonly LogOutcome[] = ['applied', 'appliedWithWarning', 'unchanged'];

function decide(judged: readonly JudgedGroup[], operation: JudgedOperation): Interpretation {
  const verdicts: GroupVerdict[] = [];
  let staged = false;
  for (const one of judged) {
    const verdict = verdictOf(one, operation);
    if (verdict === 'staged') staged = true;
    else if (verdict !== undefined) verdicts.push(verdict);
  }
  verdicts.sort((left, right) => left.at - right.at || (left.group.changeId < right.group.changeId ? -1 : 1));
  const chosen = verdicts.find((verdict) => good.includes(verdict.outcome)) ?? verdicts.at(-1);
  if (chosen === undefined) return open(staged ? 'staged' : 'unfinished');
  return close(chosen, judged, operation);
}

function verdictOf(judged: JudgedGroup, operation: JudgedOperation): GroupVerdict | 'staged' | undefined {
  const marks = judged.group.rows.map((row) => ({ row, mark: markRow(row) }));
  const ends = marks.filter(({ mark }) => mark.kind !== 'progress' && mark.kind !== 'staged');
  // What is not about the reference decides; the manager's own row only where there is nothing else.
  const main = ends.filter(({ mark }) => !mark.reference);
  const references = ends.filter(({ mark }) => mark.reference);
  const decisive = main.at(-1) ?? references.at(-1);
  if (decisive === undefined) return marks.some(({ mark }) => mark.kind === 'staged') ? 'staged' : undefined;
  // An account that is to be created cannot have got its manager before it was created: its row is still to come.
  if (main.length === 0 && isCreation(operation.change)) return undefined;
  if (leftScope(judged, operation.payload)) return scopeVerdict(judged, instantOf(decisive.row));
  const lastReference = references.at(-1)?.mark;
  const unset = new Set<AttributePath>(
    ends.flatMap(({ mark }) => (mark.kind === 'exported' && isCreation(operation.change) ? [] : mark.unset)),
  );
  unset.delete(managerPath);
  if (lastReference !== undefined && lastReference.kind !== 'exported') unset.add(managerPath);
  const outcome = outcomeOf(decisive.mark, lastReference, unset.size > 0);
  const failure = outcome === 'appliedWithWarning' ? lastFailure(ends.map(({ mark }) => mark)) : decisive.mark.failure;
  return {
    ...judged,
    outcome,
    at: instantOf(decisive.row),
    unset: [...unset].map((name) => pathNamed(name, operation.payload)).toSorted(),
    managerSettled: references.length > 0 || ends.some(({ row, mark }) => mark.kind === 'exported' && setsManager(row)),
    partial: main.length === 0,
    ...(failure === undefined || outcome === 'applied' || outcome === 'unchanged' ? {} : { failure }),
  };
}

function outcomeOf(decisive: RowMark, reference: RowMark | undefined, unset: boolean): LogOutcome {
  switch (decisive.kind) {
    case 'failed':
    case 'escrowed': {
      // The manager's update failed; the account itself was written before.
      return decisive.reference ? 'appliedWithWarning' : decisive.kind;
    }
    case 'skipped': {
      return 'skipped';
    }
    case 'warned': {
      return 'appliedWithWarning';
    }
    case 'unchanged':
    case 'exported':
    case 'progress':
    case 'staged': {
      if (unset) return 'appliedWithWarning';
      // Nothing but the manager had to be written.
      return decisive.kind === 'unchanged' && reference === undefined ? 'unchanged' : 'applied';
    }
    default: {
      return decisive.kind satisfies never;
    }
  }
}

function lastFailure(marks: readonly RowMark[]): OperationFailure | undefined {
  return marks.findLast((mark) => mark.failure !== undefined)?.failure;
}

function close(chosen: GroupVerdict, judged: readonly JudgedGroup[], operation: JudgedOperation): Interpretation {
  const { group, comparison } = chosen;
  const manager = namesManager(operation.payload) || chosen.unset.includes(managerPath) ? lastAboutManager(judged) : undefined;
  const { outcome, unset, failure, managerSettled } = withManager(chosen, manager);
  const awaits = awaited({ ...chosen, managerSettled }, outcome, operation);
  const rows = group.rows.map((row) => row.id);
  const other = unset.includes(managerPath) && !chosen.managerSettled ? manager?.row.id : undefined;
  const evidence: Evidence = {
    kind: 'log',
    outcome,
    rows: other === undefined ? rows : [...rows, other],
    changeId: group.changeId,
    detail: { action: lastAction(group.rows), agreed: comparison.agreed.length },
    ...(operation.id === undefined ? {} : { operation: operation.id }),
    ...(unset.length === 0 ? {} : { unset }),
  };
  return {
    kind: 'closed',
    outcome,
    evidence,
    unset,
    final: awaits === undefined,
    ...(awaits === undefined ? {} : { awaits }),
    ...(failure === undefined || outcome === 'applied' ? {} : { failure }),
  };
}

interface MarkedRow {
  readonly row: LogRow;
  readonly mark: RowMark;
}

/**
 * What the last row about the manager makes of a change. One that wrote him heals the warning about him; and a record that the service processed twice has his row in one of its
 * two changes only, whichever of them is the one that was chosen.
 */
function withManager(
  chosen: GroupVerdict,
  manager: MarkedRow | undefined,
): Pick<GroupVerdict, 'outcome' | 'unset' | 'failure' | 'managerSettled'> {
  const { outcome, unset, failure, managerSettled } = chosen;
  const settled = { ...(failure === undefined ? {} : { failure }), managerSettled: managerSettled || manager !== undefined };
  if (manager?.mark.kind === 'exported') {
    const left = unset.filter((path) => path !== managerPath);
    const healed = left.length < unset.length && left.length === 0 && outcome === 'appliedWithWarning';
    const written = !managerSettled && outcome === 'unchanged';
    return { ...settled, outcome: healed || written ? 'applied' : outcome, unset: left };
  }
  const warned = !managerSettled && manager !== undefined && (outcome === 'applied' || outcome === 'unchanged');
  if (!warned) return { ...settled, outcome, unset };
  const why = manager.mark.failure ?? failure;
  return {
    outcome: 'appliedWithWarning',
    unset: [...unset, managerPath].toSorted(),
    managerSettled: true,
    ...(why === undefined ? {} : { failure: why }),
  };
}

function lastAboutManager(judged: readonly JudgedGroup[]): MarkedRow | undefined {
  return judged
    .flatMap(({ group }) => group.rows)
    .map((row): MarkedRow => ({ row, mark: markRow(row) }))
    .filter(({ row, mark }) => (mark.reference && mark.kind !== 'progress') || (mark.kind === 'exported' && setsManager(row)))
    .toSorted((left, right) => compareRows(left.row, right.row))
    .at(-1);
}

function awaited(chosen: GroupVerdict, outcome: LogOutcome, operation: JudgedOperation): 'retry' | 'manager' | 'rest' | undefined {
  if (outcome === 'escrowed') return 'retry';
  if (chosen.partial) return 'rest';
  // The service calls a record redundant whose manager alone is another one, and writes the manager later.
  const written =
    outcome === 'applied' || outcome === 'appliedWithWarning' || (outcome === 'unchanged' && operation.managerChanged === true);
  if (!written) return undefined;
  const expectsManager = (isCreation(operation.change) || operation.managerChanged === true) && namesManager(operation.payload);
  return expectsManager && !chosen.managerSettled ? 'manager' : undefined;
}

function isCreation(change: SentChangeKind): boolean {
  return change === 'joiner' || change === 'pre-hire';
}

function namesManager(payload: Payload): boolean {
  return payloadLeaves(payload).some((leaf) => leaf.path === managerPath && leaf.value !== null && leaf.value !== '');
}

function lastAction(rows: readonly LogRow[]): string {
  return rows.findLast((row) => markRow(row).kind !== 'progress')?.provisioningAction ?? 'other';
}

/**
 * True if the group wrote the other activity than the payload's: it is about another version of the worker, or the service disabled
 * him for a reason of its own; in neither case did the payload come about. `active` is mapped to `accountEnabled` by default; a job
 * that maps it otherwise has no such property in its rows.
 */
function opposesActivity(group: ChangeGroup, payload: Payload): boolean {
  const opposite = payload.active ? 'false' : 'true';
  const written = group.rows.filter((row) => markRow(row).kind === 'exported');
  const last = written.findLast((row) => row.modifiedProperties?.some((property) => property.displayName === 'accountEnabled') === true);
  if (last !== undefined) {
    const value = last.modifiedProperties?.find((property) => property.displayName === 'accountEnabled')?.newValue;
    return value?.toLowerCase() === opposite;
  }
  return payload.active && written.at(-1)?.provisioningAction === 'disable';
}

/** The service saw `active: true` and disabled the account all the same: that is what it does to a worker who leaves the job's scope. */
function leftScope({ group, comparison }: JudgedGroup, payload: Payload): boolean {
  return payload.active && comparison.agreed.includes('active') && opposesActivity(group, payload);
}

/** Source: graph-contract 2.4. */
function scopeVerdict(judged: JudgedGroup, at: Instant): GroupVerdict {
  const reason = 'the service disabled the account of an active worker: he is not in the job’s scope any more';
  const failure = { code: 'EntrySynchronizationSkipped', reason };
  return { ...judged, outcome: 'skipped', at, failure, unset: [], managerSettled: false, partial: false };
}

/** The payload's path for the name that the service uses, which is the target's: `department` → `urn:…:department`. */
function pathNamed(name: string, payload: Payload): AttributePath {
  const leaves = payloadLeaves(payload).map((leaf) => leaf.path);
  return leaves.find((path) => path === name) ?? leaves.find((path) => path.endsWith(`:${name}`) || path.endsWith(`.${name}`)) ?? name;
}
