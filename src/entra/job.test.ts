import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { answerJson, startLoopback, type Loopback, type Received } from '../../test/loopback.ts';
import { findByEmployeeId, getUser, listUsers, type DirectoryUser } from './directory.ts';
import { openGraph, type Graph } from './graph.ts';
import { pauseJob, preflight, readJob, restartJob, startJob, type JobStatus } from './job.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const jobId = 'API2AAD.11111111222233334444555555555555.66666666-7777-8888-9999-000000000000';
let answer: (request: Received, response: ServerResponse, count: number) => void;
let service: Loopback;
let graph: Graph;

beforeEach(async () => {
  service = await startLoopback((request, response, count) => answer(request, response, count));
  const cloud = { name: 'emulator', login: service.origin, graph: service.origin } as const;
  const tokens = { token: () => Promise.resolve('t'), refresh: () => Promise.resolve('t2'), close: () => Promise.resolve() };
  graph = openGraph({ tenant, servicePrincipal: 'sp', job: jobId, cloud }, tokens, { clock: new VirtualClock('2026-11-22T08:00:00Z') });
});

afterEach(async () => {
  await graph.close();
  await service.close();
});

const healthy: JobStatus = { id: jobId, templateId: 'API2AAD', code: 'Active', schedule: { state: 'Active' } };
const codes = (job: JobStatus): string[] => preflight(job, tenant).map((finding) => `${finding.severity} ${finding.code}`);

describe('the job', () => {
  test('is read with state, schedule, quarantine in words, and its last runs', async () => {
    answer = (_, response) =>
      answerJson(response, 200, {
        id: jobId,
        templateId: 'API2AAD',
        schedule: { expiration: null, interval: 'PT40M', state: 'Active' },
        status: {
          code: 'Quarantine',
          quarantine: { reason: 'TooManyDeletes', currentBegan: '2026-11-22T07:00:00Z', nextAttempt: '2026-11-22T13:00:00Z', error: null },
          lastExecution: {
            state: 'EntryLevelErrors',
            timeBegan: '2026-11-22T07:00:00Z',
            timeEnded: '2026-11-22T07:01:00Z',
            countImported: 7,
            countEscrowed: 2,
            error: null,
          },
          lastSuccessfulExecution: { state: 'Succeeded', timeBegan: '0001-01-01T00:00:00Z', timeEnded: '0001-01-01T00:00:00Z' },
        },
      });
    expect(await readJob(graph)).toEqual({
      id: jobId,
      templateId: 'API2AAD',
      code: 'Quarantine',
      schedule: { state: 'Active', interval: 'PT40M' },
      quarantine: {
        reason: 'TooManyDeletes',
        words: expect.stringContaining('accidental-deletion threshold'),
        began: Date.parse('2026-11-22T07:00:00Z'),
        nextAttempt: Date.parse('2026-11-22T13:00:00Z'),
      },
      lastExecution: {
        state: 'EntryLevelErrors',
        began: Date.parse('2026-11-22T07:00:00Z'),
        ended: Date.parse('2026-11-22T07:01:00Z'),
        imported: 7,
        escrowed: 2,
      },
      lastSuccessfulExecution: { state: 'Succeeded' },
    });
  });

  test('that does not exist is told with the ids’ meaning', async () => {
    answer = (_, response) => answerJson(response, 404, { error: { code: 'x', message: 'gone' } });
    await expect(readJob(graph)).rejects.toMatchObject({ code: 'ENT-206' });
  });

  test('is started, paused and restarted at its own addresses, a restart never twice', async () => {
    answer = (_, response) => answerJson(response, 204, undefined);
    await startJob(graph);
    await pauseJob(graph);
    await restartJob(graph);
    expect(service.received.map((request) => `${request.method} ${request.url.split('/').at(-1) ?? ''}`)).toEqual([
      'POST start',
      'POST pause',
      'POST restart',
    ]);
    expect(JSON.parse(service.received[2]?.body ?? '')).toEqual({ criteria: { resetScope: 'Watermark, Escrows, QuarantineState' } });
    answer = (_, response) => response.destroy();
    await expect(restartJob(graph)).rejects.toMatchObject({ code: 'ENT-202' });
    expect(service.received).toHaveLength(4);
  });
});

describe('preflight', () => {
  test('finds nothing in a healthy job', () => {
    expect(codes(healthy)).toEqual([]);
  });

  test('names each state in which an upload would go nowhere', () => {
    expect(codes({ ...healthy, code: 'NotRun', schedule: { state: 'Disabled' } })).toEqual(['error ENT-501']);
    expect(codes({ ...healthy, schedule: { state: 'Disabled' } })).toEqual(['error ENT-501']);
    expect(codes({ ...healthy, code: 'Paused', schedule: { state: 'Paused' } })).toEqual(['error ENT-502']);
    expect(codes({ ...healthy, code: 'Quarantine' })).toEqual(['error ENT-503']);
    expect(codes({ ...healthy, code: 'NotConfigured' })).toEqual(['error ENT-505']);
    expect(codes({ ...healthy, lastExecution: { state: 'Failed', error: 'x: y' } })).toEqual(['warning ENT-506']);
  });

  test('refuses another kind of job and another tenant’s', () => {
    expect(codes({ ...healthy, id: jobId.replace('API2AAD', 'API2AD'), templateId: 'API2AD' })).toEqual(['error ENT-504']);
    expect(preflight(healthy, '99999999-2222-3333-4444-555555555555').map((finding) => finding.code)).toEqual(['ENT-507']);
  });
});

describe('the directory', () => {
  test('is read page by page, with what was selected and filtered', async () => {
    answer = (_, response, count) =>
      answerJson(response, 200, {
        value: [{ id: String(count), employeeId: '1' }, 'no user'],
        ...(count === 1 ? { '@odata.nextLink': `${service.origin}/v1.0/users?$skiptoken=2` } : {}),
      });
    const users: DirectoryUser[] = [];
    for await (const page of listUsers(graph, { select: ['employeeId'], filter: 'accountEnabled eq true' })) users.push(...page);
    expect(users.map((user) => user['id'])).toEqual(['1', '2']);
    const query = new URL(service.received[0]?.url ?? '', service.origin).searchParams;
    expect([query.get('$select'), query.get('$filter'), query.get('$top')]).toEqual(['id,employeeId', 'accountEnabled eq true', '999']);
  });

  test('gives a user by name, or tells that there is none', async () => {
    answer = (request, response) =>
      request.url.includes("o'hara%23ext")
        ? answerJson(response, 200, { id: '1', displayName: 'O' })
        : answerJson(response, 404, { error: { code: 'x', message: 'x' } });
    expect(await getUser(graph, "o'hara#ext@contoso.example", ['displayName'])).toEqual({ id: '1', displayName: 'O' });
    expect(await getUser(graph, 'nobody@contoso.example', [])).toBeUndefined();
  });

  test('finds all users of an employee id', async () => {
    answer = (_, response) => answerJson(response, 200, { value: [{ id: '1' }, { id: '2' }] });
    expect(await findByEmployeeId(graph, "O'1", ['employeeId'])).toHaveLength(2);
    expect(new URL(service.received[0]?.url ?? '', service.origin).searchParams.get('$filter')).toBe("employeeId eq 'O''1'");
  });
});
