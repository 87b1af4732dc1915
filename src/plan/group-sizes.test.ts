import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change } from '../domain/change.ts';
import { countGroups, PlannedMembers, suspectGroups, type EnabledMember } from './group-sizes.ts';
import { evaluateGuards, type SentBefore } from './guards.ts';
import { department, guards } from './guards.test-data.ts';

const names = ['Sales', 'Legal', 'Board'] as const;

/** Chunks of workers of a department, and how many chunks somebody read of them. */
function companyOf(members: readonly string[]): {
  readonly departments: AsyncIterable<readonly EnabledMember[]>;
  readonly read: () => number;
} {
  let read = 0;
  async function* departments(): AsyncGenerator<readonly EnabledMember[]> {
    for (let at = 0; at < members.length; at += 10) {
      read++;
      yield await Promise.resolve(members.slice(at, at + 10).map((member, index) => ({ externalId: `w${String(at + index)}`, member })));
    }
  }
  return { departments: departments(), read: () => read };
}

const figures = { first: false, enabled: 1000, population: 1000, lastPopulation: 1000, rejections: 0, keyless: 0 };

test('the guard of groups says the same whether everybody is counted or only as many as it takes', async () => {
  const counts = fc.record({ run: fc.nat(40), day: fc.nat(30), older: fc.nat(60), size: fc.nat(90) });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(counts, counts, counts),
      fc.constantFrom(0.1, 0.5, 0.75, 1),
      fc.constantFrom(1, 3),
      fc.infiniteStream(fc.nat(1_000_000)),
      fc.infiniteStream(fc.boolean()),
      async (each, share, week, order, isPlanned) => {
        const declared = { ...guards, week, changes: { ...guards.changes, groups: { by: department, share, minimum: 20 } } };
        const marks = new Map(names.map((name, index) => [`changes.title@${name}`, each[index]?.run ?? 0]));
        const before = new Map<string, SentBefore>(
          names.map((name, index) => {
            const { day = 0, older = 0 } = each[index] ?? {};
            return [`changes.title@${name}`, { day, week: day + older }];
          }),
        );
        const members = names
          .flatMap((name, index) => Array.from({ length: each[index]?.size ?? 0 }, () => ({ name, at: order.next().value })))
          .toSorted((left, right) => left.at - right.at)
          .map(({ name }) => name);
        const everybody = new Map(names.map((name, index) => [name, each[index]?.size ?? 0]));
        const planned = new Map(
          members.flatMap((name, index): [string, string][] => (isPlanned.next().value === true ? [[`w${String(index)}`, name]] : [])),
        );
        const counted = await countGroups(companyOf(members).departments, suspectGroups(declared, marks, before), planned);
        const verdicts = (groups: ReadonlyMap<string, number>): unknown => evaluateGuards(declared, { ...figures, marks, before, groups });
        expect(verdicts(counted)).toEqual(verdicts(everybody));
      },
    ),
    { numRuns: 300 },
  );
});

test('nobody is read where too little changes, and no more of a large company than shows that its groups are large', async () => {
  const members = Array.from({ length: 5000 }, (_each, index) => names[index % 3] ?? '');
  const quiet = companyOf(members);
  expect(await countGroups(quiet.departments, suspectGroups(guards, new Map([['changes.title@Sales', 15]]), new Map()))).toEqual(new Map());
  expect(quiet.read()).toBe(0);
  const busy = companyOf(members);
  const marks = new Map([['changes.title@Sales', 30]]);
  const sizes = await countGroups(busy.departments, suspectGroups(guards, marks, new Map()));
  expect(sizes.get('Sales')).toBeGreaterThanOrEqual(40);
  expect(busy.read()).toBeLessThan(20);
});

test('a plan tells the group of a mover who is on, as it was before, and of nobody else', () => {
  const mover: Change = {
    externalId: 'w1',
    change: 'mover',
    cause: 'attributes',
    baseline: 'confirmed:00',
    payload: {
      schemas: [],
      externalId: 'w1',
      active: true,
      title: 'Clerk',
      [department.slice(0, department.lastIndexOf(':'))]: { department: 'Legal' },
    },
    payloadHash: '00',
    differences: [{ path: 'title', kind: 'changed', old: 'Boss', new: 'Clerk' }],
    send: true,
    failedBefore: false,
    waiting: false,
    warnings: [],
  };
  const told = (change: Partial<Change>): readonly string[] => {
    const planned = new PlannedMembers(department);
    planned.add({ ...mover, ...change });
    return [...planned.groups.values()];
  };
  expect(told({})).toEqual(['Legal']);
  expect(told({ differences: [{ path: department, kind: 'changed', old: 'Sales', new: 'Legal' }] })).toEqual(['Sales']);
  expect(told({ differences: [{ path: department, kind: 'set', new: 'Legal' }] })).toEqual([]);
  expect(told({ differences: [{ path: 'active', kind: 'changed', old: false, new: true }] })).toEqual([]);
  expect(told({ payload: { ...mover.payload, active: false } })).toEqual([]);
  for (const baseline of ['none', 'unknown']) expect(told({ baseline })).toEqual([]);
  for (const change of ['joiner', 'enable', 'rehire', 'leaver'] as const) expect(told({ change })).toEqual([]);
});
