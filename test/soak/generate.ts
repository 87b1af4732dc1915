import type { EmulatorSwitches } from '../../src/emulator/switches.ts';
import { Choices } from './random.ts';
import {
  dateOf,
  dayMilliseconds,
  firstDay,
  hourMilliseconds,
  minuteMilliseconds,
  requestTargets,
  type HrRow,
  type Kill,
  type RequestTrouble,
  type Story,
  type StoryDay,
  type StoryFault,
  type StoryRun,
  type WorkerStory,
} from './story.ts';

const firstNames = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gus', 'Hal', 'Ida', 'Jon', 'Kim', 'Lea'] as const;
const lastNames = ['Abel', 'Berg', 'Cruz', 'Diaz', 'Egon', 'Falk', 'Graf', 'Hahn', 'Iwan', 'Jung'] as const;
const departments = ['Finance', 'Sales', 'Research', 'Legal', 'Service'] as const;
const titles = ['Analyst', 'Lead', 'Clerk', 'Engineer'] as const;

/** The calls of the ports at which a process may die, most dangerous ones more often. */
const killPorts = [
  'ledger.accept', 'files.promote', 'runs.begin', 'runs.advance', 'operations.beginSending', 'operations.beginSending', 'sink.upload', 'sink.upload',
  'operations.finishSending', 'operations.finishSending', 'operations.close', 'operations.close', 'operations.add', 'operations.drop',
  'operations.escrow', 'operations.batches', 'logs.put', 'logs.moveCursor', 'files.write', 'ledger.unsettled', 'ledger.getMany', 'logs.cursor', 'source.look',
] as const; // prettier-ignore

/** And those at which a load in stages stands: between two stages, and in a later one. */
const stagePorts = ['sink.preflight', 'source.read', 'source.job', 'operations.open', 'operations.ofBatch', 'operations.tally', 'operations.close', 'sink.upload', 'operations.finishSending'] as const; // prettier-ignore

/** One random story: same seed, same story. */
export function generateStory(seed: number): Story {
  const choices = new Choices(seed);
  const days = choices.whole(5, 7);
  const hours = [0, ...Array.from({ length: days - 1 }, () => choices.of([24, 24, 24, 12, 6, 48]))];
  const dates = hours.reduce<number[]>((all, step) => [...all, (all.at(-1) ?? firstDay) + step * hourMilliseconds], []);
  // As many as need three stages of the proposed sizes, now and then; elsewhere the sizes are small.
  const whole = choices.chance(0.01);
  const size = whole ? choices.whole(250, 265) : choices.chance(0.05) ? choices.whole(80, 120) : choices.whole(26, 40);
  const workers = Array.from({ length: size }, (_, index) =>
    generateWorker(choices, `W${String(index + 1).padStart(4, '0')}`, size, dates),
  );
  if (choices.chance(0.2)) workers.push(keylessRows(choices, days));
  const keys = workers.flatMap(({ key }) => key ?? []);
  return {
    seed,
    latency: choices.of([600_000, 600_000, 300_000, 60_000]),
    switches: generateSwitches(choices),
    stages: whole ? [10, 200] : choices.of([[4, 12], [10], [3, 6, 9], [10, 200]]),
    unconfirmed: choices.chance(0.15) ? choices.of([20, 60]) : 100_000,
    network: seed % 20 === 0 ? 'sockets' : 'inProcess',
    workers,
    days: generateDays(choices, hours, keys),
  };
}

function generateWorker(choices: Choices, key: string, size: number, dates: readonly number[]): WorkerStory {
  let row = newRow(choices, key, size, dates[0] ?? firstDay);
  let present = choices.chance(0.85);
  let dirty = 0;
  const days: HrRow[][] = [];
  for (const date of dates) {
    if (days.length > 0) {
      [row, present] = move(choices, row, present, date, size);
      if (dirty > 0) dirty--;
      else if (choices.chance(0.03)) dirty = choices.whole(1, 4);
    }
    days.push(!present ? [] : dirty > 0 ? soil(choices, row) : [row]);
  }
  return { key, days };
}

function newRow(choices: Choices, key: string, size: number, date: number): HrRow {
  const started = choices.chance(0.85);
  const days = started ? -choices.whole(1, 2000) : choices.whole(1, 25);
  return {
    worker_id: key,
    is_primary: true,
    status: choices.chance(0.92) ? 'Active' : choices.of(['Leave', 'Terminated']),
    worker_type: choices.chance(0.9) ? 'Employee' : choices.of(['Contractor', 'Volunteer']),
    first_name: choices.of(firstNames),
    last_name: choices.of(lastNames),
    department: choices.chance(0.9) ? choices.of(departments) : null,
    job_title: choices.chance(0.8) ? choices.of(titles) : null,
    manager_id: choices.chance(0.7) ? anybody(choices, size, key) : null,
    hire_date: dateOf(date + days * dayMilliseconds),
    last_day: choices.chance(0.08) ? dateOf(date + choices.whole(0, 9) * dayMilliseconds) : null,
  };
}

/** Somebody else: the mapping leaves out who is named as his own manager. */
function anybody(choices: Choices, size: number, key: string | null): string | null {
  const manager = `W${String(choices.whole(1, Math.max(1, Math.ceil(size / 3)))).padStart(4, '0')}`;
  return manager === key ? null : manager;
}

/** What HR does to a worker from one day to the next. */
function move(choices: Choices, row: HrRow, present: boolean, date: number, size: number): [HrRow, boolean] {
  if (!present) return [row, choices.chance(0.25)];
  const act = choices.number();
  if (act < 0.1) return [{ ...row, department: choices.chance(0.85) ? choices.of(departments) : null }, true];
  if (act < 0.16) return [{ ...row, job_title: choices.chance(0.6) ? choices.of(titles) : null }, true];
  if (act < 0.21) return [{ ...row, manager_id: choices.chance(0.9) ? anybody(choices, size, row.worker_id) : null }, true];
  if (act < 0.24) return [{ ...row, last_name: choices.of(lastNames) }, true];
  if (act < 0.31) return [{ ...row, status: row.status === 'Terminated' ? 'Active' : 'Terminated' }, true];
  if (act < 0.33) return [{ ...row, status: row.status === 'Leave' ? 'Active' : 'Leave' }, true];
  if (act < 0.36) return [{ ...row, worker_type: row.worker_type === 'Volunteer' ? 'Employee' : 'Volunteer' }, true];
  if (act < 0.39) return [{ ...row, last_day: row.last_day === null ? dateOf(date + choices.whole(-1, 3) * dayMilliseconds) : null }, true];
  if (act < 0.41) return [{ ...row, hire_date: dateOf(date + choices.whole(-3, 20) * dayMilliseconds) }, true];
  if (act < 0.45) return [row, false];
  return [row, true];
}

/** Dirt: values that the contract with HR forbids, two rows of one key that contradict each other. */
function soil(choices: Choices, row: HrRow): HrRow[] {
  switch (choices.whole(0, 5)) {
    case 0:
      return [{ ...row, status: choices.chance(0.5) ? null : 'Retired' }];
    case 1:
      return [{ ...row, first_name: null }];
    case 2:
      return [row, { ...row, department: 'Archive' }];
    case 3:
      return [row, { ...row, status: 'Terminated' }];
    case 4:
      return [
        { ...row, is_primary: false },
        { ...row, is_primary: false, department: 'Archive' },
      ];
    default:
      // Not dirt at all: a second assignment that does not count.
      return [row, { ...row, is_primary: false, department: 'Second' }];
  }
}

function keylessRows(choices: Choices, days: number): WorkerStory {
  const row: HrRow = { ...newRow(choices, 'W0001', 10, firstDay), worker_id: null };
  return { key: null, days: Array.from({ length: days }, () => (choices.chance(0.4) ? [row] : [])) };
}

function generateDays(choices: Choices, hours: readonly number[], keys: readonly string[]): StoryDay[] {
  const days: StoryDay[] = hours.map((step) => ({
    hours: step,
    runs: Array.from({ length: choices.of([1, 1, 2, 2, 3]) }, (_, index) => generateRun(choices, index, keys)),
  }));
  return days;
}

function generateRun(choices: Choices, index: number, keys: readonly string[]): StoryRun {
  const mode = choices.chance(0.75) ? 'run' : choices.of(['resume', 'reconcile'] as const);
  return {
    after: index === 0 ? 0 : choices.of([1, 10, 60, 120]),
    mode,
    wait: choices.of([180, 180, 90, 30, 0]),
    faults: Array.from({ length: choices.of([0, 0, 1, 1, 2, 3, 4]) }, () => generateFault(choices, keys)),
    ...(choices.chance(0.5) ? { kill: generateKill(choices) } : {}),
  };
}

function generateKill(choices: Choices): Kill {
  if (choices.chance(0.3)) return { port: choices.of(stagePorts), nth: choices.whole(1, 6), side: choices.of(['before', 'after']) };
  return { port: choices.of(killPorts), nth: choices.of([1, 1, 1, 2, 3]), side: choices.of(['before', 'after']) };
}

function generateFault(choices: Choices, keys: readonly string[]): StoryFault {
  const worker = choices.of(keys) ?? '';
  const roll = choices.number();
  if (roll < 0.4) return { on: 'request', target: target(choices), nth: choices.of([1, 1, 1, 2, 3]), what: requestTrouble(choices) };
  if (roll < 0.58) {
    if (choices.chance(0.3))
      return { on: 'entry', worker, what: { kind: 'late', milliseconds: choices.whole(1, 40) * minuteMilliseconds } };
    return { on: 'entry', worker, what: { kind: choices.of(['fail', 'lost', 'repeat'] as const), times: choices.of([1, 1, 2, 4]) } };
  }
  if (roll < 0.76) {
    const rows = choices.of([1, 2, 5]);
    const kind = choices.of(['missing', 'late', 'repeat'] as const);
    if (kind === 'missing') return { on: 'row', worker, what: { kind, rows } };
    if (kind === 'late') return { on: 'row', worker, what: { kind, milliseconds: choices.whole(5, 400) * minuteMilliseconds, rows } };
    return { on: 'row', worker, what: { kind, times: choices.whole(1, 3) } };
  }
  if (roll < 0.81) return { on: 'tokens', target: choices.of(['upload', 'logs', 'job'] as const), nth: choices.whole(1, 3) };
  if (roll < 0.85) return { on: 'job', what: choices.of(['paused', 'quarantined', 'purged'] as const) };
  if (roll < 0.89) return { on: 'sender', calls: choices.of([5, 39, 40]) };
  if (roll < 0.92) return { on: 'quota', calls: choices.whole(0, 2) };
  if (roll < 0.94) return { on: 'bucket', size: choices.whole(0, 30) };
  if (roll < 0.97) return { on: 'outage', entries: choices.whole(8, 40) };
  return choices.chance(0.5)
    ? { on: 'limit', what: 'payloadLimitBytes', size: choices.of([700, 3_000, 10_000]) }
    : { on: 'limit', what: 'operationsPerRequest', size: choices.of([1, 3, 8]) };
}

function target(choices: Choices): (typeof requestTargets)[number] {
  return choices.chance(0.6) ? 'upload' : choices.of(requestTargets);
}

function requestTrouble(choices: Choices): RequestTrouble {
  const roll = choices.number();
  if (roll < 0.15) return { kind: 'drop' };
  if (roll < 0.35) return { kind: 'resetAfterAccept' };
  if (roll < 0.45) return { kind: 'duplicate' };
  if (roll < 0.6) {
    return { kind: 'delay', milliseconds: choices.of([100, 2_000, 30_000, 90_000]), when: choices.of(['before', 'after'] as const) };
  }
  if (roll < 0.7) return { kind: 'skew', milliseconds: choices.whole(-120, 120) * 1_000 };
  const status = choices.of([429, 500, 503]);
  return choices.chance(0.5) ? { kind: 'status', status } : { kind: 'status', status, retryAfter: choices.of([1, 20, 300]) };
}

/** The service's choices: a few of its switches stand otherwise than proposed. */
function generateSwitches(choices: Choices): Partial<EmulatorSwitches> {
  const all: Partial<EmulatorSwitches>[] = [
    { operationOrder: 'inOrder' },
    { duplicateExternalId: choices.of(['fail', 'shuffled'] as const) },
    { badRequestCode: 'InvalidDataFormat' },
    { requireEnterpriseSchema: true },
    { validateTypes: false },
    { missingExternalId: choices.of(['badRequest', 'dropped'] as const) },
    { locationVersion: 'request' },
    { windowCalls: choices.of([3, 10]) },
    { windowMilliseconds: choices.of([1_000, 20_000]) },
    { bulkRetryAfter: 'absent' },
    { throttledCallsCount: true },
    { logRetryAfter: 'absent' },
    { logCalls: choices.of([1, 2]) },
    { logWindowMilliseconds: 20_000 },
    { logPageSize: choices.of([7, 50]) },
    { entriesPerSecond: choices.of([0, 1, 5]) },
    { cycleIntervalMilliseconds: choices.of([600_000, 5_400_000]) },
    { inactiveUnknown: 'skip' },
    { activeOmitted: 'unchanged' },
    { missingDisplayName: 'useUserName' },
    { unknownDomainCode: 'InvalidDomain' },
    { managerHeals: true },
    { redundantUpdates: true },
    { escrow: false },
    { escrowIntervalMilliseconds: choices.of([60_000, 7_200_000]) },
    { escrowMaximumRetries: choices.of([1, 3]) },
    { restartPurges: choices.of(['always', 'never'] as const) },
    { startWithoutEmail: 'allow' },
    { rowsPerChange: 'one' },
    { unchangedRows: 'never' },
    { createdUserVisible: choices.of(['withRow', 'immediately'] as const) },
    { statusInfoFilter: choices.of(['both', 'neither'] as const) },
    { provisioningStatusFilter: true },
    { tokenLifetimeSeconds: choices.of([120, 900]) },
    { retentionDays: 7 },
    { payloadLimitStatus: 400 },
    { foreignPrincipalStatus: 404 },
  ];
  const chosen = Array.from({ length: choices.whole(0, 6) }, () => choices.of(all) ?? {});
  // Emptied titles are to be cleared, which the pipeline counts on, so both gates of the job are open in every story.
  const quarantine = choices.chance(0.5) ? { quarantineFailures: choices.of([1, 1, 2]) } : {};
  return Object.assign(quarantine, { flowNullValues: ['title'], clearingMappings: ['jobTitle'] }, ...chosen);
}
