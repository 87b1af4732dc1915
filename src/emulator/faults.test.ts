import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { startEmulator, type Emulator, type Faults, type RequestFault } from './index.ts';

describe('a fault plan', () => {
  let clock: VirtualClock;
  let emulator: Emulator;
  let stranger: Stranger;
  beforeEach(async () => {
    clock = new VirtualClock('2026-11-22T08:00:00Z');
    emulator = await startEmulator({ clock });
    stranger = await becomeStranger(emulator);
  });
  afterEach(() => emulator.close());
  const onUpload = (fault: RequestFault): Faults => ({ request: (one) => (one.path.endsWith('/bulkUpload') ? fault : undefined) });

  it('cuts the connection before anything is done, or after all is done', async () => {
    emulator.setFaults(onUpload({ kind: 'drop' }));
    await expect(stranger.upload([record('1')])).rejects.toThrow(TypeError);
    expect(emulator.stats.uploads).toBe(0);
    emulator.setFaults(onUpload({ kind: 'resetAfterAccept' }));
    await expect(stranger.upload([record('1')])).rejects.toThrow(TypeError);
    expect(emulator.stats.uploads).toBe(1);
    passLatency(emulator, clock);
    expect(emulator.directory.size).toBe(1);
  });

  it('answers with another status, twice, later, or with a date that is off', async () => {
    emulator.setFaults(onUpload({ kind: 'status', status: 503, code: 'ServiceUnavailable', headers: { 'retry-after': '7' } }));
    const refused = await stranger.upload([record('1')]);
    expect([refused.status, refused.json.error.code, refused.headers.get('retry-after'), emulator.stats.uploads]).toEqual([
      503,
      'ServiceUnavailable',
      '7',
      0,
    ]);
    emulator.setFaults(onUpload({ kind: 'duplicate' }));
    expect((await stranger.upload([record('1')])).status).toBe(202);
    expect(emulator.stats.uploads).toBe(2);
    emulator.setFaults(onUpload({ kind: 'skew', milliseconds: 90_000 }));
    expect((await stranger.upload([record('1')])).headers.get('date')).toBe('Sun, 22 Nov 2026 08:01:30 GMT');
    emulator.setFaults(onUpload({ kind: 'delay', milliseconds: 30_000 }));
    expect((await stranger.upload([record('1')])).headers.get('date')).toBe('Sun, 22 Nov 2026 08:00:30 GMT');
    emulator.setFaults(onUpload({ kind: 'delay', milliseconds: 30_000, when: 'after' }));
    expect((await stranger.upload([record('1')])).headers.get('date')).toBe('Sun, 22 Nov 2026 08:00:30 GMT');
    expect(clock.now()).toBe(Date.parse('2026-11-22T08:01:00Z'));
    expect(emulator.stats.faults).toEqual({ 'request.status': 1, 'request.duplicate': 1, 'request.skew': 1, 'request.delay': 2 });
  });

  it('loses, delays, repeats and fails operations', async () => {
    const error = { errorCode: 'InternalServerError', reason: 'Transient.', errorCategory: 'failure' } as const;
    emulator.setFaults({
      entry: ({ externalId, retries }) => {
        if (externalId === '1') return { kind: 'lost' };
        if (externalId === '2' && clock.now() < Date.parse('2026-11-22T09:00:00Z')) return { kind: 'late', milliseconds: 3_600_000 };
        if (externalId === '3') return { kind: 'repeat' };
        return externalId === '4' && retries === 0 ? { kind: 'fail', error } : undefined;
      },
    });
    await stranger.upload(['1', '2', '3', '4', '5'].map((id) => record(id)));
    clock.advanceTo('2026-11-22T08:30:00Z');
    emulator.settle();
    const ids = (): (string | null)[] => emulator.directory.users().map((user) => user.employeeId).toSorted((left, right) => Number(left) - Number(right)); // prettier-ignore
    expect(ids()).toEqual(['3', '5']);
    expect(emulator.logRows().filter((row) => JSON.stringify(row).includes('RedundantExport'))).toHaveLength(1);
    clock.advanceTo('2026-11-22T10:30:00Z');
    emulator.settle();
    expect(ids()).toEqual(['2', '3', '4', '5']);
  });

  it('loses, delays and repeats rows', async () => {
    emulator.setFaults({
      row: ({ externalId }) => {
        if (externalId === '1') return { kind: 'missing' };
        if (externalId === '2') return { kind: 'late', milliseconds: 7_200_000 };
        return externalId === '3' ? { kind: 'repeat', times: 2 } : undefined;
      },
    });
    emulator.setSwitches({ rowsPerChange: 'one' });
    await stranger.upload(['1', '2', '3', '4'].map((id) => record(id)));
    clock.advanceTo('2026-11-22T08:30:00Z');
    const seen = async (): Promise<string[]> =>
      (await stranger.rows()).map((row) => row.sourceIdentity.id).toSorted((left, right) => left - right);
    expect(await seen()).toEqual(['3', '3', '3', '4']);
    expect(new Set((await stranger.rows()).map((row) => row.id)).size).toBe(2);
    clock.advanceTo('2026-11-22T10:30:00Z');
    stranger = await becomeStranger(emulator);
    expect(await seen()).toEqual(['2', '3', '3', '3', '4']);
  });
});

describe('the control pages', () => {
  it('show the state, change users from outside, turn switches, steer the job and take a fault plan as JSON', async () => {
    const clock = new VirtualClock('2026-11-22T08:00:00Z');
    const emulator = await startEmulator({ clock });
    const stranger = await becomeStranger(emulator);
    const control = async (method: string, path: string, body?: Record<string, unknown>) =>
      stranger.graph(method, `${emulator.origin}/emulator/${path}`, body === undefined ? {} : { body });
    const added = await control('POST', 'directory', { userPrincipalName: 'a@contoso.example', employeeId: '1' });
    expect(added.status).toBe(201);
    expect((await control('PATCH', `directory/${added.json.id}`, { accountEnabled: false })).json.accountEnabled).toBe(false);
    expect((await control('GET', 'directory')).json.users).toEqual([expect.objectContaining({ employeeId: '1', accountEnabled: false })]);
    expect((await control('PATCH', 'switches', { operationOrder: 'inOrder' })).json.operationOrder).toBe('inOrder');
    expect((await control('PATCH', 'switches', { operationOrder: 'sideways' })).status).toBe(400);
    expect((await control('PATCH', 'switches', { nonsense: 1 })).json.error.message).toContain('no switch "nonsense"');
    expect((await control('POST', `jobs/${emulator.jobId}/pause`, {})).json.state.schedule).toBe('Paused');
    expect((await control('POST', 'advance', { milliseconds: 60_000 })).json.now).toBe(clock.now());
    const rule = { method: 'POST', path: 'bulkUpload$', skip: 1, times: 1, fault: { kind: 'status', status: 503 } };
    expect((await control('POST', 'faults', { requests: [rule] })).status).toBe(204);
    const statuses: number[] = [];
    for (let call = 0; call < 3; call++) statuses.push((await stranger.upload([record('1')])).status);
    expect(statuses).toEqual([202, 503, 202]);
    expect((await control('POST', 'faults', { requests: [{ fault: { kind: 'explode' } }] })).status).toBe(400);
    expect((await control('GET', 'state')).json).toMatchObject({ tenantId: emulator.tenantId, jobs: [{ stored: 2 }] });
    expect((await control('GET', 'stats')).json.uploads).toBe(2);
    expect((await stranger.graph('POST', `${emulator.origin}/emulator/faults`, { body: '{}' })).status).toBe(400);
    expect((await control('GET', 'nonsense')).status).toBe(404);
    await emulator.close();
  });
});
