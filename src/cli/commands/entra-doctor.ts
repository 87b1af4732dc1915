import type { Command } from 'commander';
import { declarationOf } from '../../domain/errors/registry.ts';
import type { Diagnostic } from '../../domain/diagnostic.ts';
import { JoineryError } from '../../domain/error.ts';
import { examine } from '../../entra/doctor/examine.ts';
import { collectFacts } from '../../entra/doctor/facts.ts';
import { stateFacts, withGraph } from '../entra-execution.ts';
import { executeBesideState, type ExecuteOptions, type Execution } from '../execute.ts';
import type { Io } from '../io.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

/** `joinery entra doctor`: everything that can be wrong on the service's side, with cause and command. Reads only. */
export function entraDoctorCommand(register: Register): Command {
  return defineCommand(
    'doctor',
    'Find what is wrong on the service’s side, with the cause and the command that repairs it',
    'joinery entra doctor pipelines/contoso.yaml',
  )
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register((io, file: string, options: ExecuteOptions) =>
        executeBesideState(io, file, options, async (execution) => {
          const findings = await diagnose(io, file, execution);
          const { style, say, tell } = execution;
          tell({ type: 'result', findings });
          const colours = { error: style.red, warning: style.yellow, notice: style.dim };
          for (const { code, severity, message, why, fix } of findings) {
            const declaration = declarationOf(code);
            say(
              `${colours[severity](`${severity} ${code}`)}: ${message}\n  why: ${why ?? declaration.why}\n  fix: ${fix ?? declaration.fix}\n\n`,
            );
          }
          const errors = findings.filter(({ severity }) => severity === 'error').length;
          say(
            findings.length === 0
              ? 'Nothing is wrong.\n'
              : `${plural(errors, 'error')}, ${plural(findings.length - errors, 'other finding')}\n`,
          );
          return errors > 0 ? 'sink' : 'success';
        }),
      ),
    );
}

async function diagnose(io: Io, file: string, { runner }: Execution): Promise<readonly Diagnostic[]> {
  const { sink, transform } = runner.pipeline;
  const state = await stateFacts(io, runner);
  try {
    const facts = await withGraph(io, sink, (graph, tokens) => collectFacts(graph, tokens, io.signal));
    return examine(facts, { pipeline: file, sink, sent: { paths: transform.attributes.map(({ path }) => path), sink }, state });
  } catch (error) {
    // A host that no token may be sent to is found before anything is asked.
    if (!(error instanceof JoineryError) || error.code !== 'ENT-201') throw error;
    return [{ code: error.code, severity: 'error', message: error.message, why: error.why, fix: error.fix }];
  }
}
