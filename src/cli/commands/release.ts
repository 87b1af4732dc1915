import type { Command } from 'commander';
import { personOf } from '../io.ts';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';

interface ReleaseOptions extends ExecuteOptions {
  readonly worker: string;
  readonly reason: string;
}

/** `joinery release`: somebody decided that a worker whose account was disabled by somebody else may be enabled again. */
export function releaseCommand(register: Register): Command {
  return defineCommand(
    'release',
    'Let a held worker be enabled by the next run; the journal keeps who said so and why',
    'joinery release pipelines/contoso.yaml --worker W004711 --reason "incident 17 closed"',
  )
    .argument('<pipeline>', 'the pipeline file')
    .requiredOption('--worker <id>', 'the worker, by the key of the source')
    .requiredOption('--reason <text>', 'why; kept in the journal')
    .action(
      register((io, file: string, options: ReleaseOptions) =>
        executeOnState(io, file, options, async ({ runner, say, tell }) => {
          const by = personOf(io);
          await runner.release(options.worker, options.reason, by);
          say(`Worker ${options.worker} is released: within seven days a run may enable the account, once. Hold lists still count.\n`);
          tell({ type: 'result', released: options.worker });
          return 'success';
        }),
      ),
    );
}
