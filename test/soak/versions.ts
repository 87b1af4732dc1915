import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { sinkVariables } from '../../samples/sink-variables.ts';
import { invariant } from '../../src/domain/error.ts';
import { Secret } from '../../src/domain/masking.ts';
import type { Mapping } from '../../src/mapping/contract.ts';
import { compileMapping } from '../../src/mapping/index.ts';
import { loadPipeline } from '../../src/pipeline/load.ts';
import type { Pipeline, PostgresSource } from '../../src/pipeline/pipeline.ts';
import type { Source } from '../../src/source/contract.ts';
import { openSource } from '../../src/source/open-source.ts';
import type { StageContext } from '../../src/stages/context.ts';
import { acceptRun, beginRun, deliverRun, planRun } from '../../src/stages/run.ts';
import { fingerprintFile, versionFile } from '../../src/store/run-files.ts';
import { Choices } from './random.ts';
import { minuteMilliseconds, type Kill, type Story } from './story.ts';
import { World, type Watcher } from './world.ts';

/** What a history was made of. */
export interface VersionHistory {
  /** Absent: the law held. */
  readonly violation?: string;
  readonly plans: number;
  /** Of these, by versions alone: the others read everything. */
  readonly byVersions: number;
  readonly kills: number;
  readonly postponed: number;
}

const hour = 3_600_000;
const place = { file: 'soak.yaml', line: 1, column: 1 };
const file = fileURLToPath(new URL('soak.yaml', import.meta.url));
const watcher: Watcher = { uploading: () => Promise.resolve(), uploaded: () => Promise.resolve() };

/** Where a process may end while a plan is made, accepted and sent. */
const ports = ['files.write', 'files.promote', 'files.remove', 'ledger.accept', 'runs.advance', 'sink.upload', 'operations.beginSending'] as const; // prettier-ignore

/**
 * A history of an HR database that is a real PostgreSQL, read by the versions of its rows: whatever is written, whenever a process ends, whichever plans are accepted late or never, each plan is the one that a
 * pass makes which reads everybody and trusts nothing but the ledger. So nobody whose row moved is missed, and nobody is touched for a row that did not. `url`: of a database that may be emptied.
 */
export async function playVersions(seed: number, url: string): Promise<VersionHistory> {
  const story: Story = {
    seed, latency: 1_000, switches: {}, network: 'inProcess', stages: [], unconfirmed: 1_000_000, workers: [], days: [],
  }; // prettier-ignore
  const admin = new Client({ connectionString: url });
  const late = new Client({ connectionString: url });
  await Promise.all([admin.connect(), late.connect()]);
  const world = await World.open(story);
  const player = new Player(new Choices(seed), world, admin, late, url);
  try {
    await player.play();
    return player.told();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { ...player.told(), violation: error.message };
  } finally {
    await late.end();
    await world.close();
    await admin.end();
  }
}

class Violation extends Error {}

class Player {
  readonly #choices: Choices;
  readonly #world: World;
  readonly #admin: Client;
  /** Whose transaction stays open while others are read. */
  readonly #late: Client;
  readonly #url: string;
  #editions: readonly { readonly pipeline: Pipeline; readonly mapping: Mapping }[] = [];
  #edition = 0;
  #lateIsOpen = false;
  #next = 0;
  #plans = 0;
  #byVersions = 0;
  #kills = 0;
  #postponed = 0;
  readonly #done: string[] = [];

  constructor(choices: Choices, world: World, admin: Client, late: Client, url: string) {
    this.#choices = choices;
    this.#world = world;
    this.#admin = admin;
    this.#late = late;
    this.#url = url;
  }

  told(): VersionHistory {
    return { plans: this.#plans, byVersions: this.#byVersions, kills: this.#kills, postponed: this.#postponed };
  }

  async play(): Promise<void> {
    const text = readFileSync(file, 'utf8');
    const environment = { HR_DATABASE_URL: 'postgres://hr@localhost/hr', ...sinkVariables(this.#world.emulator) };
    this.#editions = [text, text.replace('displayName: first_name & " "', 'displayName: first_name & ", "')].map((edition) => {
      const { pipeline } = loadPipeline(file, { environment, readFile: () => edition });
      invariant(pipeline, 'the pipeline of the soak is right');
      const { mapping } = compileMapping(pipeline);
      invariant(mapping, 'the mapping of the soak is right');
      return { pipeline: { ...pipeline, source: this.#declaration(pipeline, true) }, mapping };
    });
    await this.#admin
      .query(`drop table if exists workers; create table workers (worker_id text collate "C", is_primary boolean not null, status text not null, worker_type text not null,
      first_name text not null, last_name text not null, department text, job_title text, manager_id text, hire_date date not null, last_day date)`);
    for (let worker = 0; worker < 12; worker++) await this.#join();
    const steps = this.#choices.whole(6, 14);
    for (let step = 0; step < steps; step++) {
      for (let writes = this.#choices.whole(0, 4); writes > 0; writes--) await this.#write();
      this.#world.clock.advance(this.#choices.of([5 * minuteMilliseconds, hour, 8 * hour, 30 * hour]));
      if (this.#choices.chance(0.08)) this.#edition = 1 - this.#edition;
      await this.#act();
    }
  }

  #declaration({ source }: Pipeline, byVersions: boolean): PostgresSource {
    invariant(source.type === 'postgres', 'the soak reads PostgreSQL');
    const read = { ...source, connection: new Secret('HR', this.#url) };
    return byVersions ? { ...read, versions: { fullPass: 48 * hour, place } } : read;
  }

  /** Plans, and mostly accepts and sends, at once or after HR went on writing. */
  async #act(): Promise<void> {
    const kill = this.#choices.chance(0.3) ? this.#kill() : undefined;
    const fate = this.#choices.of(['send', 'send', 'send', 'postpone', 'abandon'] as const);
    const fresh = await this.#plan(false);
    this.#done.push(`${fate}${kill === undefined ? '' : ` killed ${kill.side} ${kill.port} ${String(kill.nth)}`}`);
    const planned = await this.#plan(true, kill, fate === 'send');
    if (fresh === undefined) throw new Violation(this.#tell('a pass over everything ended'));
    if (planned !== undefined && planned !== fresh)
      throw new Violation(this.#tell('the plan by versions is another than the plan of a pass over everything'));
    if (fate !== 'postpone' || planned === undefined) return;
    for (let writes = this.#choices.whole(1, 3); writes > 0; writes--) await this.#write();
    this.#postponed++;
    await this.#inProcess(this.#choices.chance(0.3) ? this.#kill() : undefined, async (context, around) => {
      const run = await context.store.runs.latest(context.pipeline.name, ['planned']);
      if (run === undefined) return;
      await acceptRun(context, run);
      await deliverRun(context, (await context.store.runs.get(run.id)) ?? run, around);
    });
  }

  #kill(): Kill {
    const port = this.#choices.of(ports);
    return { port, nth: port === 'files.write' ? this.#choices.whole(1, 8) : 1, side: this.#choices.of(['before', 'after'] as const) };
  }

  /** The hash of the plan; undefined: the process ended before. */
  async #plan(byVersions: boolean, kill?: Kill, send = false): Promise<string | undefined> {
    const { pipeline } = this.#current();
    const source = await openSource(this.#declaration(pipeline, byVersions));
    let hash: string | undefined;
    const events = this.#world.events.length;
    const isOver = await this.#inProcess(kill, async (context, around) => {
      const trusting = byVersions ? context : { ...context, store: forgetful(context.store) };
      const run = await beginRun(trusting, context.clock.now(), this.#choices.number);
      ({ hash } = await planRun(trusting, run, source, around.directory));
      if (!send) return;
      await acceptRun(context, (await context.store.runs.get(run.id)) ?? run);
      await deliverRun(context, (await context.store.runs.get(run.id)) ?? run, around);
    });
    await this.#close(source, isOver);
    if (byVersions) {
      this.#plans++;
      if (this.#world.events.slice(events).some((event) => event.type === 'source.read' && 'rows' in event)) this.#byVersions++;
    }
    return hash;
  }

  /** A process that was killed gives nothing back; the server ends its sessions. */
  async #close(source: Source, isOver: boolean): Promise<void> {
    if (isOver) return source.close();
    this.#kills++;
    source.close().catch(() => undefined);
    await this.#admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'joinery'",
    );
  }

  #current(): { readonly pipeline: Pipeline; readonly mapping: Mapping } {
    const current = this.#editions[this.#edition];
    invariant(current, 'there are two editions');
    return current;
  }

  /** False: killed. Errors of the service or of the stages are a history's own only where a law says so, and here nothing fails. */
  async #inProcess(kill: Kill | undefined, job: Parameters<World['act']>[2]): Promise<boolean> {
    const ending = await this.#world.act({ wait: 60, ...(kill === undefined ? {} : { kill }) }, watcher, (context, around) =>
      job({ ...context, ...this.#current() }, around),
    );
    if (ending.kind === 'failed') {
      const code: unknown = Reflect.get(Object(ending.error), 'code');
      // A plan that is too old, or whose ground moved, says so and is made anew.
      if (typeof code !== 'string' || !code.startsWith('PLN-2')) throw new Violation(this.#tell(String(ending.error)));
    }
    return ending.kind !== 'killed';
  }

  #tell(what: string): string {
    return `${what}\n  ${this.#done.join('\n  ')}`;
  }

  async #join(): Promise<void> {
    const id = `W${String(this.#next++).padStart(3, '0')}`;
    const hired = this.#choices.of(['2020-01-01', '2026-11-04', '2026-12-01'] as const);
    await this.#sql(
      `insert into workers values ('${id}', true, 'Active', 'Employee', 'First${id}', 'Last${id}', 'Sales', 'Clerk', null, '${hired}', null)`,
    );
  }

  async #write(): Promise<void> {
    const { rows } = await this.#admin.query<{ id: string }>('select distinct worker_id as id from workers order by 1');
    const who = this.#choices.of(rows)?.id ?? 'nobody';
    const where = `where worker_id = '${who}'`;
    const value = `v${String(this.#choices.whole(1, 99))}`;
    const write = this.#choices.of([
      'update', 'update', 'no-op', 'leave', 'delete', 'join', 'key', 'twice', 'double', 'everybody', 'full', 'reload', 'alter', 'rollback', 'late', 'late', 'place',
    ] as const); // prettier-ignore
    switch (write) {
      case 'update':
        return this.#sql(`update workers set ${this.#choices.of(['department', 'job_title', 'last_name'])} = '${value}' ${where}`);
      case 'no-op':
        return this.#sql(`update workers set department = department ${where}`);
      case 'leave':
        return this.#sql(`update workers set status = case status when 'Active' then 'Terminated' else 'Active' end ${where}`);
      case 'delete':
        return this.#sql(`delete from workers ${where}`);
      case 'join':
        return this.#join();
      case 'key':
        return this.#sql(`update workers set worker_id = worker_id || 'x' ${where}`);
      case 'twice':
        return this.#sql(`update workers set department = '${value}' ${where}; update workers set department = 'Sales' ${where}`);
      case 'double':
        return this.#sql(
          `insert into workers select worker_id, false, status, worker_type, first_name, last_name, '${value}', job_title, manager_id, hire_date, last_day from workers ${where} limit 1`,
        );
      case 'everybody':
        return this.#sql(`update workers set job_title = '${value}'`);
      case 'full':
        return this.#lateIsOpen ? undefined : this.#sql('vacuum full workers');
      case 'reload':
        return this.#lateIsOpen
          ? undefined
          : this.#sql(
              'begin; create table kept as select * from workers; truncate workers; insert into workers select * from kept; drop table kept; commit',
            );
      case 'alter':
        return this.#lateIsOpen
          ? undefined
          : this.#sql(`alter table workers add column note${String(this.#done.length)} text default '${value}'`);
      case 'rollback':
        return this.#sql(`begin; update workers set department = '${value}' ${where}; rollback`);
      case 'place':
        // The place of a row that is gone is given to another one.
        return this.#lateIsOpen
          ? undefined
          : this.#sql(
              `delete from workers ${where}; vacuum workers; insert into workers values ('${who}', true, 'Active', 'Employee', 'Again', 'Last', '${value}', null, null, '2020-01-01', null)`,
              true,
            );
      case 'late':
        this.#done.push(this.#lateIsOpen ? 'commit of what was open' : `open: ${value} of ${who}`);
        await this.#late.query(this.#lateIsOpen ? 'commit' : `begin; update workers set department = '${value}' ${where}`);
        this.#lateIsOpen = !this.#lateIsOpen;
    }
  }

  async #sql(sql: string, each = false): Promise<void> {
    this.#done.push(sql);
    // Nobody waits for the transaction that is open.
    await this.#admin.query("set lock_timeout = '50ms'");
    for (const part of each ? sql.split('; ') : [sql]) {
      try {
        await this.#admin.query(part);
      } catch (error) {
        if (Reflect.get(Object(error), 'code') !== '55P03') throw error;
        this.#done.push('(locked)');
        await this.#admin.query('rollback');
      }
    }
  }
}

/** Without what the last run kept: everybody is compared with the ledger. */
function forgetful(store: StageContext['store']): StageContext['store'] {
  const kept = (name: string): boolean => name === fingerprintFile || name === versionFile;
  const files: StageContext['store']['files'] = {
    ...store.files,
    read: (area, name) => ('pipeline' in area && kept(name) ? Promise.resolve(undefined) : store.files.read(area, name)),
    list: async (area) => (await store.files.list(area)).filter((name) => !kept(name)),
  };
  return { ...store, files };
}
