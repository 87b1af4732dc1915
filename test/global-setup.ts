import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundle } from '../scripts/bundle.ts';
import { startPostgres, type Postgres } from './postgres.ts';
import { useTemporaryFolder } from './temporary-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address that answers with the URL of a new database; see `test/database.ts`. */
    postgresStarter: string;
  }
}

/**
 * One PostgreSQL cluster for a whole test run, started by the first test that asks, so that a run of pure tests does not pay for it.
 * Tests run in processes of their own and therefore ask over loopback HTTP.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const removeTemporaryFolder = await useTemporaryFolder();
  let cluster: Promise<Postgres> | undefined;
  let databases = 0;
  let built: Promise<string> | undefined;
  const server = createServer((request, response) => {
    if (request.url === '/-/build') {
      built ??= build();
      built.then(
        (folder) => response.end(folder),
        (error: unknown) => {
          response.statusCode = 500;
          response.end(String(error));
        },
      );
      return;
    }
    cluster ??= startPostgres();
    cluster
      .then((postgres) => {
        const name = (request.url ?? '/').replace(/^\//, '').replaceAll(/[^a-z0-9_]/g, '_');
        return postgres.createDatabase(`${name}_${String(++databases)}`);
      })
      .then(
        (url) => response.end(url),
        (error: unknown) => {
          response.statusCode = 500;
          response.end(String(error));
        },
      );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  project.provide('postgresStarter', `http://127.0.0.1:${String(address.port)}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await cluster?.catch(() => undefined))?.stop();
    const folder = await built?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    await removeTemporaryFolder();
  };
}

/** Bundles the sources for tests that start processes, as they are published. Inside node_modules, so that packages are found. */
async function build(): Promise<string> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const cache = join(root, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'joinery-'));
  await bundle(join(folder, 'dist'));
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  return folder;
}
