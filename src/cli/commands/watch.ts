import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { listenToOutbox } from '../../source/outbox.ts';
import { preparePipeline } from '../../stages/prepare.ts';
import { Runner } from '../../stages/runner.ts';
import { Watch, type Watched, type WatchEvent } from '../../stages/watch.ts';
import { serveHealth } from '../health.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, parseDuration, type CommonOptions, parsePort } from '../options.ts';
import type { Register } from '../program.ts';

interface WatchCommandOptions extends CommonOptions {
  readonly health?: string;
  readonly wait?: string;
}

/** How long a run waits for outcomes; what is open then is closed by the next one. */
const usualWait = 15 * 60_000;

/** `joinery watch`: runs on schedule and on change, until it is stopped. */
export function watchCommand(register: Register): Command {
  return defineCommand(
    'watch',
    'Run pipelines on their schedule and when HR says that something changed, until stopped',
    'joinery watch pipelines/*.yaml --health 8090 --env-file .env',
  )
    .argument('<pipelines...>', 'the pipeline files')
    .option('--health <port>', 'answer on http://127.0.0.1:PORT with the state of every pipeline: 200, or 503 when one is in trouble')
    .option('--wait <duration>', 'how long a run waits for outcomes (default 15m, and never into the next one of the schedule)')
    .action(register(watchPipelines));
}

async function watchPipelines(io: Io, files: readonly string[], options: WatchCommandOptions): Promise<ExitClass> {
  const pipelines = files.map((file) => watchedOf(io, file, options));
  refuseTwins(pipelines);
  const tell = (event: WatchEvent): void => {
    if (options.json === true) io.out(`${JSON.stringify({ ...event, at: new Date(io.clock.now()).toISOString() })}\n`);
    else if (options.quiet !== true || 'code' in event) io.err(`${new Date(io.clock.now()).toISOString()} ${wordsOf(event)}\n`);
  };
  const watch = new Watch(pipelines, { clock: io.clock, signal: io.signal, tell });
  const health = options.health === undefined ? undefined : await serveHealth(parsePort(options.health, '--health'), watch.states);
  if (health !== undefined && options.quiet !== true) io.err(`health: http://127.0.0.1:${String(health.port)}/\n`);
  io.keepHeapSmall?.();
  try {
    await watch.run();
  } finally {
    await health?.close();
  }
  return 'success';
}

/** Two files of one name, or one that two patterns match, would undo each other's runs with every tick. Errors: CLI-101. */
function refuseTwins(pipelines: readonly Watched[]): void {
  const files = new Map<string, string>();
  for (const { name, file } of pipelines) {
    const other = files.get(name);
    const twice = other === file ? `${file} is given twice` : `${other ?? ''} and ${file} are both the pipeline ${name}`;
    if (other !== undefined) throw new JoineryError('CLI-101', twice, { fix: 'Name every pipeline once; a copy needs a name of its own.' });
    files.set(name, file);
  }
}

/** The pipeline is read again for every run, so that an edit counts; schedule and outbox are those of the start. */
function watchedOf(io: Io, file: string, options: WatchCommandOptions): Watched {
  const environment = environmentOf(io, options);
  const { pipeline } = preparePipeline(file, environment, { reportsFallbacks: false });
  const { source, schedule } = pipeline;
  const outbox = source.type === 'csv' ? undefined : source.outbox;
  if (schedule === undefined && outbox === undefined)
    throw new JoineryError('CLI-105', `${file} has neither schedule nor source.outbox`, { place: pipeline.placeOf('pipeline') });
  const longest = options.wait === undefined ? usualWait : parseDuration(options.wait);
  return {
    name: pipeline.name,
    file,
    tenant: pipeline.sink.tenant,
    timezone: pipeline.timezone ?? 'UTC',
    cron: schedule?.cron,
    debounce: schedule?.debounce ?? 30_000,
    async run(until) {
      const runner = await Runner.open(file, {
        environment,
        clock: io.clock,
        chance: io.chance,
        signal: io.signal,
        wait: Math.max(0, Math.min(longest, until === undefined ? longest : until - io.clock.now())),
        ...(options.state === undefined ? {} : { state: options.state }),
      });
      try {
        await runner.run();
      } finally {
        await runner.close();
      }
    },
    listen:
      outbox === undefined || source.type === 'csv'
        ? undefined
        : (hearing, signal) => listenToOutbox(source, outbox, { ...hearing, clock: io.clock, signal }),
  };
}

function wordsOf(event: WatchEvent): string {
  switch (event.type) {
    case 'watch.started':
      return `${event.pipeline}: run begins`;
    case 'watch.succeeded':
      return `${event.pipeline}: run ended`;
    case 'watch.stopped':
      return `${event.pipeline}: stopped`;
    case 'watch.failed':
      return `${event.pipeline}: run failed, ${event.code} ${event.message}`;
    case 'watch.deaf':
      return `${event.pipeline}: the outbox is not heard, ${event.code} ${event.message}`;
    default:
      return event satisfies never;
  }
}
