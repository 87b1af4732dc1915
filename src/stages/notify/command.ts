import { spawn } from 'node:child_process';
import { scrubText } from '../../domain/masking.ts';
import type { NotifyDeclaration } from '../../pipeline/pipeline.ts';
import type { Channel } from './channel.ts';

/** What a program needs to run at all; everything else of our environment may be a secret. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'SYSTEMROOT', 'SystemRoot', 'USERPROFILE', 'PATHEXT', 'TEMP', 'TMP'] as const;
const keptOutput = 500;

/** Starts a program without a shell, the notification as JSON on its standard input. Any exit code but 0 is a failure. */
export function openCommand(
  { program, words, timeout }: NonNullable<NotifyDeclaration['command']>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Channel {
  return {
    name: 'command',
    tell: (notification) =>
      new Promise((resolve) => {
        const env = Object.fromEntries(passedOn.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
        const child = spawn(program, [...words], { shell: false, stdio: ['pipe', 'ignore', 'pipe'], env, windowsHide: true });
        let said = '';
        let failed: string | undefined;
        let isLate = false;
        const end = (reason: string | undefined): void => {
          clearTimeout(timer);
          // A grandchild may hold the pipe for longer than anybody should wait.
          child.stderr.destroy();
          resolve(reason);
        };
        const endFailed = (): void =>
          end(scrubText(`${program} ended with ${failed ?? ''}${said === '' ? '' : `: ${said.slice(0, keptOutput).trim()}`}`));
        const timer = setTimeout(() => {
          isLate = true;
          if (failed === undefined) child.kill('SIGKILL');
          else endFailed();
        }, timeout);
        child.once('error', (error) => end(scrubText(`${program} cannot be started: ${error.message}`)));
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          if (said.length < keptOutput) said += text;
        });
        child.once('exit', (code, signal) => {
          if (code === 0) end(undefined);
          else if (isLate) end(`${program} did not end in ${String(timeout / 1000)} s and was killed`);
          // Why it failed may still be in the pipe.
          else failed = String(code ?? signal);
        });
        child.once('close', () => {
          if (failed !== undefined) endFailed();
        });
        // A program that does not read is no failure of ours.
        child.stdin.on('error', () => undefined);
        child.stdin.end(`${JSON.stringify(notification)}\n`);
      }),
  };
}
