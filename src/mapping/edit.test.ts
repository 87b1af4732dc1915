import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../domain/canonical-json.ts';
import { compileMapping } from './compile-mapping.ts';
import type { Mapping, MappingEnvironment } from './contract.ts';
import type { MappingEdit } from './edit.ts';
import { buildPipeline, rowGroup, sampleColumns, sampleInstant, type PipelineText } from './pipeline.test-data.ts';

const urn = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User';
const base: PipelineText = {
  timezone: 'Europe/Berlin',
  columns: sampleColumns,
  lookups: { country: { file: 'country.csv', key: 'code' } },
  use: { 'names.jsonata': '$shout := function($text) { $uppercase($text) }; $twice := function($text) { $shout($text) & $shout($text) };' },
  employment: { start: 'hire_date', end: 'last_day', zone: 'site_zone' },
  scope: 'status != "Leave"',
  protectedWhen: 'status = "Terminated"',
  let: { given: 'department ? department : first_name', name: '$given & " " & last_name', unused: '1' },
  attributes: {
    active: 'status = "Active" and $employed',
    userName: { once: '[$lowercase(email), $given]' },
    title: 'department',
    nickName: '$twice(country_code)',
    displayName: '$name',
    userType: { const: 'Employee' },
    'addresses[type eq "work"].country': '$lookup($country, country_code).iso',
    [`${urn}:Hired`]: 'hire_date & "T00:00:00Z"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager': 'manager_id',
  },
  extensions: { [urn]: { Hired: 'dateTime' } },
};

function compile(text: PipelineText, countries = 'code,iso\nDE,276\nFR,250\n', environment: MappingEnvironment = {}): Mapping {
  const { mapping, diagnostics } = compileMapping(buildPipeline(text), { ...environment, readBytes: () => Buffer.from(countries) });
  if (mapping === undefined) throw new Error(JSON.stringify(diagnostics));
  return mapping;
}

const before = compile(base);
/** As the state holds it. */
const recipe: typeof before.recipe = JSON.parse(JSON.stringify(before.recipe));
const withAttributes = (attributes: PipelineText['attributes']): PipelineText => ({
  ...base,
  attributes: { ...base.attributes, ...attributes },
});
const part = (edit: MappingEdit): Extract<MappingEdit, { kind: 'part' }> => {
  if (edit.kind === 'whole') throw new Error(edit.because);
  return edit;
};

const rarely = (usual: readonly Json[], odd: readonly Json[]): fc.Arbitrary<Json> =>
  fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
const text = rarely(['x', 'Finance', 'Board', 'DE', 'FR', '4711', null, ''], [4, true, '\u0001', '\ud800']);
const name = rarely(['x', 'Mara', 'DE'], [null, '', 7]);
const change = fc.record(
  {
    status: rarely(['Active', 'Leave', 'Terminated'], ['Gone', null]),
    hire_date: rarely(['2020-01-01', '2020-01-01', '2020-01-01', '2026-11-25'], ['soon', '']),
    last_day: rarely([null, null, '2020-11-22', '2026-11-30'], ['2019-01-01']),
    site_zone: rarely([null, 'Asia/Tokyo'], ['Nowhere']),
    department: text,
    country_code: text,
    manager_id: text,
    first_name: name,
    email: name,
  },
  { requiredKeys: [] },
);

/** Formulas that agree with the base's on some rows, on all, on none, or fail. */
const formulas = [
  'department',
  'department ? department : ""',
  'country_code = "DE" ? "x" : department',
  '$given',
  '$number(department) & ""',
  '$employed ? department : "out"',

  '$',
  '{ "a": department }.a',
  'first_name',
];
const rare = <const T>(...texts: readonly T[]): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...texts) });
/** One or two edits mostly: of many at once nearly every row comes out otherwise. */
const edits: fc.Arbitrary<PipelineText> = fc
  .record({
    title: fc.constantFrom(...formulas.map(() => undefined), ...formulas),
    userName: rare('email', '[email, first_name]', '[$lowercase(email), $given, "x"]'),
    given: rare('first_name', 'department', 'department != "Board" ? department : first_name'),
    scope: rare('status != "Terminated"', 'status in ["Active", "Terminated"]'),
    active: rare('status = "Active"', '$employed and status != "Leave"'),
    protectedWhen: rare('status != "Active"', 'status = "Leave"'),
    shout: rare('$text', '$text = "DE" ? "DE" : $text'),
    userType: rare('"Employee"', 'status = "Active" ? "Employee" : "Other"'),
    hired: rare('country_code = "FR" ? hire_date : hire_date & "T00:00:00Z"'),
  })
  .map(({ title, userName, given, scope, active, protectedWhen, shout, userType, hired }) => ({
    ...base,
    ...(scope === undefined ? {} : { scope }),
    ...(protectedWhen === undefined ? {} : { protectedWhen }),
    ...(given === undefined ? {} : { let: { ...base.let, given } }),
    ...(shout === undefined
      ? {}
      : { use: { 'n.jsonata': `$shout := function($text) { ${shout} }; $twice := function($text) { $shout($text) & $shout($text) };` } }),
    attributes: {
      ...base.attributes,
      ...(title === undefined ? {} : { title }),
      ...(userName === undefined ? {} : { userName: { once: userName } }),
      ...(active === undefined ? {} : { active }),
      ...(userType === undefined ? {} : { userType }),
      ...(hired === undefined ? {} : { [`${urn}:Hired`]: hired }),
    },
  }));

describe('an edited mapping', () => {
  test('gives a worker of whom it says so the verdict that he had, to the letter and without a warning', async () => {
    const seen = { same: 0, other: 0 };
    await fc.assert(
      fc.asyncProperty(
        edits,
        fc.array(change, { minLength: 20, maxLength: 20 }),
        fc.constantFrom(0, 0, 1, 40),
        async (edited, rows, days) => {
          const now = compile(edited);
          const edit = now.edit(recipe);
          if (edit.kind === 'whole') throw new Error(edit.because);
          const later = sampleInstant + days * 86_400_000;
          for (const changes of rows) {
            const group = rowGroup(changes);
            const [row] = group.rows;
            const was = await before.evaluate(group, sampleInstant);
            if (row === undefined || was.kind === 'rejected' || (was.nextDate !== undefined && was.nextDate <= later)) continue;
            const is = await now.evaluate(group, later);
            const isSame = edit.comesOutSame(row, later);
            seen[isSame ? 'same' : 'other']++;
            expect(isSame ? canonicalJson(is) : '').toBe(isSame ? canonicalJson(was) : '');
            expect(isSame ? is.warnings : []).toEqual([]);
            expect(canonicalJson(await edit.before(group, sampleInstant))).toBe(canonicalJson(was));
          }
        },
      ),
      { numRuns: 25, seed: 7, endOnFailure: true },
    );
    expect(seen.same).toBeGreaterThan(50);
    expect(seen.other).toBeGreaterThan(20);
  });

  test('names what was touched, through lets and functions, and nothing else', () => {
    expect(part(compile(base).edit(recipe)).touched).toEqual([]);
    expect(part(compile(withAttributes({ title: 'first_name' })).edit(recipe)).touched).toEqual(['title']);
    expect(part(compile({ ...base, let: { ...base.let, given: 'first_name' } }).edit(recipe)).touched).toEqual(['userName', 'displayName']);
    expect(part(compile({ ...base, let: { ...base.let, unused: '2' } }).edit(recipe)).touched).toEqual([]);
    const use = { 'other.jsonata': '$shout := function($text) { $text }; $twice := function($text) { $shout($text) & $shout($text) };' };
    expect(part(compile({ ...base, use }).edit(recipe)).touched).toEqual(['nickName']);
    // A let that takes the place of a function of the library.
    expect(part(compile({ ...base, let: { ...base.let, lowercase: 'function($x) { $x }' } }).edit(recipe)).touched).toEqual(['userName']);
  });

  test('spares whom the edit leaves as he was, and no one who is warned of', () => {
    const edit = part(compile(withAttributes({ title: 'country_code = "FR" ? "x" : department' })).edit(recipe));
    const same = (changes: Readonly<Record<string, Json>>): boolean | undefined =>
      rowGroup(changes).rows.map((row) => edit.comesOutSame(row, sampleInstant))[0];
    expect(same({})).toBe(true);
    expect(same({ country_code: 'FR' })).toBe(false);
    expect(same({ manager_id: '4711' })).toBe(false);
    expect(same({ last_day: '2019-12-31' })).toBe(false);
    expect(same({ hire_date: 'soon' })).toBe(false);
    const [row] = rowGroup({}).rows;
    expect(row !== undefined && edit.comesOutSame({ ...row, key: 'x'.repeat(257) }, sampleInstant)).toBe(false);
  });

  test.each<[string, PipelineText, string?]>([
    ['columns', { ...base, columns: { ...sampleColumns, department: { type: 'string', whenNull: 'none' } } }],
    ['employment', { ...base, employment: { start: 'hire_date', zone: 'site_zone' } }],
    ['timezone', { ...base, timezone: 'Asia/Tokyo' }],
    ['attributes', withAttributes({ title: { value: 'department', empty: 'omit' } })],
    ['attributes', withAttributes({ locale: 'country_code' })],
    ['the clock', withAttributes({ title: '$today()' })],
    ['lookup country', base, 'code,iso\nDE,277\n'],
    ['warning', withAttributes({ [`${urn}:Hired`]: { const: '2020-01-01' } })],
  ])('lets everybody be evaluated when it cannot be told: %s', (because, edited, countries) => {
    const edit = compile(edited, countries).edit(recipe);
    expect(edit.kind === 'whole' && edit.because).toContain(because);
  });

  test('spares no one whose first day is near when active is edited and pre-hires are told by it', () => {
    const withPreHire = { ...base, employment: { start: 'hire_date', end: 'last_day', zone: 'site_zone', preHire: 14 * 86_400_000 } };
    const other = { ...withPreHire, attributes: { ...base.attributes, active: '$employed and status != "Leave"' } };
    const same = (edited: PipelineText, changes: Readonly<Record<string, Json>>): boolean | undefined => {
      const edit = part(compile(edited).edit(compile(withPreHire).recipe));
      return rowGroup(changes).rows.map((row) => edit.comesOutSame(row, sampleInstant))[0];
    };
    expect(['2020-01-01', '2026-11-25', '2027-11-25'].map((day) => same(other, { hire_date: day }))).toEqual([true, false, true]);
    expect(same({ ...withPreHire, scope: 'status != "Terminated"' }, { hire_date: '2026-11-25' })).toBe(true);
  });

  test('is held against whole verdicts in samples', () => {
    const now = compile(withAttributes({ title: 'country_code = "FR" ? "x" : department' }), undefined, { shadow: 2 });
    const edit = part(now.edit(recipe));
    const [row] = rowGroup({}).rows;
    if (row === undefined) throw new Error('no row');
    expect([1, 2, 3].map(() => edit.comesOutSame(row, sampleInstant))).toEqual([true, true, true]);
  });
});
