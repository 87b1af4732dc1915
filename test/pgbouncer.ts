import { execFileSync, spawn } from 'node:child_process';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort, serverAccount } from './postgres.ts';

/** A real PgBouncer in front of the server of a URL. */
export interface PgBouncer {
  /** The same database, user and password, through the pooler. */
  readonly url: string;
  /** A command of its console: PAUSE, KILL, SHOW POOLS … */
  command(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  stop(): Promise<void>;
}

/** Where JOINERY_PGBOUNCER says, or on the path. Debian: `apt-get install pgbouncer`. */
const program = process.env['JOINERY_PGBOUNCER'] ?? 'pgbouncer';

/** undefined: none is installed, and what needs one is skipped. */
export const pgbouncerVersion = readVersion();

function readVersion(): string | undefined {
  try {
    return /PgBouncer ([\d.]+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1];
  } catch {
    return undefined;
  }
}

/** Starts one with what its own defaults and `settings` say: about 50 ms. `databaseSettings`: such as `pool_size=1`. Passwords are checked by SCRAM unless `auth_type` says otherwise. */
export async function startPgBouncer(
  target: string,
  settings: Readonly<Record<string, string>> = {},
  databaseSettings = '',
): Promise<PgBouncer> {
  const account = await serverAccount();
  const server = new URL(target);
  const database = server.pathname.slice(1);
  const folder = await mkdtemp(join(tmpdir(), 'joinery-pgbouncer-'));
  const port = await freePort();
  const all: Readonly<Record<string, string>> = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(folder, 'users.txt'),
    admin_users: server.username,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const text = `[databases]\n${database} = host=${server.hostname} port=${server.port} ${databaseSettings}\n[pgbouncer]\n${lines.join('\n')}\n`;
  const users = `"${decodeURIComponent(server.username)}" "${decodeURIComponent(server.password)}"\n`;
  for (const [name, content] of [['pgbouncer.ini', text], ['users.txt', users]] as const) await writeFile(join(folder, name), content, { mode: 0o600 }); // prettier-ignore
  if (account !== undefined)
    for (const name of ['', 'pgbouncer.ini', 'users.txt']) await chown(join(folder, name), account.uid, account.gid);
  const child = spawn(program, [join(folder, 'pgbouncer.ini')], { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const onExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', onExit);
    child.kill('SIGQUIT');
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  let said = '';
  const isUp = await new Promise<boolean>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      if (said.length < 10_000) said += part;
      if (said.includes('process up')) resolve(true);
    });
    child.once('error', () => resolve(false));
    child.once('exit', () => resolve(false));
  });
  if (!isUp) {
    await stop();
    throw new Error(`PgBouncer did not start: ${said}`);
  }
  const through = new URL(target);
  through.port = String(port);
  return {
    url: through.href,
    async command(command) {
      const console = new URL(through);
      console.pathname = '/pgbouncer';
      console.search = '';
      const client = new Client({ connectionString: console.href });
      // It is cut off by the very command that it gives.
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(command)).rows;
      } finally {
        await client.end();
      }
    },
    stop,
  };
}
