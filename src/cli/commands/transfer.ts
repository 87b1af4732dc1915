import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import { personOf } from '../io.ts';
import { executeOnState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface TransferOptions extends ExecuteOptions {
  readonly worker: readonly string[];
  readonly from: string;
  readonly reason: string;
}

/** `joinery transfer`: workers move from the care of one pipeline to that of another. Changes the state only. */
export function transferCommand(register: Register): Command {
  return defineCommand(
    'transfer',
    'Look after workers with this pipeline from now on, instead of with another; the journal keeps who said so and why',
    'joinery transfer pipelines/contoso.yaml --worker W004711 --from contoso-contractors --reason "employed since November"',
  )
    .argument('<pipeline>', 'the pipeline file of the new owner')
    .requiredOption('--worker <id...>', 'the workers, by the key of the source')
    .requiredOption('--from <name>', 'the pipeline that owns them now, by its name; it must not be executing')
    .requiredOption('--reason <text>', 'why; kept in the journal')
    .action(
      register((io, file: string, options: TransferOptions) =>
        executeOnState(io, file, options, async ({ runner, say, tell }) => {
          const { worker, from, reason } = options;
          if (from === runner.pipeline.name) throw new JoineryError('STG-108', `--from ${from} is the pipeline itself`);
          await runner.transfer(worker, from, reason, personOf(io));
          say(`${plural(worker.length, 'worker')} belong to ${runner.pipeline.name} now. The next run sends what differs.\n`);
          tell({ type: 'result', transferred: worker, from, to: runner.pipeline.name });
          return 'success';
        }),
      ),
    );
}
