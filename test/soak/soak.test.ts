import { describe, expect, it } from 'vitest';
import { generateStory } from './generate.ts';
import { play } from './play.ts';
import type { HrRow, Story, StoryRun, WorkerStory } from './story.ts';

const row: HrRow = {
  worker_id: 'W0001',
  is_primary: true,
  status: 'Active',
  worker_type: 'Employee',
  first_name: 'Ada',
  last_name: 'Berg',
  department: 'Sales',
  job_title: 'Clerk',
  manager_id: null,
  hire_date: '2020-01-01',
  last_day: null,
};
const run: StoryRun = { after: 0, mode: 'run', wait: 180, faults: [] };

/** A day for each list of rows, a day apart, one run each unless told otherwise. */
function story(workers: readonly WorkerStory[], runs: readonly (readonly StoryRun[])[]): Story {
  const days = runs.map((of, index) => ({ hours: index === 0 ? 0 : 24, runs: of }));
  const switches: Story['switches'] = { flowNullValues: ['title'], clearingMappings: ['jobTitle'] };
  return { seed: 1, latency: 600_000, switches, network: 'inProcess', stages: [10, 200], unconfirmed: 100_000, workers, days };
}

describe('histories that were found to go wrong', () => {
  it('does not turn on whom an interrupted run wanted and the next one finds out of scope', async () => {
    const worker = { key: 'W0001', days: [[row], [{ ...row, worker_type: 'Volunteer' }]] };
    const others = ['W0002', 'W0003'].map((key) => ({
      key,
      days: [[{ ...row, worker_id: key, last_name: key }], [{ ...row, worker_id: key, last_name: `${key}x` }]],
    }));
    const kill = { port: 'files.promote', nth: 1, side: 'after' } as const;
    expect((await play(story([worker, ...others], [[{ ...run, kill }], [run]]))).violation).toBeUndefined();
  });

  it('disables whoever vanished in a pass that also had a row without a key', async () => {
    const worker = { key: 'W0001', days: [[row], [], []] };
    const stays = { key: 'W0002', days: Array.from({ length: 3 }, () => [{ ...row, worker_id: 'W0002', last_name: 'Cruz' }]) };
    const keyless = { key: null, days: [[], [{ ...row, worker_id: null }], []] };
    expect((await play(story([worker, stays, keyless], [[run], [run], [run]]))).violation).toBeUndefined();
  });

  it('disables whoever vanished even if the disable was lost and a run looked while it was in flight', async () => {
    const worker = { key: 'W0001', days: [[row], [], []] };
    const stays = { key: 'W0002', days: Array.from({ length: 3 }, () => [{ ...row, worker_id: 'W0002', last_name: 'Cruz' }]) };
    const lost = { on: 'entry', worker: 'W0001', what: { kind: 'lost', times: 1 } } as const;
    const runs = [
      { ...run, wait: 0, faults: [lost] },
      { ...run, after: 10, wait: 0 },
    ];
    expect((await play(story([worker, stays], [[run], [run], runs]))).violation).toBeUndefined();
  });

  it('sends what HR corrected while the service keeps retrying what failed', async () => {
    const worker = { key: 'W0001', days: [[row], [{ ...row, department: 'Legal' }]] };
    const fail = { on: 'entry', worker: 'W0001', what: { kind: 'fail', times: 4 } } as const;
    const told = await play(story([worker], [[{ ...run, faults: [fail] }], [run]]));
    expect(told.violation).toBeUndefined();
    expect(told.told[1]).toContain('mover applied');
  });

  it('leaves to the logs what overtook an operation in escrow and had no answer, instead of ending with a defect', async () => {
    const worker = {
      key: 'W0001',
      days: [[row], [{ ...row, department: 'Legal' }], [{ ...row, department: 'Research' }], [{ ...row, department: 'Research' }]],
    };
    const fail = { on: 'entry', worker: 'W0001', what: { kind: 'fail', times: 9 } } as const;
    const reset = { on: 'request', target: 'upload', nth: 1, what: { kind: 'resetAfterAccept' } } as const;
    const told = await play(
      story([worker], [[run], [{ ...run, wait: 90, faults: [fail] }], [{ ...run, wait: 0, faults: [reset] }], [run]]),
    );
    expect(told.violation).toBeUndefined();
  });
});

describe('stories that a soak told', () => {
  const worker = { key: 'W0001', days: [[row], [], [], [row]] };
  const stays = { key: 'W0002', days: Array.from({ length: 4 }, () => [{ ...row, worker_id: 'W0002', last_name: 'Cruz' }]) };

  it('turns on again whom a disable of ours turned off that has no row, although he was wished back before it went silent', async () => {
    const missing = { on: 'row', worker: 'W0001', what: { kind: 'missing', rows: 3 } } as const;
    const lost = { ...run, wait: 0, faults: [missing] };
    expect((await play(story([worker, stays], [[run], [run], [lost], [{ ...run, wait: 0 }]]))).violation).toBeUndefined();
  });

  it('turns on again who comes back with the very row that he left with, although the fingerprints had to be made anew from the ledger', async () => {
    const back = { key: 'W0001', days: [[row], [], [], [], [], [row]] };
    const other = { key: 'W0002', days: Array.from({ length: 6 }, () => [{ ...row, worker_id: 'W0002', last_name: 'Cruz' }]) };
    const keyless = { key: null, days: [[], [], [], [], [{ ...row, worker_id: null }], []] };
    expect(
      (
        await play(
          story(
            [back, other, keyless],
            Array.from({ length: 6 }, () => [run]),
          ),
        )
      ).violation,
    ).toBeUndefined();
  });

  it('knows of the account of whom a disable overtook and the service then refused to disable', async () => {
    const leaves = { key: 'W0001', days: [[row], [{ ...row, status: 'Terminated' }]] };
    const refuse = { on: 'entry', worker: 'W0001', what: { kind: 'fail', times: 1 } } as const;
    const blind = { ...run, mode: 'reconcile', kill: { port: 'source.job', nth: 1, side: 'before' } } as const;
    const told = story([leaves], [[{ ...run, wait: 0 }], [blind, { ...run, after: 10, faults: [refuse] }]]);
    expect((await play({ ...told, switches: { ...told.switches, escrow: false } })).violation).toBeUndefined();
  });

  it('leaves off whose rehire the service refused for good and whom HR then wished off again: there is nothing to turn off', async () => {
    const off = [{ ...row, status: 'Terminated' }];
    const refuse = { on: 'entry', worker: 'W0001', what: { kind: 'fail', times: 1 } } as const;
    const told = story([{ key: 'W0001', days: [[row], off, [row], off] }], [[run], [run], [{ ...run, faults: [refuse] }], [run]]);
    expect((await play({ ...told, switches: { ...told.switches, escrow: false } })).violation).toBeUndefined();
  });

  it('sends again what a restart of the job threw out of the escrow', async () => {
    const moved = { key: 'W0001', days: [[row], [{ ...row, department: 'Legal' }], [{ ...row, department: 'Legal' }]] };
    const fail = { on: 'entry', worker: 'W0001', what: { kind: 'fail', times: 4 } } as const;
    const purged = { on: 'job', what: 'purged' } as const;
    const runs = [[run], [{ ...run, faults: [fail] }], [{ ...run, faults: [purged] }]];
    expect((await play(story([moved], runs))).violation).toBeUndefined();
  });

  it('sets a manager who came late although the service warned of him twice', async () => {
    const manager = { key: 'W0003', days: Array.from({ length: 3 }, () => [{ ...row, worker_id: 'W0003', last_name: 'Diaz' }]) };
    const titles = ['Clerk', 'Lead', 'Analyst'];
    const report = { key: 'W0001', days: titles.map((title) => [{ ...row, job_title: title, manager_id: 'W0003' }]) };
    const lost = { on: 'entry', worker: 'W0003', what: { kind: 'lost', times: 3 } } as const;
    const faulty = [{ ...run, faults: [lost] }];
    expect((await play(story([report, manager], [faulty, faulty, [run]]))).violation).toBeUndefined();
  });
});

describe('a soak', () => {
  it.each([3, 7])('of history %i ends with directory, ledger and HR in agreement', async (seed) => {
    expect((await play(generateStory(seed))).violation).toBeUndefined();
  });
});
