import { describe, expect, it } from 'vitest';
import type { Operation } from '../domain/operation.ts';
import { coreUserSchema } from '../domain/payload.ts';
import { judgeWorker, type OpenWorker } from './judge.ts';

const operation = (id: string, more: Partial<Operation> = {}): Operation => ({
  id,
  run: 'r',
  batch: 'b',
  index: 0,
  externalId: 'w1',
  bulkId: id,
  change: 'joiner',
  payload: { schemas: [coreUserSchema], externalId: 'w1', active: true, displayName: id },
  payloadHash: id,
  state: 'sent',
  acceptedAt: 1_000,
  ...more,
});

const worker = (more: Partial<OpenWorker>): OpenWorker => ({
  entry: undefined,
  open: [],
  rows: [],
  overtakers: new Map(),
  overtaken: new Map(),
  ...more,
});

describe('an operation that the service keeps retrying', () => {
  const escrowed = operation('old', { outcome: 'escrowed' });

  it('is waited for as long as nothing has taken its place', () => {
    expect(judgeWorker(worker({ open: [escrowed] }), 9_000_000)).toMatchObject([{ kind: 'wait' }]);
    const newer = operation('new', { overtakes: 'old' });
    expect(judgeWorker(worker({ open: [escrowed, newer] }), 9_000_000)).toMatchObject([{ kind: 'wait' }, { kind: 'wait' }]);
  });

  it('is superseded once what overtook it has ended: no row of it will come any more', () => {
    const judged = judgeWorker(worker({ open: [escrowed], overtakers: new Map([['old', 5_000]]) }), 9_000_000);
    expect(judged).toMatchObject([{ kind: 'close', closure: { operation: 'old', outcome: 'superseded', effect: 'none' } }]);
  });
});
