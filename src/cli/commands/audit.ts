import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { renderSteward, stewardCsv } from '../../audit/steward-page.ts';
import { everybody, stewardList } from '../../audit/steward.ts';
import { withAudit, type AuditOptions } from '../audit.ts';
import { openFile } from '../open-file.ts';
import { defineCommand, parsePort } from '../options.ts';
import { writePrivate } from '../private-file.ts';
import type { Register } from '../program.ts';

interface ServeOptions extends AuditOptions {
  readonly port: string;
  readonly open?: boolean;
}

/** `joinery audit serve`: the state as pages, until the command is stopped. */
export function auditCommand(register: Register): Command {
  const serve = defineCommand(
    'serve',
    'Show runs, workers and the list of what to look at as read-only pages on this machine',
    'joinery audit serve pipelines/contoso.yaml --open',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--port <number>', 'the port on 127.0.0.1; 0 takes a free one', '0')
    .option('--open', 'open the page in the browser')
    .action(
      register((io, file: string, options: ServeOptions) =>
        withAudit(io, file, options, async ({ store, prepared, say, tell }) => {
          const port = parsePort(options.port, '--port');
          const { pipeline, mapping } = prepared;
          // Loaded here: no other command needs a web server.
          const { serveAudit } = await import('../../audit/serve.ts');
          const server = await serveAudit({
            store,
            pipeline,
            mapping,
            clock: io.clock,
            token: randomBytes(24).toString('base64url'),
            port,
          });
          try {
            tell({ type: 'listening', url: server.url });
            say(`${server.url}\nWhoever has this address can read; it ends with this command (Ctrl+C).\n`);
            if (options.open === true && !(await openFile(server.url)))
              io.err('Nothing here can open the page; open the address by hand.\n');
            await stopped(io.signal);
          } finally {
            await server.close();
          }
          return 'success';
        }),
      ),
    );
  return new Command('audit')
    .description('Look at the state in a browser, or at who needs a person')
    .addCommand(serve)
    .addCommand(stewardCommand(register));
}

interface StewardOptions extends AuditOptions {
  readonly format: 'csv' | 'html';
}

/** `joinery audit steward`: who needs a person and what is to be done, for a spreadsheet or as a page. */
function stewardCommand(register: Register): Command {
  return defineCommand(
    'steward',
    'Write who needs a person, why, and what to do in HR: rejected, failed, silent, missing and held workers',
    'joinery audit steward pipelines/contoso.yaml --format csv --out to-look-at.csv',
  )
    .argument('<pipeline>', 'the pipeline file')
    .addOption(new Option('--format <format>', 'the form').choices(['csv', 'html']).default('csv'))
    .option('--out <file>', 'the file; without it the list goes to stdout')
    .action(
      register((io, file: string, options: StewardOptions) =>
        withAudit(io, file, options, async ({ store, prepared, masks, say, tell }) => {
          const { pipeline } = prepared;
          const scope = { tenant: pipeline.sink.tenant, job: pipeline.sink.job };
          const list = await stewardList(store, scope, pipeline.name, masks, everybody);
          const text = options.format === 'csv' ? stewardCsv(list) : renderSteward(pipeline.name, list);
          if (options.out === undefined) say(text);
          else say(`${await writePrivate(options.out, text)}\n`);
          tell({ type: 'result', ...list });
          return 'success';
        }),
      ),
    );
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
