import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, bulkBody, enterpriseSchema, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { startEmulator, type Emulator } from './index.ts';

describe('whatever it is sent', () => {
  const clock = new VirtualClock('2026-11-22T08:00:00Z');
  let emulator: Emulator;
  let stranger: Stranger;
  beforeAll(async () => {
    const switches = { windowCalls: 1e9, dailyCalls: 1e9, logCalls: 1e9, tokenLifetimeSeconds: 1e8 };
    emulator = await startEmulator({ clock, switches });
    stranger = await becomeStranger(emulator);
  });
  afterAll(() => emulator.close());

  const member = fc.constantFrom(
    'userName',
    'displayName',
    'active',
    'name',
    'emails',
    'addresses',
    'externalId',
    enterpriseSchema,
    'urn:x:y',
    'title',
  );
  const data = fc.dictionary(member, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });

  it('accepts or refuses a bulk request whole, and processes what it accepted to a row, with and without a look at types', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(data, { minLength: 1, maxLength: 4 }), fc.boolean(), async (list, validateTypes) => {
        emulator.setSwitches({ validateTypes });
        const before = emulator.stats.operations;
        const records = list.map((members, index) => ({ ...record(`k${String(index)}`), ...members }));
        const reply = await stranger.upload(records);
        expect([202, 400]).toContain(reply.status);
        expect(emulator.stats.operations - before).toBe(reply.status === 202 ? list.length : 0);
        passLatency(emulator, clock);
        expect(emulator.jobs[0]?.stored).toBe(emulator.jobs[0]?.escrowed);
      }),
      { numRuns: 60 },
    );
    expect(await stranger.rows()).toHaveLength(emulator.logRows().length);
    expect(emulator.stats.defects).toEqual([]);
  });

  it('answers every mutilated body with 202 or 400', async () => {
    const whole = JSON.stringify(bulkBody([record('1')]));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.nat(20), fc.string({ maxLength: 5 }), async (at, cut, instead) => {
        const body = whole.slice(0, at) + instead + whole.slice(at + cut);
        const reply = await stranger.graph('POST', emulator.bulkUploadUrl, { body, headers: { 'content-type': 'application/scim+json' } });
        expect([202, 400]).toContain(reply.status);
      }),
      { numRuns: 100 },
    );
    emulator.jobs[0]?.pause();
    emulator.jobs[0]?.restart();
    expect(emulator.stats.defects).toEqual([]);
  });

  it.each([
    '/users/%E0%A4%A',
    '/%',
    '/users?$filter=%E0%A4%A',
    '/auditLogs/provisioning?$filter=%',
    "/users?$filter=employeeId eq 'a",
    '/users//manager',
  ])('answers %s with an error of its own making', async (path) => {
    const reply = await stranger.graph('GET', path);
    expect([400, 404]).toContain(reply.status);
    expect(reply.headers.get('request-id')).not.toBeNull();
    expect(emulator.stats.defects).toEqual([]);
  });
});
