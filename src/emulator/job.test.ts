import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from './index.ts';

describe('the job', () => {
  let clock: VirtualClock;
  let emulator: Emulator;
  let stranger: Stranger;
  const base = (): string => `/servicePrincipals/${emulator.servicePrincipalId}/synchronization`;
  const act = (action: string, body?: Record<string, unknown>) =>
    stranger.graph('POST', `${base()}/jobs/${emulator.jobId}/${action}`, body === undefined ? {} : { body });
  const job = async (): Promise<any> => (await stranger.graph('GET', `${base()}/jobs/${emulator.jobId}`)).json;
  async function start(options: EmulatorOptions = {}): Promise<void> {
    await emulator?.close();
    clock = new VirtualClock('2026-11-22T08:00:00Z');
    emulator = await startEmulator({ clock, ...options });
    stranger = await becomeStranger(emulator);
  }
  async function pass(): Promise<void> {
    passLatency(emulator, clock);
    stranger = await becomeStranger(emulator);
  }
  beforeEach(() => start());
  afterEach(() => emulator.close());

  it('is active for a newcomer and shows itself in Graph’s shape, alone and in the list', async () => {
    const one = await job();
    expect(one).toMatchObject({
      id: emulator.jobId,
      templateId: 'API2AAD',
      schedule: { state: 'Active', interval: 'PT40M', expiration: null },
      status: { code: 'Active', quarantine: null, lastExecution: null, progress: [] },
    });
    expect(emulator.jobId).toMatch(/^API2AAD\.[0-9a-f]{32}\.[0-9a-f-]{36}$/);
    const { '@odata.context': _context, ...bare } = one;
    expect((await stranger.graph('GET', `${base()}/jobs`, { version: 'beta' })).json.value).toEqual([bare]);
  });

  it('tells about its executions: a new cycle id each, counts, and one every 40 minutes without work', async () => {
    await stranger.upload([record('1'), record('2', { userName: 'x@other.example' })]);
    await pass();
    const first = (await job()).status;
    expect(first.lastExecution).toMatchObject({
      state: 'EntryLevelErrors',
      countImported: 2,
      countExported: 1,
      countEscrowed: 1,
      error: null,
    });
    expect(first.synchronizedEntryCountByType[0].value).toBe(1);
    const rows = await stranger.rows();
    expect(new Set(rows.map((row) => row.cycleId))).toEqual(new Set([first.lastExecution.activityIdentifier]));
    const before = emulator.jobs[0]?.state.executions ?? 0;
    clock.advance(3 * 40 * 60_000);
    stranger = await becomeStranger(emulator);
    const later = (await job()).status;
    expect(later.lastExecution.activityIdentifier).not.toBe(first.lastExecution.activityIdentifier);
    expect(later.lastSuccessfulExecution).not.toBeNull();
    expect(emulator.jobs[0]?.state.executions).toBeGreaterThanOrEqual(before + 2);
  });

  it('queues while it was never started, and while paused, and goes on when started', async () => {
    await start({ jobs: [{ started: false }] });
    expect((await job()).status.code).toBe('NotRun');
    expect((await job()).schedule.state).toBe('Disabled');
    expect((await stranger.upload([record('1')])).status).toBe(202);
    clock.advance(86_400_000);
    emulator.settle();
    expect([emulator.directory.size, emulator.logRows().length, emulator.jobs[0]?.stored]).toEqual([0, 0, 1]);
    stranger = await becomeStranger(emulator);
    expect((await act('start')).status).toBe(204);
    await pass();
    expect(emulator.directory.size).toBe(1);
    expect((await act('pause')).status).toBe(204);
    expect([(await job()).status.code, (await job()).schedule.state]).toEqual(['Paused', 'Paused']);
    await stranger.upload([record('2')]);
    clock.advance(86_400_000);
    emulator.settle();
    expect(emulator.directory.size).toBe(1);
    stranger = await becomeStranger(emulator);
    await act('start');
    await pass();
    expect(emulator.directory.size).toBe(2);
    const created = emulator.directory.findByEmployeeId('2')[0]?.createdDateTime ?? '';
    expect(Date.parse(created)).toBeGreaterThanOrEqual(Date.parse('2026-11-23T08:00:00Z'));
  });

  it('purges what was uploaded before a restart when it is not running, and only then', async () => {
    await stranger.upload([record('1')]);
    expect((await act('restart', { criteria: { resetScope: 'Watermark, Escrows, QuarantineState' } })).status).toBe(204);
    await pass();
    expect(emulator.directory.size).toBe(1);
    await act('pause');
    await stranger.upload([record('2')]);
    expect((await act('restart')).status).toBe(204);
    await stranger.upload([record('3')]);
    await pass();
    expect(emulator.directory.users().map((user) => user.employeeId)).toEqual(['1', '3']);
    expect((await act('restart', { criteria: { resetScope: 'Everything' } })).status).toBe(400);
  });

  it('goes into quarantine when it is started without a notification e-mail, and comes out by a restart once there is one', async () => {
    await start({ jobs: [{ started: false, notificationEmail: null }] });
    await act('start');
    const { status } = await job();
    expect([status.code, status.quarantine.reason, status.quarantine.seriesCount]).toEqual([
      'Quarantine',
      'EncounteredQuarantineException',
      1,
    ]);
    const settings = { Enabled: true, Recipients: 'ops@contoso.example', DeleteThresholdEnabled: true, DeleteThresholdValue: 50 };
    const put = await stranger.graph('PUT', `${base()}/secrets`, {
      body: { value: [{ key: 'SyncNotificationSettings', value: JSON.stringify(settings) }] },
    });
    expect(put.status).toBe(204);
    expect(JSON.parse((await stranger.graph('GET', `${base()}/secrets`)).json.value[0].value)).toEqual(settings);
    await act('restart');
    expect((await job()).status.code).toBe('Active');
    expect((await job()).synchronizationJobSettings[0].value).toBe('50');
  });

  it('accepts uploads in quarantine but looks at them only at its attempts, and is disabled after four weeks', async () => {
    emulator.jobs[0]?.quarantine('QuarantinedOnDemand');
    expect((await stranger.upload([record('1')])).status).toBe(202);
    clock.advance(5 * 3_600_000);
    emulator.settle();
    expect(emulator.directory.size).toBe(0);
    clock.advance(3_700_000);
    emulator.settle();
    expect(emulator.directory.size).toBe(1);
    clock.advance(29 * 86_400_000);
    emulator.settle();
    stranger = await becomeStranger(emulator);
    expect([(await job()).status.code, (await job()).schedule.state]).toEqual(['Quarantine', 'Disabled']);
  });

  it('goes into quarantine when too large a share of the entries fails', async () => {
    emulator.setSwitches({ quarantineFailures: 5 });
    await stranger.upload(Array.from({ length: 6 }, (_, index) => record(String(index), { userName: `u${String(index)}@other.example` })));
    await pass();
    expect((await job()).status.quarantine.reason).toBe('EncounteredEscrowProportionThreshold');
  });

  it('does not offer provisioning on demand', async () => {
    expect((await act('provisionOnDemand', { parameters: [] })).status).toBe(400);
    expect((await act('validateCredentials', { credentials: [] })).status).toBe(204);
  });

  it('asks for rights to read and to steer', async () => {
    const clients: EmulatorOptions['clients'] = [
      { roles: ['Synchronization.Read.All'] },
      { roles: ['Application.ReadWrite.OwnedBy'], owns: [] },
      { roles: ['Synchronization.ReadWrite.All'] },
    ];
    await start({ clients });
    const statuses: number[][] = [];
    for (const { clientId, clientSecret = '' } of emulator.clients) {
      stranger = await becomeStranger(emulator, { client_id: clientId, client_secret: clientSecret });
      statuses.push([(await stranger.graph('GET', `${base()}/jobs`)).status, (await act('pause')).status]);
    }
    expect(statuses).toEqual([
      [200, 403],
      [403, 403],
      [200, 204],
    ]);
  });
});
