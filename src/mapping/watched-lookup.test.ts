import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { functionLibrary } from '../jsonata/functions/index.ts';
import { compile, type Compiled } from '../jsonata/index.ts';
import type { LookupTable } from './lookup.ts';
import { compareLookup, fingerprintLookup } from './lookup-fingerprints.ts';
import { toJson } from './plain-value.ts';
import { blurTable, unknownTable, watchTable, type Watch } from './watched-lookup.ts';

const hashKey = new Uint8Array(32).fill(1);
const options = { functions: functionLibrary({ asOf: 0 }) };

type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>;
const tableOf = (name: string, rows: Rows, columns = ['x', 'y']): LookupTable => ({
  name,
  columns,
  hash: '',
  rows: Object.assign(Object.create(null), rows),
});
const differenceOf = (before: LookupTable, now: LookupTable): ReturnType<typeof compareLookup> =>
  compareLookup(fingerprintLookup(before, hashKey), fingerprintLookup(now, hashKey), now, hashKey);

const compiled = new Map<string, Compiled>();

/** What an expression comes to, or that it fails. Asks both engines where the first cannot answer. */
async function valueOf(expression: string, input: object, bindings: Readonly<Record<string, unknown>>): Promise<string> {
  const engine = compiled.get(expression) ?? compile(expression, options);
  compiled.set(expression, engine);
  try {
    const plain = toJson(await engine.evaluate(input, bindings));
    return 'problem' in plain ? plain.problem : JSON.stringify(plain.value ?? null);
  } catch (error) {
    return String(error);
  }
}

const keys = ['a', 'b', 'c', 'd', 'e', 'f', '1', '10', 'constructor', '__proto__', 'sequence'];
const cell = fc.constantFrom('', '', '1', 'a', 'b', 'c', 'd');
const rowsOf = (size: number): fc.Arbitrary<Rows> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...keys), cell, cell), { selector: ([key]) => key, minLength: size, maxLength: keys.length })
    .map((rows) =>
      Object.fromEntries(
        rows.map(([key, x, y]) => [key, Object.freeze({ ...(x === '' ? {} : { x }), ...(y === '' ? {} : { y }) })] as const),
      ),
    );
/** Most rows stay. */
const edited = (rows: Rows): fc.Arbitrary<Rows> =>
  fc.tuple(rowsOf(0), fc.subarray(keys, { maxLength: 4 }), fc.boolean()).map(([others, picked, turns]) => {
    const kept = Object.entries(rows).filter(([key]) => !picked.includes(key));
    const fresh = Object.entries(others).filter(([key]) => picked.includes(key));
    return Object.fromEntries(turns ? [...fresh, ...kept] : [...kept, ...fresh]);
  });

/** Over tables $t and $u, and a row of `key` and `other`. */
const simple = [
  '$lookup($t, key).x',
  '$lookup($t, key, "none")',
  '$t.a.x',
  '$lookup($u, $lookup($t, key).x).y',
  '$lookup($t, other) ? key : other',
];
const expressions = [
  ...simple,
  ...simple,
  '$lookup($t, $lookup($u, $lookup($t, key).x).y).x & key',
  '$lookup($t, key)',
  '$string($lookup($t, key))',
  '[$lookup($t, key), $lookup($t, other)].x',
  '$lookup([$t, $u], key)',
  '$keys($lookup($t, key))',
  '$keys($t)',
  '$count($keys($t)) & key',
  '$t.*.x',
  '$t.**[x = "a"].y',
  '$string($t)',
  '$lookup($t, key) ? "there" : "not"',
  '($row := $lookup($t, key); $row ? $row.x : $boolean($lookup($u, other)))',
  '$not($lookup($t, key)) ? other : [$lookup($t, key)].y',
  '$exists($t) and $type($t) = "object"',
  '$t = $u',
  '$each($t, function($row, $name) { $name = key ? $row.x })',
  '$sift($t, function($row) { $row.y = "a" })',
  '$merge([$t, { "a": { "x": "own" } }]).a.x',
  '$spread($t)[0]',
  '($f := function($k) { $lookup($t, $k).y }; $f(key) ? $f(key) : $f(other))',
  '$map([key, other], function($k) { $lookup($u, $k) })^(x).x',
  'key in $keys($u)',
  '$t ~> |$|{ "z": 1 }|',
  '$lookup($t, $number(key) + 1)',
  '$not($exists($lookup($t, key)))',
  '($t)[a.x = "a"].b',
  '$t{ "k": x }',
];

test('an expression that did not raise the watch gives what it gave with the earlier tables', async () => {
  const seen = { quiet: 0, raised: 0, simple: 0, simpleRaised: 0 };
  const pair = fc
    .tuple(rowsOf(4), rowsOf(4))
    .chain(([t, u]) => fc.tuple(fc.constant({ t, u }), edited(t), fc.oneof(fc.constant(u), edited(u))));
  await fc.assert(
    fc.asyncProperty(
      pair,
      fc.constantFrom(...expressions),
      fc.array(fc.constantFrom(...keys), { minLength: 8, maxLength: 8 }),
      async (tables, expression, asked) => {
        const [before, newT, newU] = tables;
        const [t, u] = [tableOf('t', before.t), tableOf('u', before.u)];
        const [nowT, nowU] = [tableOf('t', newT), tableOf('u', newU)];
        const watch: Watch = { raised: false };
        const [ofT, ofU] = [differenceOf(t, nowT), differenceOf(u, nowU)];
        const watched = { t: watchTable(nowT, ofT, watch).rows, u: watchTable(nowU, ofU, watch).rows };
        const blurred = { t: blurTable(nowT, ofT).rows, u: blurTable(nowU, ofU).rows };
        for (const [index, key] of asked.entries()) {
          const input = { key, other: asked[index - 1] ?? 'a' };
          watch.raised = false;
          const value = await valueOf(expression, input, watched);
          seen[watch.raised ? 'raised' : 'quiet']++;
          if (simple.includes(expression)) seen[watch.raised ? 'simpleRaised' : 'simple']++;
          if (watch.raised) continue;
          expect(value).toBe(await valueOf(expression, input, { t: t.rows, u: u.rows }));
          expect(value).toBe(await valueOf(expression, input, { t: nowT.rows, u: nowU.rows }));
          // What samples are held against.
          expect(value).toBe(await valueOf(expression, input, blurred));
        }
      },
    ),
    { numRuns: 100, seed: 11, endOnFailure: true },
  );
  // It is not simply raised by everybody, and not by nobody.
  expect(seen.quiet).toBeGreaterThan(200);
  expect(seen.raised).toBeGreaterThan(100);
  expect(seen.simple).toBeGreaterThan(seen.simpleRaised);
});

const earlier = tableOf('t', { a: { x: '1', y: '1' }, b: { x: '2' }, gone: { x: '3' } });
const present = tableOf('t', { a: { x: '1', y: '2' }, b: { x: '2' }, new: { x: '4' } });

test.each([
  ['$lookup($t, "b").x', false],
  ['$lookup($t, "nobody")', false],
  ['$lookup($t, "gone")', true],
  ['$lookup($t, "new")', true],
  ['$t.new', true],
  ['$lookup($t, "a").x', false],
  ['$lookup($t, "a").y', true],
  ['$lookup($t, "a")', true],
  ['$lookup($t, "a") ? 1', false],
  ['$lookup($t, "a") and $boolean($lookup($t, "b"))', false],
  ['$keys($lookup($t, "a"))', true],
  ['$keys($t)', true],
  ['$t.*', true],
  ['$exists($t)', false],
])('%s raises the watch: %s', async (expression, isRaised) => {
  const watch: Watch = { raised: false };
  await valueOf(expression, {}, { t: watchTable(present, differenceOf(earlier, present), watch).rows });
  expect(watch.raised).toBe(isRaised);
});

test('a table of which nothing is known raises the watch for every key', async () => {
  const watch: Watch = { raised: false };
  const bindings = { t: unknownTable('t', watch).rows };
  expect(await valueOf('key ? "x" : $lookup($t, key)', { key: 'a' }, bindings)).toBe('"x"');
  await valueOf('$lookup($t, key)', { key: 'a' }, bindings);
  expect(watch.raised).toBe(true);
});
