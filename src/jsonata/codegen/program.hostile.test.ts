import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../parse.ts';
import { CompiledEngine } from '../engine/compiled.ts';
import { runtime } from '../runtime/index.ts';

function textOf(source: string): string {
  return new CompiledEngine(parseExpression(source), new Map(), { guardrails: undefined, now: () => 0 }).program.text;
}

/** What is left of generated text without its JSON strings: words of JavaScript, names of ours, numbers, punctuation. */
const words = new Set(
  'use strict const let return function new typeof undefined null true false push get toLowerCase toUpperCase includes R K B L c i object string number boolean'.split(
    ' ',
  ),
);

function foreignWords(text: string): string[] {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return (bare.match(/[A-Za-z_$][\w$]*/g) ?? []).filter(
    (word) => !words.has(word) && !Object.hasOwn(runtime, word) && !/^[bklqrv]\d+$/.test(word),
  );
}

const hostile = [
  '`");process.exit(1);("`',
  '$x.`");globalThis.x=1;("`',
  '{"a\\");throw 1;(\\"": `b");throw 2;("`}',
  '"\\u2028\\u2029\\"));evil(("',
  '`constructor`.`constructor`("return process")()',
  '($__proto__ := 1; $constructor := 2; $__proto__ + $constructor)',
  'function($process, $globalThis) { $process & $globalThis }(1, 2)',
  '$lookup({"a\\";evil()//": "b"}, `x";evil()//`)',
  '$toMillis(d, "[Y0001]\\");evil();(\\"")',
  'a.`b");evil();("`.c[`d");evil();("`=1]',
  '$contains(a, /"\\);evil\\(\\);\\("/)',
  '$ ~> |`x");evil();("`|{"y\\");evil();(\\"": 1}|',
];

describe('generated code', () => {
  it.each(hostile)('holds nothing of %s but JSON literals', (source) => {
    const text = textOf(source);
    expect(foreignWords(text)).toEqual([]);
    expect(text).not.toContain('evil();(" ');
  });

  it('runs a hostile expression as the data it is', () => {
    const engine = new CompiledEngine(parseExpression('{"k": `a");globalThis.hit=1;("`}'), new Map(), {
      guardrails: undefined,
      now: () => 0,
    });
    expect(engine.run({ 'a");globalThis.hit=1;("': 7 }, undefined)).toEqual({ k: 7 });
    expect(Reflect.get(globalThis, 'hit')).toBeUndefined();
  });

  it('holds only JSON literals whatever a name or a text is made of', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(text, text, (name, value) => {
        const quoted = name.replaceAll('`', '');
        fc.pre(quoted !== '');
        const source = `{${JSON.stringify(value)}: \`${quoted}\` & ${JSON.stringify(value)}, "second": $x.\`${quoted}\`}`;
        let generated: string;
        try {
          generated = textOf(source);
        } catch {
          return;
        }
        expect(foreignWords(generated)).toEqual([]);
      }),
      { numRuns: 200, seed: 7 },
    );
  });
});
