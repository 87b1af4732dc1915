import { chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { JoineryError } from '../../domain/error.ts';
import { readTextFile } from '../../domain/text-file.ts';

/** The variables of a file; none if it is not there. Errors: ENT-618. */
export function readEnvironmentFile(file: string): Readonly<Record<string, string | undefined>> {
  if (!existsSync(file)) return {};
  try {
    return parseEnv(readTextFile(file));
  } catch {
    throw new JoineryError('ENT-618', `${file} cannot be read`);
  }
}

/**
 * Sets variables in a file and leaves its other lines as they are. Written beside and renamed, readable by the owner only: it holds a
 * secret. Errors: ENT-618.
 */
export function writeEnvironmentFile(file: string, values: Readonly<Record<string, string>>): void {
  try {
    const lines = existsSync(file) ? readTextFile(file).replace(/\n$/, '').split('\n') : [];
    const rest = new Map(Object.entries(values));
    const kept = lines.map((line) => {
      const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1] ?? '';
      const value = rest.get(name);
      if (value === undefined) return line;
      rest.delete(name);
      return `${name}=${quoted(value)}`;
    });
    const added = [...rest].map(([name, value]) => `${name}=${quoted(value)}`);
    const fresh = `${file}.new`;
    writeFileSync(fresh, `${[...kept, ...added].filter((line, index) => line !== '' || index > 0).join('\n')}\n`, { mode: 0o600 });
    chmodSync(fresh, 0o600);
    renameSync(fresh, file);
  } catch {
    throw new JoineryError('ENT-618', `${file} cannot be written`);
  }
}

/** Single quotes take everything literally but a single quote, which no id and no secret of Entra holds. */
function quoted(value: string): string {
  return /^[\w.:/~@+-]*$/.test(value) ? value : `'${value}'`;
}
