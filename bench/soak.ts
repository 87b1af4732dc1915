/**
 * `npm run soak -- --histories N [--seed S]`: plays N random HR histories with faults and kills, S being the seed of the first, on two processes. A history that breaks a law is
 * shrunk and told, and replayed by `npm run soak -- --seed S --histories 1`. Prints how the histories and faults were distributed.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateStory } from '../test/soak/generate.ts';
import { play } from '../test/soak/play.ts';
import { shrink, tell } from '../test/soak/shrink.ts';

interface Report {
  readonly seed: number;
  readonly violation?: string;
  readonly struck: Readonly<Record<string, number>>;
  readonly switches: readonly string[];
  readonly figures: Readonly<Record<'workers' | 'days' | 'faults' | 'kills' | 'runs' | 'uploads', number>>;
  readonly told: readonly string[];
}

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    step: { type: 'string', default: '1' },
    first: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
  },
});
const histories = Number(values.histories);
const first = Number(values.seed);
const processes = Number(values.processes);
const step = Number(values.step);

// Thousands of stores are opened and thrown away: in memory where the system offers a folder for that.
if (existsSync('/dev/shm')) process.env['JOINERY_SOAK_FOLDER'] ??= '/dev/shm';
if (process.send === undefined) await lead();
else for (let seed = first; seed < first + histories; seed += step) process.send(await playOne(seed));
process.disconnect?.();

async function playOne(seed: number): Promise<Report> {
  const story = generateStory(seed);
  const { violation, struck, kills, runs, uploads, told } = await play(story);
  const faults = Object.values(struck).reduce((sum, count) => sum + count, 0);
  return {
    seed,
    ...(violation === undefined ? {} : { violation }),
    struck,
    switches: Object.entries(story.switches).map(([name, value]) => `${name}=${String(value)}`),
    figures: { workers: story.workers.length, days: story.days.length, faults, kills, runs, uploads },
    told,
  };
}

async function lead(): Promise<void> {
  const reports: Report[] = [];
  const failed = (): Report[] => reports.filter(({ violation }) => violation !== undefined).toSorted((a, b) => a.seed - b.seed);
  const children = Array.from({ length: Math.min(processes, histories) }, (_, index) =>
    fork(
      fileURLToPath(import.meta.url),
      ['--seed', String(first + index), '--histories', String(histories - index), '--step', String(processes)],
      { execArgv: [...process.execArgv, '--no-warnings'] },
    ),
  );
  const codes = await Promise.all(
    children.map(
      (child) =>
        new Promise<number>((resolve) => {
          child.on('message', (message: Report) => {
            reports.push(message);
            if (message.violation !== undefined) process.stdout.write(`history ${String(message.seed)}: ${message.violation}\n`);
            if (message.violation !== undefined && values.first) for (const other of children) other.kill('SIGKILL');
          });
          child.on('exit', (code) => {
            resolve(code ?? 0);
          });
        }),
    ),
  );
  print(reports);
  const [worst] = failed();
  if (worst?.violation !== undefined && !values.plain) {
    process.stdout.write(`\n${worst.told.join('\n')}\n\nshrinking history ${String(worst.seed)} …\n`);
    const story = await shrink(generateStory(worst.seed), worst.violation);
    const { violation, told } = await play(story);
    process.stdout.write(
      `${tell(story)}\n\n${told.join('\n')}\n${violation ?? ''}\nreplay: npm run soak -- --seed ${String(worst.seed)} --histories 1\n`,
    );
  }
  process.exitCode = worst !== undefined || codes.some((code) => code !== 0) || (!values.first && reports.length !== histories) ? 1 : 0;
}

function print(reports: readonly Report[]): void {
  const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
  const figures = ['workers', 'days', 'faults', 'kills', 'runs', 'uploads'] as const;
  const failed = reports.filter(({ violation }) => violation !== undefined).length;
  const medians = figures.map((name) => `${name} ${String(median(reports.map((one) => one.figures[name])))}`).join(', ');
  process.stdout.write(`\n${String(reports.length)} histories, ${String(failed)} broke a law; medians: ${medians}\n`);
  const struck = new Map<string, number>();
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
  process.stdout.write(
    `faults that struck:\n${lines(struck)}\nhistories by switch (the others stood as proposed, order of operations random):\n${lines(switches)}\n`,
  );
}
