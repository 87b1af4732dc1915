import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../jsonata/index.ts';
import { instrumentBranches, probeName } from './branches.ts';

async function run(text: string, input: unknown): Promise<{ value: unknown; reached: readonly string[] }> {
  const { text: instrumented, branches } = instrumentBranches(text, 0);
  const numbers = new Set<number>();
  const probe = { implementation: (number: number): undefined => void numbers.add(number), signature: '<n:x>' };
  const value = await compile(instrumented, { functions: { [probeName]: probe } }).evaluate(input);
  return {
    value,
    reached: branches.flatMap(({ kind, offset, length }, index) =>
      numbers.has(index) ? [`${kind} ${text.slice(offset, offset + length)}`] : [],
    ),
  };
}

test('the branch that was taken is reported, and only that', async () => {
  expect(await run('a ? "yes" : "no"', { a: true })).toEqual({ value: 'yes', reached: ['then "yes"'] });
  expect(await run('a ? "yes" : "no"', { a: false })).toEqual({ value: 'no', reached: ['else "no"'] });
  expect(await run('a ? "yes"', {})).toEqual({ value: undefined, reached: ['else ?'] });
  expect(await run('a ? b ? 1 : 2 : c ? 3 : 4', { a: 1 })).toEqual({ value: 2, reached: ['else 2', 'then b ? 1 : 2'] });
  expect(await run('a ? b ? 1 : 2 : c ? 3 : 4', { c: 1 })).toEqual({ value: 3, reached: ['then 3', 'else c ? 3 : 4'] });
  expect(await run('(a ?: "x") & (b ?? "y")', { a: 'A' })).toEqual({ value: 'Ay', reached: ['default "y"'] });
  expect(await run('{ a ? "k" : "l" : a ? 1 : 2, "m": $f := function($x) { $x ? 3 : 4 } }.l', {})).toEqual({
    value: 2,
    reached: ['else "l"', 'else 2'],
  });
  expect(await run('$map([0, 1], function($x) { $x = 0 ? "a?b:c" : $replace("x:y", /[?:]/, "") })', {})).toMatchObject({
    value: ['a?b:c', 'xy'],
    reached: ['then "a?b:c"', 'else $replace("x:y", /[?:]/, "")'],
  });
});

test('a placeholder of a partial application is no condition', async () => {
  expect(await run('($first := $substring(?, 0, 1); $first("abc"))', {})).toEqual({ value: 'a', reached: [] });
});

const expression = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom('a', 'b', '1', '"x"', 'true', 'false', 'null', 'missing', '[1]', '[a, b]'),
    fc.tuple(tie('node'), tie('node'), tie('node')).map(([c, t, e]) => `${c} ? ${t} : ${e}`),
    fc.tuple(tie('node'), tie('node')).map(([c, t]) => `${c} ? ${t}`),
    fc.tuple(tie('node'), tie('node')).map(([c, t]) => `(${c}) ?: ${t}`),
    fc.tuple(tie('node'), tie('node')).map(([c, t]) => `(${c}) ?? ${t}`),
    fc.tuple(tie('node'), tie('node')).map(([l, r]) => `(${l}) & (${r})`),
    fc.tuple(tie('node'), tie('node')).map(([l, r]) => `[${l}, ${r}]`),
    fc.tuple(tie('node'), tie('node')).map(([l, r]) => `{ "k": ${l}, "l": ${r} }`),
    fc.tuple(tie('node'), tie('node')).map(([l, r]) => `($v := ${l}; ${r})`),
    tie('node').map((body) => `$map([1, 2], function($x) { ${body} })`),
  ),
})).node;

test('an instrumented expression gives the same value', async () => {
  await fc.assert(
    fc.asyncProperty(
      expression,
      fc.record({ a: fc.constantFrom('A', 0, true), b: fc.constantFrom('', [1, 2]) }, { requiredKeys: [] }),
      async (text, input) => {
        expect((await run(text, input)).value).toEqual(await compile(text).evaluate(input));
      },
    ),
    { numRuns: 150 },
  );
});
