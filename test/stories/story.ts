import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { sinkText } from '../../samples/sink-variables.ts';
import { runCommandLine } from '../../src/cli/program.ts';
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
  /** `file`: one of `write`; default: the story's own pipeline. */
  run(file?: string): Promise<RunResult>;
  /** Everything that the last run told. */
  readonly events: JoineryEvent[];
  open(options?: { readonly pipeline?: string; readonly state?: string }): Promise<Runner>;
  /** `on` or `off` by employee id; who has no account is not there. */
  accounts(): Readonly<Record<string, 'on' | 'off'>>;
  /** One property of an account. */
  property(employeeId: string, name: string): unknown;
  /** What an administrator does in the portal. */
  setAccount(employeeId: string, changes: Readonly<Record<string, string | boolean | null>>): void;
  /** Who types the commands from now on. */
  as(user: string): void;
  /** Puts the pipeline into the folder anew. */
  rewrite(parts: StoryParts): Promise<void>;
  /** Another pipeline beside it, over a table of its own with the same columns; answers its file. */
  write(name: string, parts?: StoryParts): Promise<string>;
  /** A command line over the story's state; answers the exit code and what was printed. */
  command(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
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
  /** More of `source`. */
  readonly source?: string;
  readonly sink?: string;
}

const schema = `create table workers (
  id text primary key, given text not null, family text not null, status text not null default 'Active',
  starts date not null default '2020-01-01', ends date, zone text not null default 'Europe/Berlin',
  department text, title text, manager text, person text, kind text not null default 'Employee')`;

export async function openStory(parts: StoryParts = {}, emulator: Omit<EmulatorOptions, 'clock'> = {}): Promise<Story> {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  const hr = await freshDatabase('story');
  // One connection for all of a story: each one is a process of the server.
  const database = new Client({ connectionString: hr });
  await database.connect();
  const sql = async (...statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await database.query(statement);
  };
  await sql(schema);
  const work = await openWorkplace({ clock, emulator, variables: { HR_DATABASE_URL: hr } });
  const folder = await mkdtemp(join(tmpdir(), 'joinery-story-'));
  const file = join(folder, 'story.yaml');
  await writeFile(file, pipelineText(parts));
  let commands = 1;
  let typist: string | undefined;
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
    sql,
    async run(other) {
      events.length = 0;
      const runner = await work.open(other ?? file, events);
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
    async write(name, next = {}) {
      const beside = join(folder, `${name}.yaml`);
      await sql(`create table ${name} (like workers including all)`);
      await writeFile(beside, pipelineText(next, name, name));
      return beside;
    },
    async command(...words) {
      const [out, err]: [string[], string[]] = [[], []];
      const io = {
        out: (text: string) => void out.push(text),
        err: (text: string) => void err.push(text),
        isTerminal: false,
        colour: false,
        columns: 80,
        environment: work.environment,
        clock,
        chance: { random: () => (commands++ * 0.618_034) % 1, uuid: randomUUID },
        signal: new AbortController().signal,
        ...(typist === undefined ? {} : { user: typist }),
      };
      const code = await runCommandLine([...words, '--state', work.state], io);
      return { code, out: out.join(''), err: err.join('') };
    },
    as(name) {
      typist = name;
    },
    rewrite: (next) => writeFile(file, pipelineText(next)),
    async close() {
      await database.end();
      await work.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function pipelineText(parts: StoryParts, name = 'story', table = 'workers'): string {
  return `pipeline: ${name}
timezone: Europe/Berlin
source:
  type: postgres
  connection: \${HR_DATABASE_URL}
${
  parts.source?.includes('query:') === true
    ? ''
    : `  table: ${table}
`
}  key: id
${parts.source ?? ''}  columns:
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
    person: { type: string }
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
${sinkText()}${parts.sink ?? ''}`;
}

/** `insert` of people by id; what is not said is the default of the table. */
export function people(rows: readonly Readonly<Record<string, string | null>>[], table = 'workers'): string {
  const quote = (value: string | null): string => (value === null ? 'null' : `'${value.replaceAll("'", "''")}'`);
  return rows
    .map((row) => `insert into ${table} (${Object.keys(row).join(', ')}) values (${Object.values(row).map(quote).join(', ')})`)
    .join(';\n');
}
