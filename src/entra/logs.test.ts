import * as fc from 'fast-check';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { LogRow } from '../domain/log-row.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { answerJson, startLoopback, type Loopback, type Received } from '../../test/loopback.ts';
import { CallPace, paceWait } from './call-pace.ts';
import { openGraph, type Graph } from './graph.ts';
import { logLocation, openLogs, type LogQuery } from './logs.ts';
import { parseLogRow } from './log-row.ts';

const job = 'API2AAD.11111111222233334444555555555555.66666666-7777-8888-9999-000000000000';
const start = Date.parse('2026-11-22T08:00:00Z');
const graphRow = (id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  id,
  activityDateTime: '2026-11-22T08:05:00Z',
  jobId: job,
  cycleId: 'c',
  changeId: 'change',
  provisioningAction: 'update',
  durationInMilliseconds: 5,
  provisioningStatusInfo: { status: 'success', errorInformation: null },
  provisioningSteps: [
    { name: 'EntryExportUpdate', provisioningStepType: 'export', status: 'success', description: null, details: { a: 'b' } },
  ],
  sourceIdentity: { id: '10042', displayName: 'Mara', identityType: 'User', details: {} },
  modifiedProperties: [{ displayName: 'department', oldValue: null, newValue: 'x' }],
  ...more,
});

let answer: (request: Received, response: ServerResponse, count: number) => void;
let service: Loopback;
let graph: Graph;
let clock: VirtualClock;
let problems: Diagnostic[];

beforeEach(async () => {
  problems = [];
  clock = new VirtualClock(start);
  service = await startLoopback((request, response, count) => answer(request, response, count));
  const cloud = { name: 'emulator', login: service.origin, graph: service.origin } as const;
  const tokens = { token: () => Promise.resolve('t'), refresh: () => Promise.resolve('t2'), close: () => Promise.resolve() };
  graph = openGraph({ tenant: 't', servicePrincipal: 's', job, cloud }, tokens, { clock });
});

afterEach(async () => {
  await graph.close();
  await service.close();
});

async function readAll(query: Partial<LogQuery> = {}): Promise<LogRow[]> {
  const rows: LogRow[] = [];
  for await (const page of openLogs(graph).read({ from: start, onProblem: (problem) => problems.push(problem), ...query }))
    rows.push(...page);
  return rows;
}

/** Serves the pages one after the other, each naming the next. */
function servePages(pages: readonly (readonly unknown[])[]): void {
  answer = (request, response) => {
    const index = Number(new URL(request.url, service.origin).searchParams.get('$skiptoken') ?? '0');
    const next =
      index + 1 < pages.length
        ? { '@odata.nextLink': `${service.origin}/v1.0/auditLogs/provisioning?$skiptoken=${String(index + 1)}` }
        : {};
    answerJson(response, 200, { value: pages[index], ...next });
  };
}

describe('reading the provisioning logs', () => {
  test('asks by job and time, sorted, a thousand rows a page, with literals in OData’s form', () => {
    const location = logLocation("API'x", { from: start, to: start + 60_000, externalId: "O'Hara" });
    const query = new URL(location, 'https://graph.microsoft.com').searchParams;
    expect(query.get('$filter')).toBe(
      "jobId eq 'API''x' and activityDateTime ge 2026-11-22T08:00:00.000Z and activityDateTime lt 2026-11-22T08:01:00.000Z and sourceIdentity/id eq 'O''Hara'",
    );
    expect(query.get('$orderby')).toBe('activityDateTime asc');
    expect(query.get('$top')).toBe('1000');
    expect(location).not.toContain(' ');
  });

  test('follows every page to the end and gives each row once', async () => {
    servePages([[graphRow('a'), graphRow('b')], [], [graphRow('b'), graphRow('c')]]);
    expect((await readAll()).map((row) => row.id)).toEqual(['a', 'b', 'c']);
    expect(service.received).toHaveLength(3);
  });

  test('asks for pages as the service likes them where it takes none of a thousand rows, and from then on, and stops at what it refuses all the same', async () => {
    answer = (request, response) => {
      const refused = request.url.includes('top=');
      answerJson(
        response,
        refused ? 400 : 200,
        refused ? { error: { code: 'BadRequest', message: 'Invalid page size.' } } : { value: [graphRow('a')] },
      );
    };
    const logs = openLogs(graph);
    const drain = async (): Promise<number> => {
      let rows = 0;
      for await (const page of logs.read({ from: start, onProblem: () => undefined })) rows += page.length;
      return rows;
    };
    expect([await drain(), await drain(), service.received.length]).toEqual([1, 1, 3]);
    answer = (_, response) => answerJson(response, 400, { error: { code: 'BadRequest', message: 'Invalid filter clause.' } });
    await expect(drain()).rejects.toMatchObject({ code: 'ENT-207' });
    await expect(readAll()).rejects.toMatchObject({ code: 'ENT-207' });
  });

  test('never asks another host, whatever the next link says', async () => {
    answer = (_, response) =>
      answerJson(response, 200, { value: [graphRow('a')], '@odata.nextLink': 'https://evil.example/v1.0/auditLogs/provisioning?x' });
    await expect(readAll()).rejects.toMatchObject({ code: 'ENT-201' });
  });

  test('ends when a page leads back to an earlier one', async () => {
    answer = (_, response) =>
      answerJson(response, 200, { value: [], '@odata.nextLink': `${service.origin}/v1.0/auditLogs/provisioning?$skiptoken=1` });
    await expect(readAll()).rejects.toMatchObject({ code: 'ENT-402' });
  });

  test('keeps to 5 requests in any 10 s by the clock, over all its readers', async () => {
    servePages(Array.from({ length: 12 }, (_, index) => [graphRow(`row-${String(index)}`)]));
    const logs = openLogs(graph);
    const drain = async (): Promise<number> => {
      let rows = 0;
      for await (const page of logs.read({ from: start, onProblem: () => undefined })) rows += page.length;
      return rows;
    };
    expect(await Promise.all([drain(), drain()])).toEqual([12, 12]);
    expect(clock.now() - start).toBe(40_000);
  });

  test('waits as a 429 asks and goes on where it was', async () => {
    const waits: number[] = [];
    answer = (_, response, count) =>
      count === 1 ? answerJson(response, 429, {}, { 'retry-after': '30' }) : answerJson(response, 200, { value: [graphRow('a')] });
    expect(await readAll({ onWait: (_, milliseconds) => waits.push(milliseconds) })).toHaveLength(1);
    expect(waits).toEqual([30_000]);
    expect(clock.now() - start).toBe(30_000);
  });

  test('repeats what was not answered, and gives up with a code and the request’s id', async () => {
    answer = (_, response, count) => (count < 3 ? response.destroy() : answerJson(response, 200, { value: [graphRow('a')] }));
    expect(await readAll()).toHaveLength(1);
    answer = (_, response) => answerJson(response, 503, { error: { code: 'x', message: 'down' } }, { 'request-id': 'req-9' });
    await expect(readAll()).rejects.toMatchObject({ code: 'ENT-209', message: expect.stringContaining('request-id req-9') });
    answer = (_, response) => answerJson(response, 403, { error: { code: 'x', message: 'no' } });
    await expect(readAll()).rejects.toMatchObject({ code: 'ENT-205', message: expect.stringContaining('ProvisioningLog.Read.All') });
    answer = (_, response) => answerJson(response, 200, { wrong: [] });
    await expect(readAll()).rejects.toMatchObject({ code: 'ENT-203' });
  });

  test('a page that broke off is asked for again, not taken as short', async () => {
    answer = (_, response, count) => {
      if (count > 1) return answerJson(response, 200, { value: [graphRow('a')] });
      response.writeHead(200, { 'content-length': '10000' });
      response.write('{"value":[', () => response.destroy());
      return undefined;
    };
    expect(await readAll()).toHaveLength(1);
    expect(service.received).toHaveLength(2);
  });

  test('stops waiting when it is aborted', async () => {
    const abort = new AbortController();
    answer = (_, response) => answerJson(response, 429, {}, { 'retry-after': '300' });
    const reason = new Error('enough');
    await expect(readAll({ signal: abort.signal, onWait: () => queueMicrotask(() => abort.abort(reason)) })).rejects.toBe(reason);
  });

  test('names a row that it cannot read or that is another job’s, and gives the others', async () => {
    servePages([
      [
        graphRow('a'),
        graphRow('bad', { activityDateTime: 'yesterday', sourceIdentity: { id: 'personal' } }),
        { nothing: 1 },
        7,
        graphRow('other', { jobId: 'API2AAD.x' }),
        graphRow('z'),
      ],
    ]);
    expect((await readAll()).map((row) => row.id)).toEqual(['a', 'z']);
    expect(problems.map((problem) => problem.code)).toEqual(['ENT-401', 'ENT-401', 'ENT-401', 'ENT-401']);
    expect(problems[0]?.message).toContain('row bad is left out: activityDateTime');
    expect(JSON.stringify(problems)).not.toContain('personal');
  });
});

describe('a row', () => {
  test('keeps what is read of it and nothing else', () => {
    expect(parseLogRow(graphRow('a'))).toEqual({
      kind: 'row',
      row: {
        id: 'a',
        activityDateTime: '2026-11-22T08:05:00Z',
        jobId: job,
        cycleId: 'c',
        changeId: 'change',
        provisioningAction: 'update',
        provisioningStatusInfo: { status: 'success' },
        provisioningSteps: [
          { name: 'EntryExportUpdate', provisioningStepType: 'export', status: 'success', description: null, details: { a: 'b' } },
        ],
        sourceIdentity: { id: '10042', displayName: 'Mara' },
        modifiedProperties: [{ displayName: 'department', oldValue: null, newValue: 'x' }],
      },
    });
  });

  test('may lack everything but id, time, job and status, and may hold numbers where texts are usual', () => {
    const bare = { id: 'a', activityDateTime: '2026-11-22T08:05:00Z', jobId: job, provisioningStatusInfo: { status: 'success' } };
    expect(parseLogRow(bare)).toMatchObject({ kind: 'row', row: { changeId: 'a', provisioningAction: 'other' } });
    const odd = parseLogRow({
      ...bare,
      sourceIdentity: { id: 10042 },
      provisioningSteps: [{ details: { n: 1, b: true, o: {} } }, {}],
      changeId: null,
    });
    expect(odd).toMatchObject({
      row: { sourceIdentity: { id: '10042' }, provisioningSteps: [{ name: '', details: { n: '1', b: 'True' } }, {}] },
    });
  });

  test('of any shape is a row or a named problem, never an exception', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(['row', 'problem']).toContain(parseLogRow(value).kind);
      }),
    );
  });
});

describe('the pace', () => {
  test('never lets more calls into a window than the limit, counted from any moment of a call', () => {
    const durations = fc.array(fc.integer({ min: 0, max: 15_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(durations, fc.integer({ min: 1, max: 6 }), (calls, limit) => {
        const limits = { calls: limit, milliseconds: 10_000 };
        let now = 0;
        const sent: number[] = [];
        const answered: number[] = [];
        for (const duration of calls) {
          now += paceWait(answered, now, limits);
          sent.push(now);
          now += duration;
          answered.push(now);
        }
        // The service may count a call anywhere between sending and answer: the worst is the answer of the first and the sending of the last.
        for (let index = limit; index < sent.length; index++) {
          expect((sent[index] ?? 0) - (answered[index - limit] ?? 0)).toBeGreaterThanOrEqual(limits.milliseconds);
        }
      }),
    );
  });

  test('does not lose its turn to a call that fails', async () => {
    const pace = new CallPace(clock, { calls: 1, milliseconds: 1_000 });
    await expect(pace.run(() => Promise.reject(new Error('no')))).rejects.toThrowError('no');
    expect(await pace.run(() => Promise.resolve('yes'))).toBe('yes');
    expect(clock.now() - start).toBe(1_000);
  });
});
