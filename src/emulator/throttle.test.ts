import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, record } from '../../test/stranger.ts';
import { bulkEndpoint } from './bulk-endpoint.ts';
import { startEmulator } from './index.ts';
import { setUpTenant } from './tenant-setup.ts';
import { SlidingWindow } from './throttle.ts';

describe('the sliding window', () => {
  const steps = fc.array(fc.nat({ max: 9 }), { maxLength: 120 });

  it('admits a call exactly when fewer than the limit were admitted in the window that ends with it', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 30 }), (waits, limit, length) => {
        const window = new SlidingWindow();
        const admitted: number[] = [];
        let now = 1_000;
        for (const wait of waits) {
          now += wait;
          const inside = admitted.filter((at) => at > now - length).length;
          const blocked = window.waitFor(now, limit, length);
          expect(blocked === undefined).toBe(inside < limit);
          if (blocked !== undefined) continue;
          window.record(now);
          admitted.push(now);
        }
      }),
    );
  });

  it('names the very millisecond at which one more call fits', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 30 }), (waits, limit, length) => {
        const window = new SlidingWindow();
        let now = 1_000;
        for (const wait of waits) {
          now += wait;
          const blocked = window.waitInside(now, limit, length);
          const around =
            blocked === undefined
              ? []
              : [window.waitInside(now + blocked - 1, limit, length), window.waitInside(now + blocked, limit, length)];
          expect(around).toEqual(blocked === undefined ? [] : [1, undefined]);
          if (blocked === undefined) window.record(now);
        }
      }),
    );
  });
});

describe('the limits of the tenant', () => {
  it('takes 40 calls in any five seconds over all jobs, then says when to come back', async () => {
    const clock = new VirtualClock('2026-11-22T08:00:00Z');
    const emulator = await startEmulator({ clock, jobs: [{}, {}] });
    const stranger = await becomeStranger(emulator);
    const other = emulator.jobs[1]?.bulkUploadUrl ?? '';
    const statuses: number[] = [];
    for (let call = 0; call < 20; call++) statuses.push((await stranger.upload([record('1')])).status);
    clock.advance(2_000);
    for (let call = 0; call < 20; call++) {
      statuses.push((await stranger.graph('POST', other, { body: 'x', headers: { 'content-type': 'application/scim+json' } })).status);
    }
    expect(new Set(statuses)).toEqual(new Set([202, 400]));
    const refused = await stranger.upload([record('1')]);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3']);
    expect(refused.json.error.code).toBe('TooManyRequests');
    clock.advance(2_999);
    expect((await stranger.upload([record('1')])).status).toBe(429);
    clock.advance(1);
    for (let call = 0; call < 20; call++) expect((await stranger.upload([record('1')])).status).toBe(202);
    emulator.setSwitches({ bulkRetryAfter: 'absent' });
    const silent = await stranger.upload([record('1')]);
    expect([silent.status, silent.headers.get('retry-after')]).toEqual([429, null]);
    expect(emulator.stats.throttledUploads).toBe(3);
    await emulator.close();
  });

  it.each([
    ['p1', 2_000],
    ['governance', 6_000],
  ] as const)('gives %s %i calls in any 24 hours, whatever they were answered', (licence, calls) => {
    const clock = new VirtualClock('2026-11-22T08:00:00Z');
    const { tenant, registrations } = setUpTenant({ licence }, clock.now());
    const [job] = tenant.jobs.values();
    const [registration] = registrations;
    if (job === undefined || registration === undefined) throw new Error('no job');
    const window = new SlidingWindow();
    const post = (): number =>
      bulkEndpoint(window).handle({
        tenant,
        origin: 'http://127.0.0.1',
        version: 'v1.0',
        path: '',
        parameters: { principal: job.identity.servicePrincipalId, job: job.identity.jobId },
        query: new URLSearchParams(),
        header: () => 'application/scim+json',
        body: Buffer.from('not a bulk request'),
        now: clock.now(),
        caller: { clientId: registration.clientId, objectId: registration.objectId, roles: registration.roles },
        registration,
      }).status;
    const started = clock.now();
    const statuses = Array.from({ length: calls }, () => {
      clock.advance(126);
      return post();
    });
    expect(new Set(statuses)).toEqual(new Set([400]));
    clock.advance(10_000);
    expect(post()).toBe(429);
    clock.advanceTo(started + 126 + 86_400_000 - 1);
    expect(post()).toBe(429);
    clock.advance(1);
    expect(post()).toBe(400);
    expect(post()).toBe(429);
  });
});
