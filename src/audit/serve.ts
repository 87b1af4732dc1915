import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { RunId } from '../domain/words.ts';
import type { Mapping } from '../mapping/contract.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Store } from '../store/contract.ts';
import { buildReport } from './build-report.ts';
import { explainWorker } from './explain-worker.ts';
import { masksOf } from './masks.ts';
import { messagePage, runPage, runsPage, stewardPage, workerPage } from './pages.ts';
import type { RunReport } from './run-report.ts';
import { stewardCsv } from './steward-page.ts';
import { everybody, stewardList } from './steward.ts';

export interface AuditServerOptions {
  readonly store: Store;
  readonly pipeline: Pipeline;
  readonly mapping: Mapping;
  readonly clock: Clock;
  /** The secret part of the address: whoever has it can read. */
  readonly token: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface AuditServer {
  readonly url: string;
  close(): Promise<void>;
}

const listedRuns = 100;
/** Finished runs do not change: their reports are kept. */
const keptReports = 20;

/** Serves the audit pages on loopback, masked, read-only. Requests without the token, or for another host name, learn nothing. */
export async function serveAudit(options: AuditServerOptions): Promise<AuditServer> {
  const listen = getRequestListener(pagesOf(options).fetch);
  const server = createServer((request, response) => {
    // It answers every failure itself, with a page.
    void listen(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: Error) => {
      reject(new JoineryError('AUD-109', `port ${String(options.port)} of 127.0.0.1 cannot be opened`, { cause }));
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = addressOf(server.address());
  return {
    url: `http://127.0.0.1:${String(port)}/${options.token}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new JoineryError('DOM-001', 'the server has no address');
  return address;
}

/** The application without its server: tests ask it directly. */
export function pagesOf({ store, pipeline, mapping, clock, token }: AuditServerOptions): Hono {
  const app = new Hono();
  const base = `/${token}/`;
  const frame = { base, pipeline: pipeline.name };
  const masks = masksOf(pipeline);
  const scope = { tenant: pipeline.sink.tenant, job: pipeline.sink.job };
  const kept = new Map<RunId, RunReport>();

  app.use(async (context, next) => {
    // The name in the address bar: another one means that somebody's page let its own name point at this machine.
    const host = (context.req.header('host') ?? '').replace(/:\d+$/, '');
    const [, given = ''] = new URL(context.req.url).pathname.split('/');
    if (!['127.0.0.1', 'localhost'].includes(host) || !equal(given, token)) return context.text('Not found', 404);
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') return context.text('Read-only', 405);
    await next();
    context.header('cache-control', 'no-store');
    context.header('x-content-type-options', 'nosniff');
    context.header('x-frame-options', 'DENY');
    context.header('referrer-policy', 'no-referrer');
    return undefined;
  });

  // Whoever copied the address without its last stroke.
  app.get(`/${token}`, (context) => context.redirect(base));

  app.get(base, async (context) => {
    const runs = await store.runs.list(pipeline.name, listedRuns);
    const rows = await Promise.all(runs.map(async (run) => ({ run, tally: await store.operations.tally(run.id) })));
    return context.html(runsPage(frame, rows));
  });

  app.get(`${base}runs/:id`, async (context) => {
    const id = context.req.param('id');
    const run = await store.runs.get(id);
    if (run?.pipeline !== pipeline.name) return context.html(messagePage(frame, 'No such run', `${pipeline.name} has no run ${id}.`), 404);
    const report = kept.get(id) ?? (await buildReport(store, id, masks, clock.now()));
    if (['finished', 'superseded', 'abandoned'].includes(run.state)) {
      kept.set(id, report);
      const [oldest] = kept.keys();
      if (kept.size > keptReports && oldest !== undefined) kept.delete(oldest);
    }
    return context.html(runPage(frame, report));
  });

  app.get(`${base}workers`, async (context) => {
    const worker = (context.req.query('id') ?? '').trim();
    try {
      return context.html(workerPage(frame, await explainWorker(store, { pipeline, mapping, masks, worker })));
    } catch (error) {
      if (!(error instanceof JoineryError) || !error.code.startsWith('AUD-')) throw error;
      return context.html(messagePage(frame, 'Not known', `${error.message}. ${error.fix}`), 404);
    }
  });

  app.get(`${base}steward`, async (context) => {
    return context.html(stewardPage(frame, await stewardList(store, scope, pipeline.name, masks)));
  });

  app.get(`${base}steward.csv`, async (context) => {
    context.header('content-type', 'text/csv; charset=utf-8');
    context.header('content-disposition', 'attachment; filename="to-look-at.csv"');
    return context.body(stewardCsv(await stewardList(store, scope, pipeline.name, masks, everybody)));
  });

  app.notFound((context) => context.html(messagePage(frame, 'No such page', 'The address leads nowhere.'), 404));
  app.onError((error, context) => {
    const words = error instanceof JoineryError ? `${error.code}: ${error.message}. ${error.fix}` : 'This is a defect of Joinery.';
    return context.html(messagePage(frame, 'That did not work', words), 500);
  });
  return app;
}

function equal(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}
