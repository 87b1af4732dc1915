import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, type Json } from '../domain/canonical-json.ts';
import type { Emptiness } from '../domain/payload.ts';
import type { Verdict } from '../domain/verdict.ts';
import { compileMapping } from './compile-mapping.ts';
import type { Mapping } from './contract.ts';
import { buildPipeline, rowGroup, sampleColumns, sampleInstant, type PipelineText } from './pipeline.test-data.ts';

const rules = ['keep', 'clear', 'omit'] as const satisfies readonly Emptiness[];
const text: PipelineText = {
  timezone: 'Europe/Berlin',
  primary: 'is_primary',
  columns: { ...sampleColumns, is_primary: { type: 'boolean', whenNull: false } },
  employment: { start: 'hire_date', end: 'last_day', zone: 'site_zone', preHire: 7 * 86_400_000 },
  scope: 'status != "Leave"',
  let: { given: 'department ? department : first_name', list: '[department, country_code]' },
  attributes: {
    active: 'status = "Active" and $employed',
    userName: { once: '[$lowercase(email), $given]' },
    title: { value: 'department', empty: 'keep' },
    nickName: { value: 'country_code', empty: 'omit' },
    locale: { value: '$trim(manager_id)', empty: 'clear' },
    displayName: '$given & " " & last_name',
    'emails[type eq "work"].value': 'email',
    profileUrl: '$count($list) > 1 ? $join($list, "/")',
    timezone: '$today()',
  },
  clearing: ['locale'],
};

function compileSample(): Mapping {
  const { mapping, diagnostics } = compileMapping(buildPipeline(text));
  if (mapping === undefined) throw new Error(JSON.stringify(diagnostics));
  return mapping;
}

const mapping = compileSample();
const other = compileSample();

const value: fc.Arbitrary<Json> = fc.oneof(fc.constantFrom<Json>(null, '', 'x', 'Finance', 4, true, ' DE '), fc.string({ maxLength: 5 }));
const change = fc.record(
  {
    status: fc.constantFrom<Json>('Active', 'Leave', 'Terminated', 'Gone', null),
    hire_date: fc.constantFrom<Json>('2020-01-01', '2026-11-25', '2027-01-01', 'soon'),
    last_day: fc.constantFrom<Json>(null, '2026-11-22', '2026-11-30', '2019-01-01'),
    site_zone: fc.constantFrom<Json>(null, 'Asia/Tokyo', 'America/New_York', 'Nowhere'),
    department: value,
    country_code: value,
    manager_id: value,
    email: value,
    is_primary: fc.constantFrom<Json>(null, true, false),
  },
  { requiredKeys: ['is_primary'] },
);
const group = fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => rowGroup(...changes));
const instant = fc.integer({ min: -30 * 24, max: 90 * 24 }).map((hours) => sampleInstant + hours * 3_600_000);

async function evaluate(by: Mapping, rows: ReturnType<typeof rowGroup>, asOf: number): Promise<Verdict> {
  return by.evaluate(rows, asOf);
}

test('the same rows, mapping and instant give the same verdict, whatever was evaluated in between, and the rows stay as they were', async () => {
  await fc.assert(
    fc.asyncProperty(group, group, instant, instant, async (rows, between, asOf, otherTime) => {
      const before = canonicalJson(rows);
      const first = canonicalJson(await evaluate(mapping, rows, asOf));
      await evaluate(mapping, between, otherTime);
      expect(canonicalJson(await evaluate(mapping, rows, asOf))).toBe(first);
      expect(canonicalJson(await evaluate(other, structuredClone(rows), asOf))).toBe(first);
      expect(canonicalJson(rows)).toBe(before);
    }),
    { numRuns: 200 },
  );
});

test('no record sees values of another one while many are evaluated at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(group, { minLength: 20, maxLength: 100 }), instant, async (groups, asOf) => {
      const alone: string[] = [];
      for (const rows of groups) alone.push(canonicalJson(await evaluate(other, rows, asOf)));
      const together = await Promise.all(groups.map((rows) => evaluate(mapping, rows, asOf)));
      expect(together.map((verdict) => canonicalJson(verdict))).toEqual(alone);
    }),
    { numRuns: 10 },
  );
});

test('an attribute is in the payload or among the empty ones with its rule, never both and never as an empty value', async () => {
  await fc.assert(
    fc.asyncProperty(change, async (changes) => {
      const verdict = await evaluate(
        mapping,
        rowGroup({ ...changes, status: 'Active', hire_date: '2020-01-01', site_zone: null, email: 'e@x' }),
        sampleInstant,
      );
      fc.pre(verdict.kind === 'draft');
      const { payload, empty } = verdict.draft;
      const expected = { title: 'keep', nickName: 'omit', locale: 'clear' } as const;
      for (const [path, rule] of Object.entries(expected)) {
        const found = empty.find((one) => one.path === path);
        expect(found === undefined).toBe(Object.hasOwn(payload, path));
        expect(found?.rule ?? rule).toBe(rule);
        expect([null, '', undefined]).not.toContain(Object.hasOwn(payload, path) ? payload[path] : 'absent');
      }
      expect(empty.every(({ rule }) => rules.includes(rule))).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('a verdict does not change before its next date unless the clock is read', async () => {
  const { timezone: _, ...attributes } = text.attributes ?? {};
  const { mapping: still } = compileMapping(buildPipeline({ ...text, attributes }));
  expect(still?.readsClock).toBe(false);
  const by = still ?? mapping;
  await fc.assert(
    fc.asyncProperty(group, instant, fc.double({ min: 0, max: 1, noNaN: true }), async (rows, asOf, share) => {
      const verdict = await evaluate(by, rows, asOf);
      const until = verdict.nextDate ?? asOf + 400 * 86_400_000;
      const later = await evaluate(by, rows, Math.floor(asOf + (until - 1 - asOf) * share));
      expect(canonicalJson(later)).toBe(canonicalJson(verdict));
    }),
    { numRuns: 200 },
  );
});
