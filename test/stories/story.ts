import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executeSql } from '../../samples/databases.ts';
import { VirtualClock } from '../../src/domain/virtual-clock.ts';
import type { EmulatorOptions } from '../../src/emulator/index.ts';
import type { JoineryEvent } from '../../src/domain/event.ts';
import type { RunResult } from '../../src/stages/run.ts';
import type { Runner } from '../../src/stages/runner.ts';
import { freshDatabase } from '../database.ts';
import { openWorkplace, type Workplace } from '../workplace.ts';

/** A small company, one table, one pipeline, one emulated tenant, and days that pass on a virtual clock. */
export interface Story {
  readonly work: Workplace;
  readonly clock: VirtualClock;
  readonly folder: string;
  sql(...statements: readonly string[]): Promise<void>;
  run(): Promise<RunResult>;
  /** Everything that the last run told. */
  readonly events: JoineryEvent[];
  open(options?: { readonly pipeline?: string; readonly state?: string }): Promise<Runner>;
  /** `on` or `off` by employee id; who has no account is not there. */
  accounts(): Readonly<Record<string, 'on' | 'off'>>;
  /** One property of an account. */
  property(employeeId: string, name: string): unknown;
  /** What an administrator does in the portal. */
  setAccount(employeeId: string, changes: Readonly<Record<string, string | boolean | null>>): void;
  /** Puts the pipeline into the folder anew. */
  rewrite(parts: StoryParts): Promise<void>;
  close(): Promise<void>;
}

/** What a story changes in the pipeline; each is YAML of its own section. */
export interface StoryParts {
  readonly attributes?: string;
  readonly active?: string;
  readonly scope?: string;
  readonly leavers?: string;
  /** Whole sections, at the left margin. */
  readonly more?: string;
  readonly guards?: string;
}

const schema = `create table workers (
  id text primary key, given text not null, family text not null, status text not null default 'Active',
  starts date not null default '2020-01-01', ends date, zone text not null default 'Europe/Berlin',
  department text, title text, manager text, kind text not null default 'Employee')`;

export async function openStory(parts: StoryParts = {}, emulator: Omit<EmulatorOptions, 'clock'> = {}): Promise<Story> {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  const hr = await freshDatabase('story');
  await executeSql(hr, schema);
  const work = await openWorkplace({ clock, emulator, variables: { HR_DATABASE_URL: hr } });
  const folder = await mkdtemp(join(tmpdir(), 'joinery-story-'));
  const file = join(folder, 'story.yaml');
  await writeFile(file, pipelineText(parts));
  const events: JoineryEvent[] = [];
  const find = (employeeId: string): { readonly id: string; readonly [name: string]: unknown } => {
    work.emulator.settle();
    const [user] = work.emulator.directory.findByEmployeeId(employeeId);
    if (user === undefined) throw new Error(`nobody has the employee id ${employeeId}`);
    return user;
  };
  return {
    work,
    clock,
    folder,
    events,
    sql: (...statements) => executeSql(hr, ...statements),
    async run() {
      events.length = 0;
      const runner = await work.open(file, events);
      try {
        return await runner.run();
      } finally {
        await runner.close();
      }
    },
    open: (options = {}) => work.open(options.pipeline ?? file, events),
    accounts() {
      work.emulator.settle();
      const users = work.emulator.directory.users().filter(({ employeeId }) => employeeId !== null);
      return Object.fromEntries(users.map((user) => [user.employeeId ?? '', user.accountEnabled ? ('on' as const) : ('off' as const)]));
    },
    property: (employeeId, name) => find(employeeId)[name],
    setAccount(employeeId, changes) {
      const user = work.emulator.directory.get(find(employeeId).id);
      if (user !== undefined) work.emulator.directory.put({ ...user, ...changes });
    },
    rewrite: (next) => writeFile(file, pipelineText(next)),
    async close() {
      await work.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function pipelineText(parts: StoryParts): string {
  return `pipeline: story
timezone: Europe/Berlin
source:
  type: postgres
  connection: \${HR_DATABASE_URL}
  table: workers
  key: id
  columns:
    id: { type: string, required: true }
    given: { type: string, required: true }
    family: { type: string, required: true }
    status: { type: string, required: true, values: [Active, Leave, Terminated] }
    starts: { type: date, required: true }
    ends: { type: date, whenNull: never }
    zone: { type: string, required: true }
    department: { type: string }
    title: { type: string }
    manager: { type: string }
    kind: { type: string, required: true, values: [Employee, Contractor, Volunteer] }
transform:
  ${parts.scope ?? `scope: kind != "Volunteer"`}
  employment: { start: starts, end: ends, zone: zone, preHire: 14d }
  attributes:
    active: ${parts.active ?? 'status != "Terminated" and $employed'}
${
  parts.attributes ??
  `    userName: { once: '[$lowercase(given) & "@contoso.example", $lowercase(given & "." & family) & "@contoso.example"]' }
    name: { givenName: given, familyName: family }
    displayName: given & " " & family
    title: title
    enterprise:
      department: department
      manager: manager`
}
leavers:
  ${parts.leavers ?? 'vanished: { action: disable, after: { fullPasses: 2, hours: 24 } }'}
guards:
  ${parts.guards ?? 'first: { joiners: 10000, rejections: 100% }'}
${parts.more ?? ''}
sink:
  type: entra
  tenant: \${ENTRA_TENANT_ID}
  servicePrincipal: \${ENTRA_SERVICE_PRINCIPAL_ID}
  job: \${ENTRA_JOB_ID}
  emulator: \${ENTRA_EMULATOR_ORIGIN}
  auth: { client: "\${ENTRA_CLIENT_ID}", secret: "\${ENTRA_CLIENT_SECRET}" }
`;
}

/** `insert` of people by id; what is not said is the default of the table. */
export function people(rows: readonly Readonly<Record<string, string | null>>[]): string {
  const quote = (value: string | null): string => (value === null ? 'null' : `'${value.replaceAll("'", "''")}'`);
  return rows
    .map((row) => `insert into workers (${Object.keys(row).join(', ')}) values (${Object.values(row).map(quote).join(', ')})`)
    .join(';\n');
}
