import { dayMilliseconds, hourMilliseconds, type HrRow } from './story.ts';

/**
 * What HR says about a worker at one instant, worked out from the rows alone and apart from the mapping:
 * - `on`, `pre` (starts within 14 days), `off`, `out` (of scope), `absent` (no row)
 * - `unclear`: dirt, the account stays as it is; `unclearOff`: dirt, but every row says inactive
 */
export type Intent = 'on' | 'pre' | 'off' | 'out' | 'absent' | 'unclear' | 'unclearOff';

const statuses = ['Active', 'Leave', 'Terminated'];

/** The row that counts; undefined: nobody can say which. */
function countingRow(rows: readonly HrRow[]): HrRow | undefined {
  const [only, ...others] = rows;
  if (others.length === 0) return only;
  const primary = rows.filter((row) => row.is_primary);
  return primary.length === 1 ? primary[0] : undefined;
}

function intentOf(rows: readonly HrRow[], at: number): Intent {
  if (rows.length === 0) return 'absent';
  const row = countingRow(rows);
  if (row?.worker_type === 'Volunteer') return 'out';
  const clean = row !== undefined && row.first_name !== null && row.status !== null && statuses.includes(row.status);
  if (!clean) return rows.every((one) => saysOff(one, at)) ? 'unclearOff' : 'unclear';
  if (!saysOff(row, at)) return 'on';
  return row.status !== 'Terminated' && isPreHire(row, at) ? 'pre' : 'off';
}

function saysOff(row: HrRow, at: number): boolean {
  if (row.status === null || !statuses.includes(row.status)) return false;
  return row.status === 'Terminated' || !isEmployed(row, at);
}

function isEmployed(row: HrRow, at: number): boolean {
  return at >= Date.parse(row.hire_date) && at < endOf(row) && endOf(row) > Date.parse(row.hire_date);
}

/** The last day counts to its end. */
function endOf(row: HrRow): number {
  return row.last_day === null ? Infinity : Date.parse(row.last_day) + dayMilliseconds;
}

function isPreHire(row: HrRow, at: number): boolean {
  const start = Date.parse(row.hire_date);
  return at < start && at >= start - 14 * dayMilliseconds && endOf(row) > start;
}

/** What HR has said about one worker until now, as far as any run looked. */
export class WorkerHistory {
  readonly intents = new Set<Intent>();
  readonly userNames = new Set<string>();
  readonly departments = new Set<string>();
  readonly managers = new Set<string>();
  /** Missing in two whole passes that lie a day apart: his account may be off. */
  gone = false;
  last: Intent = 'absent';
  lastRow: HrRow | undefined;
  #absentSince: number | undefined;
  #seen = false;

  /** A run read these rows. `whole`: the pass had no row without a key, so that who is missing is missing. */
  look(rows: readonly HrRow[], at: number, whole: boolean): void {
    this.last = intentOf(rows, at);
    this.intents.add(this.last);
    this.#seen = this.last !== 'absent';
    if (!this.#seen && whole) {
      this.#absentSince ??= at;
      if (at - this.#absentSince >= 24 * hourMilliseconds) this.gone = true;
    }
    this.lastRow = countingRow(rows);
    for (const row of rows) {
      if (row.department !== null) this.departments.add(row.department);
      if (row.manager_id !== null) this.managers.add(row.manager_id);
      if (row.first_name === null || row.worker_id === null) continue;
      const nickname = `${row.first_name}.${row.last_name}`.toLowerCase();
      this.userNames.add(`${nickname}@contoso.example`);
      this.userNames.add(`${nickname}.${row.worker_id.toLowerCase()}@contoso.example`);
    }
  }

  /** The pass was accepted: only then its presence ends an absence. */
  accepted(): void {
    if (this.#seen) this.#absentSince = undefined;
  }

  /** Some run had a reason to turn the account on, or off. */
  get mayBeOn(): boolean {
    return this.intents.has('on');
  }

  get mayBeOff(): boolean {
    return this.gone || (['pre', 'off', 'out', 'unclearOff'] as const).some((intent) => this.intents.has(intent));
  }

  get mayExist(): boolean {
    return this.intents.has('on') || this.intents.has('pre');
  }
}
