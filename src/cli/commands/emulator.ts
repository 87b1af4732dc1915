import type { Command } from 'commander';
import { defineCommand, parsePort, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';

interface EmulatorCommandOptions extends CommonOptions {
  readonly port?: string;
  readonly latency?: string;
  readonly data?: string;
  readonly licence?: string;
  readonly empty?: boolean;
  readonly profile?: string;
  readonly sharedClock?: string;
}

/** `joinery emulator`: the Entra service on loopback, for any client. */
export function emulatorCommand(register: Register): Command {
  return defineCommand('emulator', 'Serve an emulated Entra tenant on loopback', 'joinery emulator --port 8085 --latency 5s --json')
    .option('--port <number>', 'port; 0 takes a free one', '0')
    .option('--latency <duration>', 'longest time from a 202 until its log rows are visible (default 10m)')
    .option('--data <folder>', 'keep the tenant between starts')
    .option('--licence <name>', 'p1 or governance')
    .option('--empty', 'nothing is set up: joinery entra setup does it')
    .option('--profile <file>', 'behave as the tenant of joinery entra probe: switches and latency')
    .option('--shared-clock <instant>', 'processes share a virtual clock that begins there')
    .action(
      register(async (io, options: EmulatorCommandOptions) => {
        const { runEmulatorServer } = await import('../../emulator/serve.ts');
        await runEmulatorServer(
          {
            port: parsePort(options.port ?? '0', '--port'),
            ...(options.latency === undefined ? {} : { latency: options.latency }),
            ...(options.data === undefined ? {} : { data: options.data }),
            ...(options.licence === undefined ? {} : { licence: options.licence }),
            ...(options.sharedClock === undefined ? {} : { sharedClock: options.sharedClock }),
            ...(options.profile === undefined ? {} : { profile: options.profile }),
            ...(options.empty === true ? { empty: true } : {}),
            json: options.json === true,
          },
          { write: io.out, signal: io.signal },
        );
        return 'success';
      }),
    );
}
