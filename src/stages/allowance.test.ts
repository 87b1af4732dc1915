import { expect, it } from 'vitest';
import type { Operation } from '../domain/operation.ts';
import { limitsFor } from './allowance.ts';

const allowance = { windowCalls: 40, windowMilliseconds: 5_000, dayCalls: 2_000, dayMilliseconds: 86_400_000 };
const operation = (change: Operation['change']): Operation => ({
  id: 'r.0.0',
  run: 'r',
  batch: 'r.0',
  index: 0,
  externalId: 'W1',
  bulkId: 'b',
  change,
  payload: { schemas: [], externalId: 'W1', active: false },
  payloadHash: 'h',
  state: 'planned',
});

it('keeps a share of the day for disables, and a share of window and day for other clients', () => {
  const reserve = { disables: 0.05, others: 0.1 };
  expect(limitsFor(allowance, reserve, [operation('leaver')])).toMatchObject({ windowCalls: 36, dayCalls: 1_800 });
  expect(limitsFor(allowance, reserve, [operation('mover')])).toMatchObject({ windowCalls: 36, dayCalls: 1_700 });
  expect(limitsFor(allowance, { disables: 0, others: 0 }, [operation('joiner')])).toEqual(allowance);
});
