import { execFileSync, spawn } from 'node:child_process';

/** A whole process of the command line, from its start to its exit. */
export interface Measured {
  readonly milliseconds: number;
  /** User and system time of the process. */
  readonly cpu: number;
  /** Peak resident memory; MB. */
  readonly peak: number;
  /** Resident memory at ten moments of the run; MB. */
  readonly curve: readonly number[];
}

/** Runs in the process before its first module: what it says of itself at its exit. */
const watcher = `data:text/javascript,${encodeURIComponent(`
  const seen = [];
  setInterval(() => seen.push(process.memoryUsage.rss()), 50).unref();
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    process.stderr.write('\\nMEASURED=' + JSON.stringify({ maxRSS, cpu: (userCPUTime + systemCPUTime) / 1000, seen }) + '\\n');
  });
`)}`;

export function runProcess(main: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Measured> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', watcher, main, ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('close', (code) => {
      const milliseconds = performance.now() - started;
      const found = /MEASURED=(.*)/.exec(output)?.[1];
      if (code !== 0 || found === undefined) {
        reject(new Error(`joinery ${args.join(' ')} ended with ${String(code)}: ${output}`));
        return;
      }
      const said: { readonly maxRSS: number; readonly cpu: number; readonly seen: readonly number[] } = JSON.parse(found);
      const moments = Array.from({ length: 10 }, (_each, index) => said.seen[Math.floor((index * said.seen.length) / 10)] ?? 0);
      resolve({ milliseconds, cpu: said.cpu, peak: said.maxRSS / 1024, curve: moments.map((bytes) => Math.round(bytes / 1_048_576)) });
    });
  });
}

/** `psql`'s COPY of the same query; ms. */
export function copyOut(url: string, query: string): number {
  const started = performance.now();
  execFileSync('psql', [url, '-X', '-q', '-c', `copy (${query}) to stdout`], { stdio: ['ignore', 'ignore', 'inherit'] });
  return performance.now() - started;
}
