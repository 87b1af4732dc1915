import type { Command } from 'commander';
import { renderExplanation } from '../../audit/explanation-text.ts';
import { attributePath } from '../../audit/explain-source.ts';
import { explainWorker } from '../../audit/explain-worker.ts';
import { chosenRun, withAudit, type AuditOptions } from '../audit.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { masksFor } from '../reveal.ts';

interface ExplainOptions extends AuditOptions {
  readonly worker: string;
  readonly attribute?: string;
  readonly reveal?: string;
}

/** `joinery explain`: what happened to one worker and why, from the state alone. */
export function explainCommand(register: Register): Command {
  return defineCommand(
    'explain',
    'Tell what happened to one worker and why: row, mapping, plan, batch, log rows, ledger, history',
    'joinery explain pipelines/contoso.yaml --worker W004001 --attribute department',
  )
    .argument('<pipeline>', 'the pipeline file')
    .requiredOption('--worker <id>', 'the key of the worker')
    .option('--attribute <path>', 'only what this attribute is made from')
    .option('--run <id>', 'the run, by its id, or `latest`; default: the newest that looked at the worker')
    .option('--reveal <reason>', 'show personal values; the reason is journalled')
    .action(
      register((io, file: string, options: ExplainOptions) =>
        withAudit(io, file, options, async (audit) => {
          const { pipeline, mapping } = audit.prepared;
          const { worker, attribute } = options;
          const run = options.run === undefined ? undefined : await chosenRun(audit, options.run);
          if (attribute !== undefined) attributePath(pipeline, attribute);
          const masks = await masksFor(audit, io, options.reveal, { command: 'explain', worker });
          const explanation = await explainWorker(audit.store, {
            pipeline,
            mapping,
            masks,
            worker,
            ...(run === undefined ? {} : { run }),
            ...(attribute === undefined ? {} : { attribute }),
          });
          audit.tell({ type: 'result', explanation });
          audit.say(renderExplanation(explanation, audit.style.bold, attribute !== undefined));
          return 'success';
        }),
      ),
    );
}
