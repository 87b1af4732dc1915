import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { sinkVariables, type Connection } from '../samples/sink-variables.ts';

export interface EmulatorProcess {
  readonly process: ChildProcess;
  readonly connection: Connection;
  /** The variables that the sample pipelines want. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Starts `joinery emulator` in a process of its own, on a clock that it shares with its clients. `command`: what node runs. */
export async function startEmulatorProcess(
  command: readonly string[],
  folder: string,
  options: readonly string[] = [],
): Promise<EmulatorProcess> {
  const words = [...command, 'emulator', '--json', '--shared-clock', '2026-11-02T07:00:00Z', ...options];
  const child = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const connection = await new Promise<Connection>((done, failed) => {
    child.once('error', failed);
    createInterface({ input: child.stdout }).once('line', (text) => {
      const printed: Connection = JSON.parse(text);
      done(printed);
    });
  });
  return {
    process: child,
    connection,
    variables: sinkVariables(connection),
  };
}
