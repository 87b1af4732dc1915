/**
 * `npm run soak -- --histories N [--seed S] [--minutes M]`: plays N random HR histories with faults and kills, S being the seed of the first, on two processes. A history that breaks a law is
 * shrunk and told, and replayed by `npm run soak -- --seed S --histories 1`. Prints how the histories and faults were distributed.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateStory } from '../test/soak/generate.ts';
import { play } from '../test/soak/play.ts';
import { shrink, tell } from '../test/soak/shrink.ts';

/** What is wanted of the middle history; the others are only told. */
const wantedMedians = { workers: 30, days: 6, faults: 8, kills: 2, runs: 0, uploads: 0 };
type Median = keyof typeof wantedMedians;
const totals = ['kills in a staged load', 'uploads of a later stage', 'histories over sockets', 'histories with stages of 10, 200 and the rest'] as const; // prettier-ignore
type Total = (typeof totals)[number];

/** Every kind of fault; each strikes 50 times in 2,000 histories or more. */
const faultKinds = [
  'drop', 'resetAfterAccept', 'duplicate', 'delay', 'skew', 'status 429', 'status 500', 'status 503', 'tokens expired', 'entry fail', 'entry late', 'entry lost', 'entry repeat',
  'row missing', 'row late', 'row repeat', 'reorder', 'paused', 'quarantined', 'purged', 'quarantined by failures', 'other sender', 'quota used up', 'bucket full',
  'payloadLimitBytes', 'operationsPerRequest', 'outage',
] as const; // prettier-ignore
const wantedOfEach = 50 / 2_000;

interface Report {
  readonly seed: number;
  readonly violation?: string;
  readonly struck: Readonly<Record<string, number>>;
  readonly switches: readonly string[];
  readonly figures: Readonly<Record<Median, number>>;
  readonly totals: Readonly<Record<Total, number>>;
  readonly told: readonly string[];
}

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    step: { type: 'string', default: '1' },
    /** No further history is begun after so many minutes. */
    minutes: { type: 'string', default: '1440' },
    first: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
  },
});
const histories = Number(values.histories);
const first = Number(values.seed);
const processes = Number(values.processes);
const step = Number(values.step);
const isCutShort = Number(values.minutes) < 1_440;

// Thousands of stores are opened and thrown away: in memory where the system offers a folder for that.
if (existsSync('/dev/shm')) process.env['JOINERY_SOAK_FOLDER'] ??= '/dev/shm';
if (process.send === undefined) await lead();
else
  for (let seed = first; seed < first + histories && performance.now() < Number(values.minutes) * 60_000; seed += step)
    process.send(await playOne(seed));
process.disconnect?.();

async function playOne(seed: number): Promise<Report> {
  const story = generateStory(seed);
  const { violation, struck, kills, killsInStages, stagesChecked, runs, uploads, told } = await play(story);
  const faults = Object.values(struck).reduce((sum, count) => sum + count, 0);
  return {
    seed,
    ...(violation === undefined ? {} : { violation }),
    struck,
    switches: Object.entries(story.switches).map(([name, value]) => `${name}=${String(value)}`),
    figures: { workers: story.workers.length, days: story.days.length, faults, kills, runs, uploads },
    totals: {
      'kills in a staged load': killsInStages,
      'uploads of a later stage': stagesChecked,
      'histories over sockets': story.network === 'sockets' ? 1 : 0,
      'histories with stages of 10, 200 and the rest': story.stages.includes(200) && story.workers.length > 210 ? 1 : 0,
    },
    told,
  };
}

async function lead(): Promise<void> {
  const reports: Report[] = [];
  const failed = (): Report[] => reports.filter(({ violation }) => violation !== undefined).toSorted((a, b) => a.seed - b.seed);
  const children = Array.from({ length: Math.min(processes, histories) }, (_, index) =>
    fork(
      fileURLToPath(import.meta.url),
      ['--seed', String(first + index), '--histories', String(histories - index), '--step', String(processes), '--minutes', values.minutes],
      { execArgv: [...process.execArgv, '--no-warnings'] },
    ),
  );
  const codes = await Promise.all(
    children.map(
      (child) =>
        new Promise<number>((resolve) => {
          child.on('message', (message: Report) => {
            reports.push(message);
            if (reports.length % 100 === 0)
              process.stderr.write(`${String(reports.length)} of ${String(histories)} histories, ${String(failed().length)} broke a law\n`);
            if (message.violation !== undefined) process.stdout.write(`history ${String(message.seed)}: ${message.violation}\n`);
            if (message.violation !== undefined && values.first) for (const other of children) other.kill('SIGKILL');
          });
          child.on('exit', (code) => {
            resolve(code ?? 0);
          });
        }),
    ),
  );
  const lacking = print(reports);
  const [worst] = failed();
  if (worst?.violation !== undefined && !values.plain) {
    process.stdout.write(`\n${worst.told.join('\n')}\n\nshrinking history ${String(worst.seed)} …\n`);
    const story = await shrink(generateStory(worst.seed), worst.violation);
    const { violation, told } = await play(story);
    process.stdout.write(
      `${tell(story)}\n\n${told.join('\n')}\n${violation ?? ''}\nreplay: npm run soak -- --seed ${String(worst.seed)} --histories 1\n`,
    );
  }
  process.exitCode =
    worst !== undefined ||
    (lacking && !values.first) ||
    codes.some((code) => code !== 0) ||
    (!values.first && !isCutShort && reports.length !== histories)
      ? 1
      : 0;
}

/** Prints how histories and faults were distributed; answers whether something that is wanted is missing, which few histories cannot show. */
function print(reports: readonly Report[]): boolean {
  const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
  const failed = reports.filter(({ violation }) => violation !== undefined).length;
  const names: readonly Median[] = ['workers', 'days', 'faults', 'kills', 'runs', 'uploads'];
  const medians = names.map((name) => ({ name, value: median(reports.map((one) => one.figures[name])) }));
  const told = medians.map(
    ({ name, value }) => `${name} ${String(value)}${wantedMedians[name] > 0 ? ` (at least ${String(wantedMedians[name])})` : ''}`,
  );
  process.stdout.write(`\n${String(reports.length)} histories, ${String(failed)} broke a law; medians: ${told.join(', ')}\n`);
  const sums = totals.map((name) => `${name}: ${String(reports.reduce((sum, report) => sum + report.totals[name], 0))}`);
  process.stdout.write(`${sums.join('; ')}\n`);
  const struck = new Map<string, number>(faultKinds.map((kind) => [kind, 0]));
  const switches = new Map<string, number>();
  for (const report of reports) {
    for (const [kind, count] of Object.entries(report.struck)) struck.set(kind, (struck.get(kind) ?? 0) + count);
    for (const one of report.switches) switches.set(one, (switches.get(one) ?? 0) + 1);
  }
  const lines = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `  ${String(count).padStart(6)}  ${name}`)
      .join('\n');
  const wanted = reports.length * wantedOfEach;
  process.stdout.write(
    `faults that struck (each at least ${wanted.toFixed(0)}):\n${lines(struck)}\nhistories by switch (the others stood as proposed):\n${lines(switches)}\n`,
  );
  const few = [...struck].filter(([, count]) => count < wanted).map(([kind]) => kind);
  const small = medians.filter(({ name, value }) => value < wantedMedians[name]).map(({ name }) => `the median of ${name}`);
  if (reports.length < 1_000 || few.length + small.length === 0) return false;
  process.stdout.write(`too few: ${[...few, ...small].join(', ')}\n`);
  return true;
}
