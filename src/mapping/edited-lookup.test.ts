import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../domain/canonical-json.ts';
import { compileMapping } from './compile-mapping.ts';
import type { Mapping, MappingEnvironment } from './contract.ts';
import type { MappingEdit } from './edit.ts';
import { mostCells } from './lookup-fingerprints.ts';
import { buildPipeline, rowGroup, sampleColumns, sampleInstant, type PipelineText } from './pipeline.test-data.ts';

const hashKey = new Uint8Array(32).fill(3);

interface Tables {
  readonly country: string;
  readonly site: string;
  /** Default: that of countries. */
  readonly alt?: string;
}

/** Lookups in a function of `use`, in `scope`, `protected.when`, lets and attributes, and one in the other. */
const base: PipelineText = {
  timezone: 'Europe/Berlin',
  employment: { start: 'hire_date', end: 'last_day', zone: 'site_zone', preHire: 14 * 86_400_000 },
  columns: { ...sampleColumns, department: { type: 'string', whenNull: 'none' } },
  lookups: { country: { file: 'country', key: 'code' }, site: { file: 'site', key: 'id' }, alt: { file: 'alt', key: 'code' } },
  use: { 'sites.jsonata': '$landOf := function($id) { $lookup($country, $lookup($site, $id).land).name };' },
  scope: '$not($lookup($site, department).closed = "yes")',
  protectedWhen: '$lookup($site, department).guard = "yes"',
  let: { unit: '$lookup($site, department)', unused: '$keys($country)' },
  attributes: {
    active: 'status = "Active"',
    userName: { once: '[email, $unit.name]' },
    title: '$unit ? $unit.name : "Unknown"',
    nickName: 'first_name',
    preferredLanguage: '$lookup($alt, country_code).name',
    displayName: 'first_name & " " & last_name',
    'addresses[type eq "work"].country': '$lookup($country, country_code).iso',
    'addresses[type eq "work"].locality': '$landOf(department)',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager': '$unit.head',
  },
};

function compile(text: PipelineText, tables: Tables, environment: MappingEnvironment = {}): Mapping {
  const { mapping, diagnostics } = compileMapping(buildPipeline(text), {
    ...environment,
    readBytes: (file) => Buffer.from(file === 'site' ? tables.site : ((file === 'alt' ? tables.alt : undefined) ?? tables.country)),
  });
  if (mapping === undefined) throw new Error(JSON.stringify(diagnostics));
  return mapping;
}

/** As it is told from what the state holds. */
function editOf(before: Mapping, now: Mapping): MappingEdit {
  const kept: { recipe: Mapping['recipe']; lookups: ReturnType<Mapping['fingerprintLookups']> } = JSON.parse(
    JSON.stringify({ recipe: before.recipe, lookups: before.fingerprintLookups(hashKey) }),
  );
  return now.edit(kept.recipe, { hashKey, before: kept.lookups });
}
const part = (edit: MappingEdit): Extract<MappingEdit, { kind: 'part' }> => {
  if (edit.kind === 'whole') throw new Error(edit.because);
  return edit;
};

const country = 'code,iso,name\nDE,DE,Germany\nFR,FR,France\nPL,PL,Poland\n';
const site = 'id,name,land,head,closed,guard\nA,Alpha,DE,7,,\nB,Beta,FR,8,,yes\nC,Gamma,PL,4711,,\nD,Delta,DE,,yes,\n';
const tables: Tables = { country, site };
const same = (edit: MappingEdit, changes: Readonly<Record<string, Json>>): boolean | undefined =>
  rowGroup(changes).rows.map((row) => part(edit).comesOutSame(row, sampleInstant))[0];

describe('an edited lookup', () => {
  test('spares everybody who does not ask for what is another in it, and tells how much that is', () => {
    const now = {
      ...tables,
      site: site
        .replace('Beta', 'Beta 2')
        .replace(/C,.*\n/, '')
        .concat('E,Epsilon,FR,9,,\n'),
    };
    const edit = part(editOf(compile(base, tables), compile(base, now)));
    expect(edit).toMatchObject({ touched: [], lookups: [{ name: 'site', came: 1, went: 1, changed: 1, columns: ['name'] }] });
    const asked = ['A', 'B', 'C', 'D', 'E', 'F', null, ''].map((department) => same(edit, { department }));
    expect(asked).toEqual([true, false, false, true, false, true, true, true]);
  });

  test('spares those, too, who ask for another column of a changed row, and all of them for a column that nobody reads', () => {
    const stamped = site.replaceAll(/(?<!guard)\n/g, ',2026-11-28\n').replace('guard', 'guard,exported');
    const edit = editOf(compile(base, tables), compile(base, { ...tables, site: stamped }));
    expect(part(edit).lookups).toEqual([{ name: 'site', came: 0, went: 0, changed: 4, columns: ['exported'] }]);
    expect(['A', 'B', 'D'].map((department) => same(edit, { department, manager_id: '1' }))).toEqual([true, true, true]);
    const iso = editOf(compile(base, tables), compile(base, { ...tables, country: country.replace('FR,FR', 'FR,FX') }));
    // Of France the site asks the name alone.
    expect(same(iso, { department: 'B', country_code: 'DE' })).toBe(true);
    expect(same(iso, { department: 'A', country_code: 'FR' })).toBe(false);
  });

  test('asks through a lookup in a lookup', () => {
    const edit = editOf(compile(base, tables), compile(base, { ...tables, country: country.replace('Poland', 'Polska') }));
    expect(['A', 'B', 'C'].map((department) => same(edit, { department, manager_id: '1' }))).toEqual([true, true, false]);
  });

  test('goes together with edited formulas', () => {
    const text = { ...base, attributes: { ...base.attributes, title: '$unit ? $unit.name : "None"', nickName: 'last_name' } };
    const now = { ...tables, site: site.replace('Beta', 'Beta 2') };
    const edit = part(editOf(compile(base, tables), compile(text, now)));
    expect(edit).toMatchObject({ touched: ['title', 'nickName'], lookups: [{ name: 'site' }] });
    const alike = { first_name: 'Kim', last_name: 'Kim' };
    expect(['A', 'B', 'F'].map((department) => same(edit, { department, ...alike }))).toEqual([true, false, false]);
    expect(same(edit, { department: 'A' })).toBe(false);
  });

  test('that took another name, came, or is gone is told by its formulas', () => {
    const renamed = JSON.parse(JSON.stringify(base).replaceAll('$country', '$land').replace('"country":', '"land":'));
    const edit = editOf(compile(base, tables), compile(renamed, tables));
    expect(part(edit)).toMatchObject({ touched: ['addresses[type eq "work"].country', 'addresses[type eq "work"].locality'], lookups: [] });
    expect(same(edit, { department: 'A', country_code: 'FR' })).toBe(true);
    const without = {
      ...base,
      lookups: { site: { file: 'site', key: 'id' }, alt: { file: 'alt', key: 'code' } },
      use: {},
      let: { unit: '$lookup($site, department)' },
    };
    const attributes = {
      ...base.attributes,
      'addresses[type eq "work"].country': 'country_code ? $lookup({ "DE": "DE", "FR": "FR" }, country_code)',
      'addresses[type eq "work"].locality': '$lookup({ "A": "Germany", "B": "France" }, department)',
    };
    const plain = { ...without, attributes };
    const came = editOf(compile(plain, tables), compile(base, tables));
    expect(['A', 'B', 'C'].map((department) => same(came, { department, manager_id: '1' }))).toEqual([true, true, false]);
    // What it held is known while another one holds the same.
    const [known, gone] = [tables, { ...tables, alt: 'code,iso,name\nDE,DE,Germany\n' }].map((all) =>
      editOf(compile(base, all), compile(plain, all)),
    );
    expect([known, gone].map((one) => one !== undefined && same(one, { department: 'A' }))).toEqual([true, false]);
  });

  test('that has what another one had is another one', () => {
    const text = {
      ...base,
      lookups: { ...base.lookups, old: { file: 'country', key: 'code' }, new: { file: 'country', key: 'code' } },
      attributes: { ...base.attributes, nickName: '$lookup($old, country_code).name', title: '$lookup($new, country_code).name' },
    };
    const [one, other] = ['Germany', 'Deutschland'].map((land) => ({ columns: ['name'], rows: { DE: { name: land } }, hash: land }));
    if (one === undefined || other === undefined) throw new Error('no tables');
    const mapped = (old: typeof one, recent: typeof one): Mapping =>
      compile(text, tables, {
        lookups: new Map([
          ['old', { ...old, name: 'old' }],
          ['new', { ...recent, name: 'new' }],
        ]),
      });
    const edit = editOf(mapped(one, other), mapped(other, one));
    expect(part(edit).lookups.map(({ name, changed }) => [name, changed])).toEqual([
      ['new', 1],
      ['old', 1],
    ]);
    expect(['DE', 'FR'].map((code) => same(edit, { department: 'A', country_code: code }))).toEqual([false, true]);
  });

  test('whose row is an attribute as a whole is asked for all of it', () => {
    const text = {
      ...base,
      lookups: { ...base.lookups, name: { file: 'country', key: 'code' } },
      attributes: { ...base.attributes, name: '$lookup($name, country_code)' },
    };
    const [was, is] = ['Germany', 'Deutschland'].map((formatted) => ({
      name: 'name',
      columns: ['formatted'],
      rows: { DE: { formatted }, FR: { formatted: 'France' } },
      hash: formatted,
    }));
    if (was === undefined || is === undefined) throw new Error('no tables');
    const [before, now] = [was, is].map((table) => compile(text, tables, { lookups: new Map([['name', table]]) }));
    if (before === undefined || now === undefined) throw new Error('no mappings');
    expect(['DE', 'FR'].map((code) => same(editOf(before, now), { department: 'A', country_code: code }))).toEqual([false, true]);
  });

  test('that active asks only of those who are employed spares nobody whose first day is near: of him it is asked as if he were', () => {
    const { scope: _scope, protectedWhen: _protected, ...rest } = base;
    const text = {
      ...rest,
      attributes: { ...base.attributes, active: '$employed and $not($lookup($site, department).closed = "yes")' },
    };
    const edit = editOf(compile(text, tables), compile(text, { ...tables, site: site.replace('A,Alpha,DE,7,,', 'A,Alpha,DE,7,yes,') }));
    expect(same(edit, { department: 'A', hire_date: '2026-11-25' })).toBe(false);
    expect(same(edit, { department: 'A' })).toBe(false);
    // Long before and after it is not asked at all.
    expect(same(edit, { department: 'A', hire_date: '2027-11-25' })).toBe(true);
    expect(same(edit, { department: 'A', last_day: '2021-11-25' })).toBe(true);
  });

  test('of which a formula reads every key spares nobody whom that formula is for', () => {
    const text = { ...base, attributes: { ...base.attributes, nickName: 'status = "Leave" ? $string($count($keys($site))) : first_name' } };
    const edit = editOf(compile(text, tables), compile(text, { ...tables, site: site.replace('Beta', 'Beta 2') }));
    expect(same(edit, { department: 'A' })).toBe(true);
    expect(same(edit, { department: 'A', status: 'Leave' })).toBe(false);
  });

  test('that only a let reads that nothing reads spares everybody', () => {
    const text = {
      ...base,
      lookups: { ...base.lookups, old: { file: 'country', key: 'code' } },
      let: { ...base.let, unused: '$keys($old)' },
    };
    const old = { name: 'old', columns: [], rows: { DE: {} }, hash: 'other' };
    const edit = part(editOf(compile(text, tables), compile(text, tables, { lookups: new Map([['old', old]]) })));
    expect(edit.lookups).toEqual([]);
    expect(same(edit, { department: 'A' })).toBe(true);
  });

  test('lets everybody be evaluated, and says why, without fingerprints of what it was', () => {
    const now = compile(base, { ...tables, site: site.replace('Beta', 'Beta 2') });
    expect(now.edit(compile(base, tables).recipe)).toEqual({
      kind: 'whole',
      because: 'lookup site changed, and the state does not hold which rows it had',
    });
    const rows = Object.fromEntries(Array.from({ length: mostCells / 2 + 1 }, (_, id) => [String(id), {}]));
    const site2 = { name: 'site', columns: ['name'], rows, hash: 'large' };
    const large = compile(base, tables, { lookups: new Map([['site', site2]]) });
    expect(editOf(compile(base, tables), large)).toEqual({
      kind: 'whole',
      because: 'lookup site changed, and it has more than 200,000 cells',
    });
    expect(Object.keys(large.fingerprintLookups(hashKey))).toEqual(['country', 'alt']);
  });

  test('is compared only when it is another one', () => {
    const text = { ...base, attributes: { ...base.attributes, nickName: 'last_name' } };
    const kept = {
      get hashKey(): Uint8Array {
        throw new Error('nothing is to be hashed');
      },
      before: {},
    };
    expect(compile(text, tables).edit(compile(base, tables).recipe, kept)).toMatchObject({ kind: 'part', touched: ['nickName'] });
  });

  test('is held against whole verdicts in samples, which ask tables in which what changed stands otherwise', () => {
    const edit = part(editOf(compile(base, tables), compile(base, { ...tables, site: site.replace('Beta', 'Beta 2') }, { shadow: 1 })));
    expect(['A', 'B', 'F'].map((department) => same(edit, { department }))).toEqual([true, false, true]);
  });

  test('gives a worker of whom it says so the verdict that he had, whatever was edited', async () => {
    const seen = { same: 0, other: 0 };
    await fc.assert(
      fc.asyncProperty(edits, fc.array(change, { minLength: 40, maxLength: 40 }), async ({ origin, text, was, is }, rows) => {
        const [before, now] = [compile(origin, was), compile(text, is)];
        const edit = part(editOf(before, now));
        for (const changes of rows) {
          const group = rowGroup(changes);
          const [row] = group.rows;
          const verdict = await before.evaluate(group, sampleInstant);
          if (row === undefined || verdict.kind === 'rejected') continue;
          const isSame = edit.comesOutSame(row, sampleInstant);
          seen[isSame ? 'same' : 'other']++;
          if (!isSame) continue;
          const fresh = await now.evaluate(group, sampleInstant);
          expect(canonicalJson(fresh)).toBe(canonicalJson(verdict));
          expect(fresh.warnings).toEqual([]);
          expect(canonicalJson(await edit.before(group, sampleInstant))).toBe(canonicalJson(verdict));
        }
      }),
      { numRuns: 9, seed: 5, endOnFailure: true },
    );
    expect(seen.same).toBeGreaterThan(100);
    expect(seen.other).toBeGreaterThan(50);
  });
});

const rare = <const T>(...texts: readonly T[]): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...texts) });
/** The last two ask only of those who are employed: of pre-hires, too, to whom it is put as if they were. */
const actives = [
  'status = "Active"',
  '$employed and $not($lookup($site, department).frozen = "yes")',
  'status = "Active" and ($employed ? $lookup($site, department).frozen != "yes" : false)',
];
const change = fc.record(
  {
    status: fc.constantFrom('Active', 'Leave'),
    hire_date: fc.constantFrom('2020-01-01', '2020-01-01', '2020-01-01', '2026-11-25', '2027-11-25'),
    department: fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F', null),
    country_code: fc.constantFrom('DE', 'FR', 'PL', 'US', null),
    first_name: fc.constantFrom('Mara', 'Alpha', 'DE'),
  },
  { requiredKeys: [] },
);
const csv = (heading: string, keys: readonly string[], cells: readonly (readonly string[])[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      ...keys.map((key) =>
        fc.option(
          fc.tuple(...cells.map((values) => fc.constantFrom(...values))).map((row) => [key, ...row].join(',')),
          { freq: 6, nil: '' },
        ),
      ),
    )
    .map((rows) => `${heading}\n${rows.filter((row) => row !== '').join('\n')}\n`);
/** Lines of one in place of the lines of another, of a key here and there. */
const mixed = (tablesOf: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> =>
  fc.tuple(tablesOf, tablesOf, fc.infiniteStream(fc.integer({ min: 0, max: 5 }))).map(([one, other, dice]) => {
    const picked = new Set(['A', 'B', 'C', 'D', 'E', 'DE', 'FR', 'PL', 'US'].filter(() => dice.next().value === 0));
    const keep = (text: string, isPicked: boolean): readonly string[] =>
      text
        .split('\n')
        .slice(1)
        .filter((line) => line !== '' && picked.has(line.split(',')[0] ?? '') === isPicked);
    const [heading = ''] = one.split('\n');
    return [one, `${[heading, ...keep(one, false), ...keep(other, true)].join('\n')}\n`];
  });
const edits = fc
  .record({
    country: mixed(
      csv(
        'code,iso,name',
        ['DE', 'FR', 'PL', 'US'],
        [
          ['DE', 'FR', 'PL', 'US'],
          ['One', 'Two', ''],
        ],
      ),
    ),
    site: mixed(
      csv(
        'id,name,land,head,closed,guard,frozen',
        ['A', 'B', 'C', 'D', 'E'],
        [
          ['Alpha', 'Beta'],
          ['DE', 'FR', ''],
          ['7', '8', '', '4711'],
          ['', '', 'yes'],
          ['', 'yes'],
          ['', 'yes'],
        ],
      ),
    ),
    title: rare('$unit.name', '$unit.name ? $unit.name : "None"', '$string($unit)', '$join($keys($site))', 'first_name'),
    nick: rare('$string($lookup($country, country_code))', '$lookup($site, department, "Mara").name', '$count($keys($unit)) & first_name'),
    /** Of the countries, the table that $alt had before: the two may change places. */
    alts: fc.constantFrom(0 as const, 1 as const),
    actives: fc.tuple(fc.constantFrom(...actives), rare(...actives)),
    scope: rare('true', '$not($exists($unit)) or $not($unit.closed = "yes")'),
    landOf: rare('$lookup($country, $lookup($site, $id).land).iso', '$lookup($site, $id).land'),
    unit: rare('department != "B" ? $lookup($site, department)', '$site.A'),
  })
  .map(({ country: lands, site: sites, title, nick, actives: [wasActive, isActive], alts, scope, landOf, unit }) => ({
    origin: { ...base, attributes: { ...base.attributes, active: wasActive } },
    was: { country: lands[0], site: sites[0], alt: lands[alts] },
    is: { country: lands[1], site: sites[1], alt: lands[alts === 0 ? 1 : 0] },
    text: {
      ...base,
      ...(scope === undefined ? {} : { scope }),
      ...(landOf === undefined ? {} : { use: { 'sites.jsonata': `$landOf := function($id) { ${landOf} };` } }),
      ...(unit === undefined ? {} : { let: { ...base.let, unit } }),
      attributes: {
        ...base.attributes,
        active: isActive ?? wasActive,
        ...(title === undefined ? {} : { title }),
        ...(nick === undefined ? {} : { nickName: nick }),
      },
    },
  }));
