import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import { withAudit, type AuditOptions } from '../audit.ts';
import { openFile } from '../open-file.ts';
import { defineCommand } from '../options.ts';
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
          const port = Number(options.port);
          if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new JoineryError('CLI-101', `${options.port} is no port`);
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
  return new Command('audit').description('Look at the state in a browser').addCommand(serve);
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
