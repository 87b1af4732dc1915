import { expect, it } from 'vitest';
import { JobWatch, executionsNeeded, silenceAfter } from './silence.ts';
import type { JobStatus } from '../entra/job.ts';
import type { Operation } from '../domain/operation.ts';

const hour = 3_600_000;
const accepted = Date.parse('2026-11-02T07:00:00Z');
const operation: Operation = {
  id: 'r.0.0',
  run: 'r',
  batch: 'r.0',
  index: 0,
  externalId: 'W1',
  bulkId: 'b',
  change: 'mover',
  payload: { schemas: [], externalId: 'W1', active: true },
  payloadHash: 'h',
  state: 'sent',
  acceptedAt: accepted,
};

function job(parts: Partial<JobStatus> = {}): JobStatus {
  return { id: 'API2AAD.x', code: 'Active', schedule: { state: 'Active' }, ...parts };
}

function execution(began: number): JobStatus {
  return job({ lastExecution: { state: 'Succeeded', began, ended: began + 60_000 } });
}

it('calls an operation silent only after an hour and two executions that began after its 202', () => {
  const watch = new JobWatch();
  expect(silenceAfter).toBe(hour);
  expect(executionsNeeded).toBe(2);
  watch.observe(execution(accepted - 1_000));
  watch.observe(execution(accepted + 600_000));
  expect(watch.isSilent(operation, accepted + 2 * hour)).toBe(false);
  watch.observe(execution(accepted + 1_200_000));
  expect(watch.isSilent(operation, accepted + hour - 1)).toBe(false);
  expect(watch.isSilent(operation, accepted + hour)).toBe(true);
});

it('never calls an operation silent while the job stands still, and says why it does', () => {
  const watch = new JobWatch();
  for (const began of [1, 2, 3]) watch.observe(execution(accepted + began * 600_000));
  watch.observe(job({ code: 'Paused' }));
  expect(watch.isSilent(operation, accepted + 9 * hour)).toBe(false);
  expect(watch.diagnosis()).toContain('paused');
  watch.observe(job({ quarantine: { reason: 'TooManyDeletes', words: 'too many disables' } }));
  expect(watch.diagnosis()).toContain('too many disables');
  watch.observe(job());
  expect(watch.isSilent(operation, accepted + 9 * hour)).toBe(true);
});

it('concludes nothing where it may not read the job', () => {
  expect(new JobWatch().isSilent(operation, accepted + 99 * hour)).toBe(false);
});

it('never calls an operation silent while the service works through what is hours old', () => {
  const watch = new JobWatch();
  for (const began of [1, 2, 3]) watch.observe(execution(accepted + began * 600_000));
  expect(watch.isSilent(operation, accepted + 2 * hour)).toBe(true);
  watch.noteRow({ acceptedAt: accepted - 3 * hour }, accepted + 1.5 * hour);
  expect(watch.isSilent(operation, accepted + 2 * hour)).toBe(false);
  expect(watch.isSilent(operation, accepted + 2.5 * hour)).toBe(true);
});

it('takes no row that came in time for a drain', () => {
  const watch = new JobWatch();
  for (const began of [1, 2, 3]) watch.observe(execution(accepted + began * 600_000));
  watch.noteRow({ acceptedAt: accepted + hour }, accepted + 1.9 * hour);
  expect(watch.isSilent(operation, accepted + 2 * hour)).toBe(true);
});

it('calls what the service was to retry silent an hour after the retry was due, once an execution that began later has ended', () => {
  const escrowed: Operation = {
    ...operation,
    outcome: 'escrowed',
    failure: { code: 'Timeout', reason: 'later', retryAt: accepted + 5 * hour },
  };
  const watch = new JobWatch();
  watch.observe(execution(accepted + 5.5 * hour));
  expect(watch.isSilent(escrowed, accepted + 9 * hour)).toBe(false);
  watch.observe(execution(accepted + 6.1 * hour));
  expect(watch.isSilent(escrowed, accepted + 5.9 * hour)).toBe(false);
  expect(watch.isSilent(escrowed, accepted + 7 * hour)).toBe(true);
});
