import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { pauseJob, readJob, restartJob, startJob, type JobStatus } from '../../entra/job.ts';
import { administratorOf } from '../administrator.ts';
import { stateFacts, withGraph } from '../entra-execution.ts';
import { executePipeline, type ExecuteOptions } from '../execute.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface JobOptions extends ExecuteOptions {
  readonly yes?: boolean;
}

type Verb = 'start' | 'pause' | 'restart';

const summaries: Readonly<Record<Verb, string>> = {
  start: 'Start the job, or resume a paused one; what is queued is processed',
  pause: 'Pause the job; uploads go on being queued',
  restart: 'Restart the job: escrows and quarantine are cleared; a stopped job loses its queue',
};

/** `joinery entra start`, `pause`, `restart`: the administrator's identity acts, never the runner's. */
export function entraJobCommands(register: Register): readonly Command[] {
  return (['start', 'pause', 'restart'] as const).map((verb) =>
    defineCommand(verb, summaries[verb], `joinery entra ${verb} pipelines/contoso.yaml --env-file .env.administrator --yes`)
      .argument('<pipeline>', 'the pipeline file')
      .option('--yes', 'do it')
      .addHelpText(
        'after',
        '\nThe one who acts is the application of ENTRA_ADMIN_CLIENT_ID with ENTRA_ADMIN_CLIENT_SECRET or ENTRA_ADMIN_CERTIFICATE_FILE, else a person by device code.\n',
      )
      .action(register((io, file: string, options: JobOptions) => actOnJob(io, verb, file, options))),
  );
}

function actOnJob(io: Io, verb: Verb, file: string, options: JobOptions): Promise<ExitClass> {
  return executePipeline(io, file, options, async ({ runner, style, say, tell }) => {
    const { sink } = runner.pipeline;
    const who = administratorOf(io, environmentOf(io, options), 'ENTRA_ADMIN', ['Synchronization.ReadWrite.All']);
    const state = await stateFacts(io, runner);
    const acting = { ...sink, auth: { client: who.client } };
    const after = await withGraph(
      io,
      acting,
      async (graph) => {
        const before = await readJob(graph, io.signal);
        const danger = dangerOf(verb, before, state.open.length);
        say(`${style.bold(before.id)}: ${before.code}\n${style.yellow(`  ${danger}\n`)}`);
        if (options.yes !== true) throw new JoineryError('ENT-617', `the job was not touched; ${verb} means: ${danger}`);
        if (verb === 'start') await startJob(graph, io.signal);
        else if (verb === 'pause') await pauseJob(graph, io.signal);
        else {
          const lost = await runner.restarting(() => restartJob(graph, undefined, io.signal), isRunning(before) ? 'escrowed' : 'all');
          if (lost > 0) say(`  ${plural(lost, 'operation')} marked as lost: the next run sends the workers again\n`);
        }
        // Ids and counts only: the journal holds nothing of a person.
        await runner.store.journal.record(
          `job ${verb}`,
          {
            job: sink.job,
            client: who.client,
            was: before.code,
            inFlight: state.open.length,
            purges: verb === 'restart' && !isRunning(before),
          },
          io.clock.now(),
        );
        return readJob(graph, io.signal);
      },
      who.credential,
    );
    tell({ type: 'result', verb, job: after });
    say(`  the job is ${after.code} now${after.quarantine === undefined ? '' : `: ${after.quarantine.words}`}\n`);
    return after.quarantine === undefined ? 'success' : 'sink';
  });
}

function isRunning(job: JobStatus): boolean {
  return job.code === 'Active' && job.quarantine === undefined;
}

/** What the act does to uploads of ours that have no outcome yet. Source: graph-contract 2.3. */
function dangerOf(verb: Verb, job: JobStatus, inFlight: number): string {
  const open = plural(inFlight, 'operation of ours is', 'operations of ours are');
  if (verb === 'pause') return `${open} in flight and will wait; uploads are queued until the queue is full`;
  if (verb === 'start') return `what is queued is processed; ${open} in flight`;
  if (isRunning(job))
    return `the job runs: what is queued is still processed; what failed and would have been tried again is dropped, marked as lost, and sent again by the next joinery run; ${open} in flight`;
  return `the job does not run, so a restart PURGES everything that is queued; ${open} in flight and will be marked as lost: the next joinery run sends these workers again`;
}
