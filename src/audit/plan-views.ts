import type { Change } from '../domain/change.ts';
import { enterpriseUserSchema, type AttributePath } from '../domain/payload.ts';
import { isSentChange, sentChangeKinds, type SentChangeKind } from '../domain/words.ts';
import { getAttribute, toldDifferences } from '../scim/index.ts';
import type { Masks } from './masks.ts';
import { shortPath } from './words.ts';

/** How the changes of a plan can be summed up. */
export const planViewNames = ['change', 'department', 'attribute'] as const;
export type PlanViewName = (typeof planViewNames)[number];

/** One row of a view; only what the plan would send is counted. */
export interface PlanViewRow {
  /** Change kind, department (shown as openly as its class allows), or attribute as the pipeline writes it. */
  readonly name: string;
  readonly workers: number;
  readonly changes: Readonly<Partial<Record<SentChangeKind, number>>>;
  /** Values by what becomes of them; emptied is apart, because a tenant may be set so that emptiness clears. */
  readonly set: number;
  readonly changed: number;
  readonly emptied: number;
}

const departmentPath: AttributePath = `${enterpriseUserSchema}:department`;

interface Row {
  workers: number;
  readonly changes: Partial<Record<SentChangeKind, number>>;
  set: number;
  changed: number;
  emptied: number;
}

/** Sums a plan up in all views while it streams by; holds a row for each department and attribute, and no worker. */
export class PlanTally {
  readonly #views: Readonly<Record<PlanViewName, Map<string, Row>>> = { change: new Map(), department: new Map(), attribute: new Map() };
  readonly #masks: Masks;

  constructor(masks: Masks) {
    this.#masks = masks;
  }

  add({ change, send, payload, differences }: Change): void {
    if (!send || !isSentChange(change)) return;
    const department = getAttribute(payload, departmentPath);
    const group = typeof department === 'string' ? department : '';
    const touched = toldDifferences(differences);
    for (const row of [rowOf(this.#views.change, change), rowOf(this.#views.department, group)]) {
      addWorker(row, change);
      for (const { kind } of touched) row[kind]++;
    }
    for (const { path, kind } of touched) {
      const row = rowOf(this.#views.attribute, path);
      addWorker(row, change);
      row[kind]++;
    }
  }

  /** Change kinds in the order of sending; otherwise the largest first. */
  view(name: PlanViewName): readonly PlanViewRow[] {
    const rows = [...this.#views[name]];
    if (name === 'change')
      return sentChangeKinds.flatMap((kind) => rows.filter(([key]) => key === kind).map(([key, row]) => ({ name: key, ...row })));
    const nameOf = (key: string): string =>
      name === 'attribute' ? shortPath(key) : key === '' ? '(none)' : this.#masks.attribute(departmentPath, key);
    return rows
      .toSorted(([left, one], [right, other]) => other.workers - one.workers || (left < right ? -1 : 1))
      .map(([key, row]) => ({ name: nameOf(key), ...row }));
  }
}

function rowOf(view: Map<string, Row>, key: string): Row {
  const known = view.get(key) ?? { workers: 0, changes: {}, set: 0, changed: 0, emptied: 0 };
  view.set(key, known);
  return known;
}

function addWorker(row: Row, change: SentChangeKind): void {
  row.workers++;
  row.changes[change] = (row.changes[change] ?? 0) + 1;
}
