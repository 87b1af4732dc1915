import { describe, expect, it } from 'vitest';
import type { Confirmed } from '../domain/ledger.ts';
import type { LogRow } from '../domain/log-row.ts';
import { coreUserSchema, enterpriseUserSchema, type Payload } from '../domain/payload.ts';
import { unknownAfter } from './unknown.ts';

const payload = (members: Readonly<Record<string, string | null>>, department?: string | null): Payload => ({
  schemas: [coreUserSchema],
  externalId: 'w1',
  active: true,
  ...members,
  ...(department === undefined ? {} : { [enterpriseUserSchema]: { department } }),
});
const confirmed = (of: Payload, unknown?: readonly string[]): Confirmed => ({
  payload: of,
  hash: 'h',
  at: 1,
  evidence: { kind: 'log', ...(unknown === undefined ? {} : { unknown }) },
});
const row = (displayName: string, newValue: string | null): LogRow => ({
  id: 'l1',
  activityDateTime: '2026-11-02T08:00:00Z',
  jobId: 'j',
  cycleId: 'c',
  changeId: 'x',
  provisioningAction: 'update',
  provisioningStatusInfo: { status: 'success' },
  modifiedProperties: [{ displayName, oldValue: 'old', newValue }],
});
const department = `${enterpriseUserSchema}:department`;

describe('what was sent empty', () => {
  it('is unknown, sent as null or left out, until a log row shows that it was cleared', () => {
    const before = confirmed(payload({ title: 'Chief' }, 'Sales'));
    expect(unknownAfter(before, payload({ title: null }), [])).toEqual(['title', department]);
    expect(unknownAfter(before, payload({}, null), [row('department', null)])).toEqual(['title']);
    expect(unknownAfter(before, payload({}, null), [row('jobTitle', ''), row('department', 'Sales')])).toEqual([department]);
  });

  it('stays unknown from one upload to the next, and is known again when it is sent with a value', () => {
    const before = confirmed(payload({}), ['title', department]);
    expect(unknownAfter(before, payload({}), [])).toEqual(['title', department]);
    expect(unknownAfter(before, payload({ title: 'Clerk' }), [])).toEqual([department]);
    expect(unknownAfter(before, payload({}), [row('jobTitle', null)])).toEqual([department]);
  });

  it('is nothing of a worker of whom nothing was confirmed, or who keeps what he had', () => {
    expect(unknownAfter(undefined, payload({ title: null }), [])).toEqual([]);
    expect(unknownAfter(confirmed(payload({ title: 'Chief' })), payload({ title: 'Chief' }), [])).toEqual([]);
  });
});
