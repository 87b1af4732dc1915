import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { builtinNames, compile } from '../jsonata/index.ts';
import { findRowUse } from './row-use.ts';

/** Ways to look at a row that has `a` and `b`, and a column `m` that is NULL. */
const looks =
  '$ $$ * ** $.* $.m $$.m $[m] m [m,a] {"x":m} m&a a&m m=null m>1 m+1 -m m?1:2 m.b m[0] a[m] a.(m) m^(a) [m..2] {m:1} $@$r.m $@$r.$keys($r) $#$i.m $.($keys()) $$.$keys() a.$keys($$) ($r:=$;$keys($r)) $map($,function($v){$keys($v)}) $reduce([1,2],function($p){m}) $~>|$|{"q":1}| $eval("m") $eval("$keys($$)") $each(function($v,$k){$k}) $lookup($,"m") function($r){$keys($r)}($)'.split(
    ' ',
  );
const steady = [...builtinNames].filter((name) => !['now', 'millis', 'random', 'shuffle'].includes(name));
const called = fc
  .tuple(
    fc.constantFrom(...steady),
    fc.constantFrom('m', 'm, "x"', 'a, m', '', '$', '"x", $', '[m, a]', '{ "x": m }', 'b, function($v) { m }'),
  )
  .map(([name, values]) => `$${name}(${values})`);
const written = fc.oneof(fc.constantFrom(...looks), called);
const wrapped = fc
  .tuple(
    written,
    fc.constantFrom(
      '?',
      '(?)',
      '[?]',
      '{ "v": ? }',
      '$string(?)',
      '$count(?)',
      '($x := ?; [$x, m])',
      '(?) & ""',
      '$map([1], function() { ? })',
    ),
  )
  .map(([source, around]) => around.replace('?', () => source));

test('a column that is undefined reads in every expression as one that is not there, in both engines, unless the row is used as a whole', async () => {
  const answer = async (source: string, row: object, verify: boolean): Promise<string> => {
    try {
      return JSON.stringify(await compile(source, { verify, guardrails: false }).evaluate(row)) ?? 'nothing';
    } catch (error) {
      return `failed: ${String(Reflect.get(Object(error), 'code'))} ${String(Reflect.get(Object(error), 'jsonataCode'))}`;
    }
  };
  await fc.assert(
    fc.asyncProperty(wrapped, fc.boolean(), async (source, verify) => {
      let ast;
      try {
        ({ ast } = compile(source, { guardrails: false }));
      } catch {
        return;
      }
      if (findRowUse(ast, source) !== undefined) return;
      const absent = await answer(source, { a: 'x', b: { c: 1 } }, verify);
      expect([source, await answer(source, { a: 'x', m: undefined, b: { c: 1 } }, verify)]).toEqual([source, absent]);
    }),
    { numRuns: 300 },
  );
});

test('a row that is bound to a name, and a text that is evaluated, use the row as a whole', () => {
  const uses = (source: string): string | undefined => {
    const span = findRowUse(compile(source, { guardrails: false }).ast, source);
    return span === undefined ? undefined : source.slice(span.offset, span.offset + span.length);
  };
  expect(uses('$@$r.$keys($r)')).toBe('$');
  expect(uses('$#$i.m')).toBe('$');
  expect(uses('active = $eval("status")')).toBe('$eval');
  expect(uses('$.m & $$.m')).toBeUndefined();
});
