import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generalTrials } from '../../../test/jsonata-expressions.ts';
import { walkAst } from '../ast.ts';
import { compile } from '../compile.ts';
import { NodeSpans } from '../node-spans.ts';
import { parseExpression } from '../parse.ts';

async function watched(expression: string, input: unknown): Promise<unknown[]> {
  const steps = await compile(expression).watch(input);
  return steps.map(({ offset, length, values, times }) => [expression.slice(offset, offset + length), values, times]);
}

describe('watching an evaluation', () => {
  const row = { code: 'DE', name: ' Ada ', list: [{ n: 1 }, { n: 2 }], table: { DE: { iso2: 'DE' } } };

  it('shows calls, operators and paths, inner before outer, as they stand in the text', async () => {
    expect(await watched('$lookup(table, code).iso2 & "-" & $trim( name )', row)).toEqual([
      ['$lookup(table, code)', [{ iso2: 'DE' }], 1],
      ['$lookup(table, code).iso2', ['DE'], 1],
      ['$trim( name )', ['Ada'], 1],
    ]);
  });

  it('leaves out the branch that was not taken, and what follows a failure', async () => {
    expect(await watched('missing ? $uppercase(name) : $trim(name)', row)).toEqual([['$trim(name)', ['Ada'], 1]]);
    expect(await watched('[$trim(name), $number(name), $length(name)]', row)).toContainEqual(['$trim(name)', ['Ada'], 1]);
  });

  it('counts what is evaluated many times, and keeps the first values', async () => {
    expect(await watched('$map([1..9], function($v) { $v * 2 })', row)).toContainEqual(['$v * 2', [2, 4, 6, 8, 10], 9]);
    expect(await watched('list[n > 1].n', row)).toEqual([
      ['n > 1', [false, true], 2],
      ['list[n > 1].n', [2], 1],
    ]);
  });
});

describe('the spans of nodes', () => {
  it('are expressions of their own, whatever the expression', () => {
    const shown = new Set(['function', 'binary', 'path', 'unary', 'block', 'condition', 'lambda', 'partial']);
    fc.assert(
      fc.property(generalTrials, ({ expression }) => {
        let ast;
        try {
          ast = parseExpression(expression);
        } catch {
          return;
        }
        const spans = new NodeSpans(expression);
        walkAst(ast, (node) => {
          const span = shown.has(node.type) && node.value !== '..' ? spans.spanOf(node) : undefined;
          if (span === undefined) return;
          const text = expression.slice(span.offset, span.offset + span.length);
          expect(() => parseExpression(text), `${node.type} of ${expression}: ${text}`).not.toThrow();
        });
      }),
      { numRuns: 100, seed: 20261127 },
    );
  });
});
