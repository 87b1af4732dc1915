import { createServer, type Server } from 'node:http';
import { JoineryError } from '../domain/error.ts';
import type { WatchState } from '../stages/watch.ts';

/**
 * `GET /` on loopback: 200 while no pipeline's last run failed and every outbox is listened to, else 503; the states as JSON. Names, codes and times only: a message may
 * quote an address. Errors: CLI-104 when the port cannot be had.
 */
export async function serveHealth(port: number, states: readonly WatchState[]): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((_request, response) => {
    const isHealthy = states.every(({ failures, isListening }) => failures === 0 && isListening !== false);
    const body = { healthy: isHealthy, pipelines: states.map(shownState) };
    response
      .writeHead(isHealthy ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(`${JSON.stringify(body)}\n`);
  });
  await listening(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new JoineryError('CLI-104', `the health endpoint cannot listen on port ${String(port)}`, { cause })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

function shownState({ pipeline, state, lastSuccess, lastFailure, nextRun, failures, isListening }: WatchState): object {
  const time = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());
  return {
    pipeline,
    state,
    lastSuccess: time(lastSuccess),
    lastFailure: lastFailure === undefined ? null : { at: time(lastFailure.at), code: lastFailure.code },
    nextRun: time(nextRun),
    failures,
    ...(isListening === undefined ? {} : { listening: isListening }),
  };
}
