import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { preflight, readJob } from '../../entra/job.ts';
import { contradictionsOf } from '../../entra/probe/assumptions.ts';
import { observe } from '../../entra/probe/observe.ts';
import { profileOf } from '../../entra/probe/profile.ts';
import { readProgress, type ProbeProgress } from '../../entra/probe/progress.ts';
import { runProbe } from '../../entra/probe/run-probe.ts';
import { uploadNames, uploadOf } from '../../entra/probe/script.ts';
import { externalIdOf } from '../../entra/probe/throwaways.ts';
import type { SinkDeclaration } from '../../pipeline/pipeline.ts';
import { withGraph } from '../entra-execution.ts';
import { executeBesideState, type ExecuteOptions, type Execution } from '../execute.ts';
import type { Io } from '../io.ts';
import { defineCommand, parseDuration } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface ProbeCommandOptions extends ExecuteOptions {
  readonly write: string;
  readonly domain?: string;
  readonly every: string;
  readonly quietTime: string;
  readonly patience: string;
  readonly abandon?: boolean;
  readonly yes?: boolean;
}

/** `joinery entra probe`: what a test tenant really does where the documents are silent, as a profile for the emulator. */
export function entraProbeCommand(register: Register): Command {
  return defineCommand(
    'probe',
    'Find out on ten throwaway workers of a test tenant what it does where the documents are silent; write a profile for the emulator',
    'joinery entra probe pipelines/contoso.yaml --env-file .env --domain contoso.example --yes',
  )
    .argument('<pipeline>', 'the pipeline file; only its sink is used')
    .option('--write <file>', 'the profile; the progress of a probe that was stopped is beside it', 'entra-profile.json')
    .option('--domain <name>', 'verified domain for the throwaways’ user names (default: none; the job’s mapping adds one)')
    .option('--every <duration>', 'pause between two looks', '30s')
    .option('--quiet-time <duration>', 'a call is done when no new row came for so long', '6m')
    .option('--patience <duration>', 'a worker without a row after so long has none', '65m')
    .option('--abandon', 'give up the probe that was begun: disable its throwaways, and find out nothing')
    .option('--yes', 'do it: this tenant is for tests')
    .action(
      register((io, file: string, options: ProbeCommandOptions) =>
        executeBesideState(io, file, options, (execution) => probe(io, options, execution), 'unused'),
      ),
    );
}

async function probe(io: Io, options: ProbeCommandOptions, execution: Execution): Promise<ExitClass> {
  const { runner, style, say, tell } = execution;
  const { sink } = runner.pipeline;
  const file = `${options.write}.progress`;
  const progress = beginOrGoOn(io, options, sink, file);
  const cast = { suffix: progress.suffix, ...(progress.domain === undefined ? {} : { domain: progress.domain }) };
  const [first, last] = [externalIdOf(cast, 'unchanged'), externalIdOf(cast, 'coreOnly')];
  say(
    `${style.bold('Probe')} of tenant ${sink.tenant}, a test tenant: accounts are made there, ${first} to ${last}${progress.uploads.length > 0 ? '; goes on from where it stopped' : ''}\n`,
  );
  for (const name of uploadNames) say(`  + ${uploadOf(name, cast).words}\n`);
  say(style.yellow('  It takes one to five hours. The service has no delete: the accounts stay, disabled, until somebody deletes them.\n'));
  if (options.yes !== true) throw new JoineryError('ENT-617', 'no account was made');
  return withGraph(io, sink, async (graph) => {
    const stopper = preflight(await readJob(graph, io.signal), sink.tenant).find(({ severity }) => severity === 'error');
    if (stopper !== undefined) throw new JoineryError(stopper.code, stopper.message);
    const end = await runProbe(graph, progress, {
      signal: io.signal,
      every: parseDuration(options.every),
      quiet: parseDuration(options.quietTime),
      patience: parseDuration(options.patience),
      abandon: options.abandon === true,
      keep: (state) => {
        save(file, state);
      },
      tell: (words) => {
        say(`  … ${words}\n`);
      },
    }).catch((error: unknown) => {
      // Everybody was disabled: the next probe begins with new people.
      if (error instanceof JoineryError && error.code === 'ENT-623') rmSync(file, { force: true });
      throw error;
    });
    if (end.left.length > 0) say(style.yellow(`  not known to be disabled: ${end.left.join(', ')}\n`));
    if (options.abandon === true) {
      rmSync(file, { force: true });
      throw new JoineryError('ENT-623', `the probe was given up; ${plural(end.left.length, 'throwaway')} left`);
    }
    const observations = observe(end);
    const profile = profileOf(end, observations);
    const contradictions = contradictionsOf(observations);
    save(options.write, profile);
    rmSync(file, { force: true });
    say(`  ✓ ${options.write} holds no id and no name; joinery emulator --profile ${options.write} does as this tenant does\n`);
    for (const { name, ours, found, words, danger } of contradictions) {
      say(
        `${style.yellow('warning ENT-624')}: ${name}: Joinery assumes that ${words} (${shown(ours)}); this tenant: ${shown(found)}\n  ${danger}\n`,
      );
    }
    say(
      contradictions.length === 0
        ? 'The tenant does what Joinery assumes.\n'
        : `${plural(contradictions.length, 'assumption is', 'assumptions are')} contradicted.\n`,
    );
    if (profile.notObserved.length > 0) say(`Nothing was seen of ${profile.notObserved.join(', ')}.\n`);
    tell({ type: 'result', profile: options.write, contradictions, notObserved: profile.notObserved, left: end.left });
    return contradictions.length === 0 ? 'success' : 'sink';
  });
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Errors: CLI-101, CLI-102, ENT-625. */
function beginOrGoOn(io: Io, options: ProbeCommandOptions, sink: SinkDeclaration, file: string): ProbeProgress {
  const { domain } = options;
  if (domain !== undefined && !/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(domain))
    throw new JoineryError('CLI-101', `--domain ${domain} is no domain`);
  if (existsSync(file)) {
    const kept = readProgress(readFileSync(file, 'utf8'), sink);
    if (domain !== undefined && kept.domain !== domain) throw new JoineryError('ENT-625', 'the probe that was begun has another domain');
    return kept;
  }
  if (options.abandon === true) throw new JoineryError('CLI-102', `${file} is not there: no probe was begun`);
  const suffix = Array.from({ length: 6 }, () => Math.floor(io.chance.random() * 36).toString(36)).join('');
  return {
    version: 1,
    servicePrincipal: sink.servicePrincipal,
    job: sink.job,
    suffix,
    ...(domain === undefined ? {} : { domain }),
    uploads: [],
    sightings: {},
  };
}

/** Written beside and renamed: a process that is killed leaves the old or the new. Errors: CLI-102. */
function save(file: string, document: object): void {
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (cause) {
    throw new JoineryError('CLI-102', `${file} cannot be written`, { cause });
  }
}
