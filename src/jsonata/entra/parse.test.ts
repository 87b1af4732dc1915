import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEntraExpression, printEntraExpression } from './index.ts';
import { EntraExpressionError } from './expression-error.ts';

function refusal(text: string): unknown {
  try {
    return { parsed: parseEntraExpression(text) };
  } catch (error) {
    return error instanceof EntraExpressionError
      ? [error.code, error.offset, error.line, error.column, error.message.replace(/^line.*?: /, '')]
      : error;
  }
}

/** The tree without positions. */
function withoutSpans(node: unknown): unknown {
  return JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'start' || key === 'end' ? undefined : value)));
}

describe('a mapping expression that is not well formed', () => {
  it.each([
    ['', 'JSN-603', 0, 1, 1, 'expected an attribute, a text, a number or a function, but the expression ends'],
    [
      'Append([a], "b"',
      'JSN-603',
      15,
      1,
      16,
      'expected a comma or the closing parenthesis of Append, but the expression ends; the parenthesis at offset 6 is open',
    ],
    ['Append([a] "b")', 'JSN-601', 11, 1, 12, 'expected a comma or the closing parenthesis of Append, found "b"'],
    ['Append([a], "b"))', 'JSN-601', 16, 1, 17, 'expected the end of the expression or an operator, found )'],
    ['Append([a]; "b")', 'JSN-601', 10, 1, 11, 'expected a comma or the closing parenthesis of Append, found ;'],
    ['Append([a],\n  "b)', 'JSN-602', 14, 2, 3, 'the text is not closed with a quotation mark'],
    ['Append(\r\n\t[a, "b")', 'JSN-602', 10, 2, 2, 'the attribute is not closed with ]'],
    ['[]', 'JSN-601', 0, 1, 1, 'an attribute must have a name'],
    ['Append(%x, "b")', 'JSN-602', 7, 1, 8, 'a placeholder has the form %Name%'],
    ['Left([a], 3x)', 'JSN-601', 11, 1, 12, 'a number must end before a letter or a point'],
    ['IIF([a] = , "b", "c")', 'JSN-601', 10, 1, 11, 'expected an attribute, a text, a number or a function, found ,'],
    ['IIF([a] == "b", "c", "d")', 'JSN-601', 9, 1, 10, 'expected an attribute, a text, a number or a function, found ='],
    ['IIF(([a] = "b"), "c", "d")', 'JSN-601', 4, 1, 5, 'expected an attribute, a text, a number or a function, found ('],
    ['Append(“a”, "b")', 'JSN-601', 7, 1, 8, 'expected an attribute, a text, a number or a function, found “'],
    ['IIF([a] = "b" AND [c] = "d", "e", "f")', 'JSN-601', 14, 1, 15, 'expected a comma or the closing parenthesis of IIF, found AND'],
    ['Append(\'a\', "b")', 'JSN-601', 7, 1, 8, "expected an attribute, a text, a number or a function, found '"],
  ])('%j is refused with its position', (text, code, offset, line, column, message) => {
    expect(refusal(text)).toEqual([code, offset, line, column, message]);
  });

  it('says what to do about quotation marks of a word processor', () => {
    expect(() => parseEntraExpression('Append(“a”, "b")')).toThrow(
      expect.objectContaining({ fix: 'Write straight quotation marks; these came from a word processor.' }),
    );
  });

  it('is refused when it is longer than the service takes or nested without end, and does not exhaust the stack', () => {
    expect(refusal(`"${'x'.repeat(9_999)}"`)).toEqual([
      'JSN-606',
      10_000,
      1,
      10_001,
      'the expression has 10001 characters; 10000 are allowed',
    ]);
    expect(refusal('Trim('.repeat(1_999))).toEqual(['JSN-606', 1000, 1, 1001, 'functions are nested more than 200 deep']);
    expect(withoutSpans(parseEntraExpression(`"${'x'.repeat(9_998)}"`))).toEqual({ kind: 'text', value: 'x'.repeat(9_998) });
  });
});

describe('the constructs that printed expressions need', () => {
  it.each([
    [String.raw`"\+(?<a>\d*) \" \\s \2C"`, { kind: 'text', value: String.raw`\+(?<a>\d*) " \s \2C` }],
    ['[emails[type eq "work"].value]', { kind: 'attribute', name: 'emails[type eq "work"].value' }],
    ['[extension_<App>_Group.DN]', { kind: 'attribute', name: 'extension_<App>_Group.DN' }],
    ['&HF7', { kind: 'number', lexeme: '&HF7' }],
    ['-14', { kind: 'number', lexeme: '-14' }],
    ['%DomainFQDN%', { kind: 'placeholder', name: 'DomainFQDN' }],
    ['Now()', { kind: 'call', name: 'Now', args: [] }],
    ['ToLower\n\t ([a], )', { kind: 'call', name: 'ToLower', args: [{ kind: 'attribute', name: 'a' }, { kind: 'omitted' }] }],
    [
      'F([a],,"b",,)',
      {
        kind: 'call',
        name: 'F',
        args: [
          { kind: 'attribute', name: 'a' },
          { kind: 'omitted' },
          { kind: 'text', value: 'b' },
          { kind: 'omitted' },
          { kind: 'omitted' },
        ],
      },
    ],
    [
      '"a" & [b]=1',
      {
        kind: 'comparison',
        operator: '=',
        left: { kind: 'concatenation', left: { kind: 'text', value: 'a' }, right: { kind: 'attribute', name: 'b' } },
        right: { kind: 'number', lexeme: '1' },
      },
    ],
  ])('%s', (text, tree) => {
    expect(withoutSpans(parseEntraExpression(text))).toEqual(tree);
  });

  it('mark exactly the text that they stand for', () => {
    const text = ' IIF( [a] >= 5 ,\n"x", ) ';
    const node = parseEntraExpression(text);
    const spans: string[] = [];
    JSON.stringify(node, (_key, value: unknown) => {
      if (typeof value === 'object' && value !== null && 'start' in value && 'end' in value)
        spans.push(text.slice(Number(value.start), Number(value.end)));
      return value;
    });
    expect(spans).toEqual(['IIF( [a] >= 5 ,\n"x", )', '[a] >= 5', '[a]', '5', '"x"', '']);
  });
});

describe('printing and parsing', () => {
  const identifier = fc.stringMatching(/^[A-Za-z_]\w{0,8}$/);
  const attributeName = fc.oneof(
    identifier,
    fc.stringMatching(/^[\w .:<>"-]{1,12}$/).filter((name) => name.trim() !== ''),
    fc.constant('emails[type eq "work"].value'),
  );
  const leaf = fc.oneof(
    attributeName.map((name) => ({ kind: 'attribute', name })),
    fc.string({ unit: fc.constantFrom(...Array.from('ab"\\ ,()[]%&\n漢')) }).map((value) => ({ kind: 'text', value })),
    fc.oneof(fc.integer().map(String), fc.constantFrom('&HF7', '2.50', '007')).map((lexeme) => ({ kind: 'number', lexeme })),
    identifier.map((name) => ({ kind: 'word', name })),
    identifier.map((name) => ({ kind: 'placeholder', name })),
  );
  const omitted = fc.constant({ kind: 'omitted' });
  const { comparison } = fc.letrec((tie) => ({
    argument: fc.oneof({ weight: 4, arbitrary: tie('comparison') }, { weight: 1, arbitrary: omitted }),
    call: fc
      .tuple(identifier, fc.array(tie('argument'), { maxLength: 4 }))
      .map(([name, args]) => ({ kind: 'call', name, args: JSON.stringify(args) === '[{"kind":"omitted"}]' ? [] : args })),
    operand: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('call')),
    // Operators group to the left, so only the left side may be an operation.
    concatenation: fc.oneof(
      { depthSize: 'small' },
      tie('operand'),
      fc.record({ kind: fc.constant('concatenation'), left: tie('concatenation'), right: tie('operand') }),
    ),
    comparison: fc.oneof(
      { depthSize: 'small' },
      tie('concatenation'),
      fc.record({
        kind: fc.constant('comparison'),
        operator: fc.constantFrom('=', '<>', '>', '>=', '<', '<='),
        left: tie('comparison'),
        right: tie('concatenation'),
      }),
    ),
  }));

  it('give back the same tree', () => {
    fc.assert(
      fc.property(comparison, (tree) => {
        const text = printTree(tree);
        fc.pre(text.length <= 10_000);
        expect(withoutSpans(parseEntraExpression(text))).toEqual(tree);
      }),
      { numRuns: 500 },
    );
  });

  it('give back the same text after the first time', () => {
    fc.assert(
      fc.property(comparison, (tree) => {
        const text = printTree(tree);
        fc.pre(text.length <= 10_000);
        expect(printEntraExpression(parseEntraExpression(text))).toBe(text);
      }),
    );
  });

  it('never fail with anything but an error that has a position, whatever the text', () => {
    const scrap = fc.constantFrom('IIF(', '[a]', '"t"', ',', ')', '&', '=', '<>', '%x%', '"', '[', '1', '&HF', ' ', 'word', '-', '\\');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(scrap).map((parts) => parts.join('')),
        ),
        (text) => {
          const refused = refusal(text);
          // Anything else than an error with a position would come back as itself.
          expect(refused).not.toBeInstanceOf(Error);
          const offset: unknown = Array.isArray(refused) ? refused[1] : 0;
          expect(offset).toBeTypeOf('number');
          expect(Number(offset)).toBeLessThanOrEqual(text.length);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

/** The printer takes typed nodes; trees of the generator have no positions, so they go through a reader that adds them. */
function printTree(tree: unknown): string {
  return printEntraExpression(addSpans(tree));
}

type EntraNode = ReturnType<typeof parseEntraExpression>;

function addSpans(tree: unknown): EntraNode {
  const node: EntraNode = JSON.parse(
    JSON.stringify(tree, (_key, value: unknown) =>
      typeof value === 'object' && value !== null && 'kind' in value ? { ...value, start: 0, end: 0 } : value,
    ),
  );
  return node;
}
