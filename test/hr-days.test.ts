import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSql, fillDirty, sampleText } from '../samples/databases.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import type { RunResult } from '../src/stages/run.ts';
import { freshDatabase } from './database.ts';
import { expectedContoso, expectedDirty } from './expected-people.ts';
import { fillSmallContoso } from './small-company.ts';
import { openWorkplace, peopleOf, root, uploadsOf, type Person, type Workplace } from './workplace.ts';

const clean = join(root, 'pipelines', 'contoso.yaml');
const dirty = join(root, 'pipelines', 'contoso-dirty.yaml');

/** Two days of two HR databases against one emulated tenant. The tests are one story and build on each other. */
describe('two HR days', () => {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  let hr: string;
  let exported: string;
  let work: Workplace;
  /** Accounts that were on and must be off now, or that keep what they had. */
  const disabledSince = new Map<string, Person>();

  beforeAll(async () => {
    hr = await freshDatabase('contoso');
    exported = await freshDatabase('dirty');
    await fillSmallContoso(hr);
    await fillDirty(exported);
    work = await openWorkplace({ clock, variables: { HR_DATABASE_URL: hr, HR_EXPORT_URL: exported } });
  });

  afterAll(async () => {
    await work.close();
  });

  async function expected(asOf: string): Promise<readonly Person[]> {
    const people = [...(await expectedContoso(hr, asOf)), ...(await expectedDirty(exported))];
    const known = new Set(people.map(({ employeeId }) => employeeId));
    for (const [id, person] of disabledSince) if (!known.has(id)) people.push(person);
    return people.toSorted((left, right) => (left.employeeId < right.employeeId ? -1 : 1));
  }

  async function countKeys(url: string): Promise<number> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query<{ keys: string }>('SELECT COUNT(DISTINCT worker_id) AS keys FROM worker');
      return Number(rows[0]?.keys);
    } finally {
      await client.end();
    }
  }

  function remember(...ids: readonly string[]): void {
    for (const person of peopleOf(work.emulator))
      if (ids.includes(person.employeeId)) disabledSince.set(person.employeeId, { ...person, enabled: false });
  }

  it('provisions everybody of the clean company on day 1', async () => {
    const { result } = await work.run(clean);
    expect(result.plan.counts).toMatchObject({ joiner: 1548, 'pre-hire': 50 });
    // Past leavers and volunteers: every worker who was read is in one of the counts.
    expect(Object.values(result.plan.counts).reduce((sum, count) => sum + count)).toBe(await countKeys(hr));
    expect(result.plan.counts.ignored).toBeGreaterThan(100);
    expect(result.tally['failed']).toBeUndefined();
    expect(peopleOf(work.emulator)).toEqual(await expectedContoso(hr, at(result)));
  });

  it('provisions of the dirty export exactly those whom its rows agree on', async () => {
    const { result } = await work.run(dirty);
    expect(result.plan.rejections.fresh).toBeGreaterThan(100);
    expect(peopleOf(work.emulator)).toEqual(await expected(at(result)));
  });

  it('disables at noon the two who were dismissed, and nobody else', async () => {
    remember('W004700', 'W004701');
    await executeSql(hr, sampleText('contoso/day-1-noon.sql'));
    const { result } = await work.run(clean);
    expect(result.plan.counts).toMatchObject({ leaver: 2, joiner: 0, mover: 0 });
    expect(peopleOf(work.emulator)).toEqual(await expected(at(result)));
  });

  it('sends on day 2 only what changed, by date or by row', async () => {
    clock.advanceTo('2026-11-03T07:00:00Z');
    const leavers = [...span(4101, 4115), ...span(5301, 5310), 'W004140'];
    remember(...leavers, 'W004120', 'W004121', 'W004130');
    // The vanished keep their accounts until they were missing often enough; the one with a status that nobody knows keeps his too.
    for (const id of ['W004120', 'W004121', 'W004130']) disabledSince.set(id, { ...must(disabledSince.get(id)), enabled: true });
    await executeSql(hr, sampleText('contoso/day-2.sql'));
    const { result } = await work.run(clean);
    expect(result.plan.counts).toMatchObject({ joiner: 12, enable: 5, mover: 32, leaver: 26, rehire: 1 });
    expect(result.plan.rejections).toMatchObject({ fresh: 1, keyless: 1 });
    expect(peopleOf(work.emulator)).toEqual(await expected(at(result)));
  });

  it('sends nothing when nothing changed', async () => {
    const before = uploadsOf(work.emulator);
    const { result } = await work.run(clean);
    expect(result.plan.price).toMatchObject({ operations: 0, calls: 0 });
    expect((await work.run(dirty)).result.plan.price.operations).toBe(0);
    expect(uploadsOf(work.emulator)).toBe(before);
  });

  it('stops before the first call when half of the company is missing from the view', async () => {
    const before = uploadsOf(work.emulator);
    const people = peopleOf(work.emulator);
    await executeSql(hr, sampleText('contoso/broken-day.sql'));
    await expect(work.run(clean)).rejects.toMatchObject({ code: 'PLN-201', message: expect.stringContaining('guard population') });
    expect(uploadsOf(work.emulator)).toBe(before);
    expect(peopleOf(work.emulator)).toEqual(people);
  });
});

function* span(from: number, to: number): Generator<string> {
  for (let index = from; index <= to; index++) yield `W${String(index).padStart(6, '0')}`;
}

/** The run's one instant: dates are judged by it, in each worker's zone. */
function at(result: RunResult): string {
  return new Date(result.run.asOf).toISOString();
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not remembered');
  return value;
}
