import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, passLatency, record } from '../../test/stranger.ts';
import { startEmulator, type Emulator } from './index.ts';

describe('a data folder', () => {
  let dataDir: string;
  let clock: VirtualClock;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'emulator-'));
    clock = new VirtualClock('2026-11-22T08:00:00Z');
  });
  afterEach(() => {
    rmSync(dataDir, { recursive: true });
  });
  const start = (): Promise<Emulator> => startEmulator({ clock, dataDir });
  const file = (): string => join(dataDir, 'state.ndjson');

  it('keeps ids, credentials, users, rows, the queue, escrows, switches and the day’s calls', async () => {
    const first = await start();
    const stranger = await becomeStranger(first);
    await stranger.upload([record('1', { manager: '2' }), record('2'), record('3', { userName: 'x@other.example' })]);
    passLatency(first, clock);
    first.setSwitches({ dailyCalls: 3 });
    const late = await becomeStranger(first);
    expect((await late.upload([record('4', { manager: '1' })])).status).toBe(202);
    const before = { users: first.directory.users(), rows: first.logRows(), stored: first.jobs[0]?.stored, state: first.jobs[0]?.state };
    const { clientId, clientSecret, jobId, servicePrincipalId, tenantId } = first;
    await first.close();

    const second = await start();
    expect(second).toMatchObject({ clientId, clientSecret, jobId, servicePrincipalId, tenantId });
    expect({
      users: second.directory.users(),
      rows: second.logRows(),
      stored: second.jobs[0]?.stored,
      state: second.jobs[0]?.state,
    }).toEqual(before);
    expect(second.switches.dailyCalls).toBe(3);
    const again = await becomeStranger(second);
    expect((await again.graph('GET', '/users', { token: late.token })).status).toBe(200);
    expect((await again.upload([record('5')])).status).toBe(202);
    expect((await again.upload([record('6')])).status).toBe(429);
    passLatency(second, clock);
    const four = second.directory.findByEmployeeId('4')[0];
    expect(four?.managerId).toBe(second.directory.findByEmployeeId('1')[0]?.id);
    const ids = second.logRows().map((row) => row['id']);
    expect(new Set(ids).size).toBe(ids.length);
    await second.close();
  });

  it('loses at most what was not yet answered when the process is killed, wherever the file ends', async () => {
    const first = await start();
    const stranger = await becomeStranger(first);
    await stranger.upload([record('1')]);
    const whole = statSync(file()).size;
    await stranger.upload([record('2')]);
    // No close: the file is all that a killed process leaves.
    const end = statSync(file()).size;
    for (const size of [end, end - 1, end - 3, whole + 10, whole + 1, whole]) {
      truncateSync(file(), size);
      const copy = mkdtempSync(join(tmpdir(), 'emulator-'));
      writeFileSync(join(copy, 'state.ndjson'), readFileSync(file()));
      const next = await startEmulator({ clock, dataDir: copy });
      expect(next.jobs[0]?.stored).toBe(size >= end - 1 ? 2 : 1);
      await next.close();
      rmSync(copy, { recursive: true });
    }
    await first.close();
  });

  it('begins with an empty tenant only where nothing was, never where something is broken', async () => {
    writeFileSync(file(), 'something else\n');
    await expect(start()).rejects.toMatchObject({ code: 'EMU-102' });
    rmSync(file());
    const first = await start();
    await (await becomeStranger(first)).upload([record('1')]);
    await first.close();
    const lines = readFileSync(file(), 'utf8').split('\n');
    lines[2] = '{"kind":';
    writeFileSync(file(), lines.join('\n'));
    await expect(start()).rejects.toMatchObject({ code: 'EMU-102' });
    await expect(startEmulator({ clock, dataDir: file() })).rejects.toMatchObject({ code: 'EMU-102' });
  });

  it('does not let a torn line at the end spoil what is written after the next start', async () => {
    const first = await start();
    await (await becomeStranger(first)).upload([record('1')]);
    await first.close();
    appendFileSync(file(), '{"kind":"staged","key":"torn');
    const second = await start();
    await (await becomeStranger(second)).upload([record('2')]);
    await second.close();
    const third = await start();
    expect(third.jobs[0]?.stored).toBe(2);
    await third.close();
  });
});
