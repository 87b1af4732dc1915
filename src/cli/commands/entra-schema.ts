import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { declarationOf } from '../../domain/errors/registry.ts';
import { formatInstant } from '../../domain/clock.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import type { Graph } from '../../entra/graph.ts';
import { compareSchema } from '../../entra/schema/compare-schema.ts';
import { describeEdit, editSchema, editsFor } from '../../entra/schema/edit-schema.ts';
import { parseSchema, readSchemaText, writeSchemaText } from '../../entra/schema/job-schema.ts';
import { administratorOf } from '../administrator.ts';
import { withGraph } from '../entra-execution.ts';
import { executeBesideState, executePipeline, type ExecuteOptions, type Execution } from '../execute.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface SchemaOptions extends ExecuteOptions {
  readonly write?: string;
  readonly map?: readonly string[];
  readonly clearing?: boolean;
  readonly backup?: string;
  readonly rollback?: string;
  readonly yes?: boolean;
}

/** `joinery entra schema pull|diff|push`: the job's attribute mapping as a file, compared and changed. */
export function entraSchemaCommand(register: Register): Command {
  const group = new Command('schema').description('The job’s attribute mapping: read, compare with the pipeline, change');
  group.addCommand(
    defineCommand(
      'pull',
      'Print the job’s schema as the service has it',
      'joinery entra schema pull pipelines/contoso.yaml --write schema.json',
    )
      .argument('<pipeline>', 'the pipeline file')
      .option('--write <file>', 'to a file')
      .action(register(pull)),
  );
  group.addCommand(
    defineCommand('diff', 'Name what the pipeline sends and the job does not take', 'joinery entra schema diff pipelines/contoso.yaml')
      .argument('<pipeline>', 'the pipeline file')
      .action(register(diff)),
  );
  group.addCommand(
    defineCommand(
      'push',
      'Add what the job lacks, and nothing else',
      'joinery entra schema push pipelines/contoso.yaml --env-file .env --yes',
    )
      .argument('<pipeline>', 'the pipeline file')
      .option('--map <source=target...>', 'map a SCIM attribute to a directory attribute')
      .option('--clearing', 'set flowNullValues for the attributes of sink.clearing')
      .option('--backup <file>', 'where the schema goes before it is changed (default: schema-JOB-INSTANT.json)')
      .option('--rollback <file>', 'put this backup back, as it is')
      .option('--yes', 'change the job')
      .action(register(push)),
  );
  return group;
}

function pull(io: Io, file: string, options: SchemaOptions): Promise<ExitClass> {
  return executeBesideState(
    io,
    file,
    options,
    async ({ runner, say }) => {
      const text = await withGraph(io, runner.pipeline.sink, (graph) => readSchemaText(graph, io.signal));
      if (options.write === undefined) io.out(text.endsWith('\n') ? text : `${text}\n`);
      else save(options.write, text);
      if (options.write !== undefined) say(`${options.write}\n`);
      return 'success';
    },
    'unused',
  );
}

function sentBy({ runner }: Execution): { readonly paths: readonly string[]; readonly sink: Execution['runner']['pipeline']['sink'] } {
  const { sink, transform } = runner.pipeline;
  return { paths: transform.attributes.map(({ path }) => path), sink };
}

function diff(io: Io, file: string, options: SchemaOptions): Promise<ExitClass> {
  return executeBesideState(
    io,
    file,
    options,
    async (execution) => {
      const { runner, say, tell } = execution;
      const text = await withGraph(io, runner.pipeline.sink, (graph) => readSchemaText(graph, io.signal));
      const findings = compareSchema(sentBy(execution), parseSchema(text));
      tell({ type: 'result', findings });
      for (const { code, severity, message } of findings) say(`${severity} ${code}: ${message}\n  fix: ${declarationOf(code).fix}\n`);
      say(findings.length === 0 ? 'The job takes everything that the pipeline sends.\n' : `${plural(findings.length, 'difference')}\n`);
      return findings.some(({ severity }) => severity !== 'notice') ? 'sink' : 'success';
    },
    'unused',
  );
}

function push(io: Io, file: string, options: SchemaOptions): Promise<ExitClass> {
  return executePipeline(io, file, options, async (execution) => {
    const { runner, say, tell } = execution;
    const { sink } = runner.pipeline;
    const who = administratorOf(io, environmentOf(io, options), 'ENTRA_ADMIN', ['Synchronization.ReadWrite.All']);
    const map = (options.map ?? []).map(readPair);
    const changeSchema = async (graph: Graph): Promise<ExitClass> => {
      const before = await readSchemaText(graph, io.signal);
      const edits =
        options.rollback === undefined
          ? editsFor({ ...sentBy(execution), map, clearing: options.clearing === true }, parseSchema(before))
          : [];
      const after = options.rollback === undefined ? editSchema(before, edits) : readBackup(options.rollback);
      const words = options.rollback === undefined ? edits.map(describeEdit) : [`put back ${options.rollback}`];
      if (after === before) {
        say('The job’s schema is as it should be; nothing to change.\n');
        tell({ type: 'result', changed: false, edits: [] });
        return 'success';
      }
      say(words.map((line) => `  + ${line}\n`).join(''));
      if (options.yes !== true) throw new JoineryError('ENT-617', `${plural(words.length, 'change')} of the job’s schema were not made`);
      const backup = options.backup ?? `schema-${sink.job}-${formatInstant(io.clock.now()).replaceAll(/[:.]/g, '')}.json`;
      save(backup, before);
      // The last moment to notice somebody else: Graph offers no conditional write.
      if ((await readSchemaText(graph, io.signal)) !== before)
        throw new JoineryError('ENT-622', 'the schema is another one than a moment ago');
      await writeSchemaText(graph, after, io.signal);
      await runner.store.journal.record(
        'job schema',
        { job: sink.job, client: who.client, edits: words.length, rollback: options.rollback !== undefined },
        io.clock.now(),
      );
      say(`The schema before the change is in ${backup}; --rollback ${backup} puts it back.\n`);
      tell({ type: 'result', changed: true, edits: words, backup });
      return 'success';
    };
    return withGraph(io, { ...sink, auth: { client: who.client } }, changeSchema, who.credential);
  });
}

function readPair(text: string): { readonly source: string; readonly target: string } {
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) throw new JoineryError('CLI-101', `--map ${text} is not source=target`);
  return { source: text.slice(0, at), target: text.slice(at + 1) };
}

/** Errors: CLI-102, ENT-620 for a file that is no schema. */
function readBackup(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new JoineryError('CLI-102', `${file} cannot be read`, { cause });
  }
  parseSchema(text);
  return text;
}

function save(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (cause) {
    throw new JoineryError('CLI-102', `${file} cannot be written`, { cause });
  }
}
