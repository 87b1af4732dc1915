import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { request } from 'undici';
import { sinkText } from '../samples/sink-variables.ts';
import { runCommandLine } from '../src/cli/program.ts';
import type { Clock } from '../src/domain/clock.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { startTdsDouble, type TdsDouble } from './tds-double.ts';
import { openWorkplace, peopleOf, seeded, type Workplace } from './workplace.ts';

const pipeline = `pipeline: watched
timezone: Etc/UTC
schedule: { cron: '0 6 * * *', debounce: 2h }
source:
  type: mssql
  connection: \${HR_URL}
  table: workers
  key: id
  columns:
    id: { type: string, required: true }
    name: { type: string, required: true }
  outbox: { table: outbox, column: id, every: 1h }
transform:
  attributes:
    active: true
    userName: $lowercase(id) & "@contoso.example"
    displayName: name
${sinkText()}`;

interface Told {
  readonly type: string;
  readonly at: string;
  readonly code?: string;
}

/** The command itself over real connections; days pass on the virtual clock. */
const clock = new VirtualClock('2026-11-02T07:00:00Z');
const hr = { names: ['Änne', 'Bo', 'Cem'], isLocked: false, sign: 1, signsToCome: 0 };
let double: TdsDouble;
let folder: string;
let file: string;
let work: Workplace;

beforeAll(async () => {
  double = await startTdsDouble({
    answer: (sql) => {
      if (sql.includes('[outbox]')) {
        // HR writes a little more between two looks.
        if (hr.signsToCome > 0) {
          hr.signsToCome--;
          hr.sign++;
        }
        return { columns: [{ name: 'position', type: 'int' }], rows: [[hr.sign]] };
      }
      const columns = ['id', 'name'].map((name) => ({ name, type: 'nvarchar' as const, length: 40 }));
      const failure =
        hr.isLocked && sql.includes('order by') ? { failure: { number: 1222, message: 'Lock request time out period exceeded.' } } : {};
      return { columns, rows: hr.names.map((name, index) => [`W${String(index)}`, name]), ...failure };
    },
  });
  folder = await mkdtemp(join(tmpdir(), 'joinery-watch-'));
  file = join(folder, 'watched.yaml');
  await writeFile(file, pipeline);
  work = await openWorkplace({ clock, variables: { HR_URL: double.url } });
});
afterAll(async () => {
  await work.close();
  await double.close();
  await rm(folder, { recursive: true });
});

const pollsEvery = 3_600_000;

/**
 * Time passes while the command waits for anything, but not while a run works, whose reads are real and would let days go by meanwhile, nor
 * while somebody looks at the outbox: the debounce would end before the answer has come.
 */
class WorkingClock implements Clock {
  readonly now = (): number => clock.now();
  #isWorking = false;
  #sleeps = 0;
  #release: () => void = () => undefined;
  /** The first look is what listening begins with. */
  #endLook: () => void = clock.hold();

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (milliseconds === pollsEvery) {
      this.#endLook();
      await clock.sleep(milliseconds, signal);
      this.#endLook = clock.hold();
      return;
    }
    if (!this.#isWorking) return clock.sleep(milliseconds, signal);
    this.#sleeps++;
    this.#release();
    try {
      await clock.sleep(milliseconds, signal);
    } finally {
      if (--this.#sleeps === 0 && this.#isWorking) this.#release = clock.hold();
    }
  }

  /** The command is being stopped: nobody looks any more. */
  stop(): void {
    this.#endLook();
  }

  work(isWorking: boolean): void {
    this.#release();
    this.#isWorking = isWorking;
    if (isWorking) this.#release = clock.hold();
  }
}

/** Starts the command; `until` waits for the next line of a type. */
function watch() {
  const stop = new AbortController();
  const told: Told[] = [];
  const working = new WorkingClock();
  const waiting: { readonly type: string; readonly tell: (line: Told) => void }[] = [];
  let port = '';
  const ended = runCommandLine(['watch', file, '--health', '0', '--json'], {
    out: (text) => {
      const line: Told = JSON.parse(text);
      told.push(line);
      working.work(line.type === 'watch.started');
      for (const each of waiting.filter(({ type }) => type === line.type)) {
        waiting.splice(waiting.indexOf(each), 1);
        each.tell(line);
      }
    },
    err: (text) => {
      port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? port;
    },
    environment: { ...work.environment, JOINERY_STATE: work.state },
    isTerminal: false,
    colour: false,
    columns: 100,
    clock: working,
    chance: { random: seeded(3), uuid: randomUUID },
    signal: stop.signal,
  });
  return {
    ended,
    told,
    stop() {
      working.stop();
      stop.abort(new Error('stopped by SIGTERM'));
    },
    until: (type: string) => new Promise<Told>((tell) => waiting.push({ type, tell })),
    async health(): Promise<{ readonly status: number; readonly body: unknown }> {
      // Nothing happens while somebody looks.
      const release = clock.hold();
      try {
        const { statusCode, body } = await request(`http://127.0.0.1:${port}/`);
        return { status: statusCode, body: await body.json() };
      } finally {
        release();
      }
    },
    isListening: () =>
      request(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      ),
  };
}

it('watch runs on change and on schedule, one run at a time, tells its health, and stops cleanly', async () => {
  const watching = watch();
  const { until, told } = watching;
  // Nobody listened before: that alone is a sign, and waits for quiet like any other.
  expect(await until('watch.succeeded')).toMatchObject({ at: expect.stringMatching(/^2026-11-02T09:/) });
  expect(peopleOf(work.emulator)).toHaveLength(3);
  expect(await watching.health()).toMatchObject({
    status: 200,
    body: { healthy: true, pipelines: [{ pipeline: 'watched', failures: 0, listening: true, lastFailure: null }] },
  });

  // Three signs at three looks, and one run when it has been quiet for two hours.
  hr.names.push('Dan');
  hr.signsToCome = 3;
  const runs = told.filter(({ type }) => type === 'watch.started').length;
  const last = (await until('watch.started')).at;
  await until('watch.succeeded');
  expect(told.filter(({ type }) => type === 'watch.started')).toHaveLength(runs + 1);
  expect(Date.parse(last)).toBeLessThan(Date.parse('2026-11-02T18:00:00Z'));
  expect(peopleOf(work.emulator)).toHaveLength(4);

  // The schedule comes with nobody's sign; it finds the table locked, which is told and ends nothing.
  hr.isLocked = true;
  expect(await until('watch.failed')).toMatchObject({ code: 'SRC-208', at: expect.stringMatching(/^2026-11-03T06:/) });
  expect(await watching.health()).toMatchObject({
    status: 503,
    body: { healthy: false, pipelines: [{ failures: 1, lastFailure: { code: 'SRC-208' } }] },
  });
  hr.isLocked = false;
  expect(await until('watch.succeeded')).toMatchObject({ at: expect.stringMatching(/^2026-11-04T06:/) });
  expect(await watching.health()).toMatchObject({
    status: 200,
    body: { pipelines: [{ failures: 0, nextRun: '2026-11-05T06:00:00.000Z' }] },
  });

  // Stopped in the middle of a run: it is no failure, and the next run takes up what was left.
  hr.names.push('Eve');
  hr.signsToCome = 1;
  await until('watch.started');
  watching.stop();
  expect(await watching.ended).toBe(0);
  expect(told.at(-1)).toMatchObject({ type: 'watch.stopped' });
  expect(told.filter(({ type }) => type === 'watch.failed')).toHaveLength(1);
  expect(await watching.isListening()).toBe(false);
  expect((await work.run(file)).result.plan.counts).toMatchObject({ leaver: 0 });
  expect(peopleOf(work.emulator)).toHaveLength(5);

  // A run ended before the next one began, each time.
  const order = told.map(({ type }) => type).filter((type) => type !== 'watch.stopped');
  expect(order.filter((type, index) => type === 'watch.started' && order[index + 1] === 'watch.started')).toEqual([]);
});

it('watches no pipeline twice, by one file or by a copy of it', async () => {
  const copy = join(folder, 'copy.yaml');
  await writeFile(copy, pipeline);
  const watchTwo = async (...files: readonly string[]): Promise<string> => {
    let said = '';
    const code = await runCommandLine(['watch', ...files], {
      out: () => undefined,
      err: (text) => void (said += text),
      environment: { ...work.environment, JOINERY_STATE: work.state },
      isTerminal: false,
      colour: false,
      columns: 100,
      clock,
      chance: { random: seeded(3), uuid: randomUUID },
      signal: new AbortController().signal,
    });
    expect(code).toBe(8);
    return said;
  };
  expect(await watchTwo(file, file)).toContain(`CLI-101: ${file} is given twice`);
  expect(await watchTwo(file, copy)).toContain(`CLI-101: ${file} and ${copy} are both the pipeline watched`);
});
