import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document, Scalar } from 'yaml';
import { buildTree, parseYaml } from './yaml-document.ts';
import { entryOf, type YamlNode, type YamlScalar } from './yaml-tree.ts';

function scalarAt(text: string, ...keys: string[]): YamlScalar {
  const parsed = parseYaml(text);
  expect(parsed.document.errors).toEqual([]);
  let node: YamlNode | undefined = buildTree(parsed).root;
  for (const key of keys) node = node?.kind === 'map' ? entryOf(node, key)?.value : undefined;
  if (node?.kind !== 'scalar') throw new Error(`no scalar at ${keys.join('.')}`);
  return node;
}

/** The characters whose range in the file does not hold them; white space may come from folding, and then holds a line break or nothing. */
function misplaced(file: string, scalar: YamlScalar): string[] {
  const decoded = scalar.decoded();
  const wrong: string[] = decoded.text === scalar.value ? [] : [`text ${JSON.stringify(decoded.text)}`];
  let previous = 0;
  for (let index = 0; index < decoded.text.length; index++) {
    const [start, end] = decoded.rangeOf(index);
    const char = decoded.text.charAt(index);
    const written = file.slice(start, end);
    const known =
      written === char ||
      written.startsWith('\\') ||
      (written === "''" && char === "'") ||
      (/\s/.test(char) && /^(?:\r?\n)?$/.test(written));
    if (!known || start < previous) wrong.push(`${JSON.stringify(char)} at ${String(index)} from ${JSON.stringify(written)}`);
    previous = start;
  }
  return wrong;
}

const expressionText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...`abc$&.?:"'{}[](),#|>@\`\\/= \t\n%*!-+`.split(''),
        ' ',
        '  ',
        '\n',
        '\n\n',
        ' \n ',
        ': ',
        ' #',
        "''",
        '\n  ',
        'é',
        '😀',
        '\u00a0',
        '\u2028',
      ),
      fc.string({ maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 40 },
  )
  .map((parts) => parts.join(''))
  // YAML takes no control characters, and a carriage return is a line break of the file.
  .filter((text) => !/[^\P{Cc}\n\t]|\ufeff/u.test(text))
  .filter((text) => text.trim() !== '');

const styles = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const;

describe('scalar text', () => {
  for (const style of styles) {
    for (const lineBreak of ['\n', '\r\n']) {
      it(`knows where every character comes from in a ${style} scalar with ${JSON.stringify(lineBreak)} line breaks`, () => {
        fc.assert(
          fc.property(expressionText, fc.integer({ min: 20, max: 80 }), fc.integer({ min: 2, max: 6 }), (text, lineWidth, indent) => {
            const document = new Document({ outer: { before: 'x', value: '', after: 1 } });
            const scalar = new Scalar(text);
            scalar.type = style;
            document.setIn(['outer', 'value'], scalar);
            const file = document.toString({ lineWidth, indent }).replaceAll('\n', lineBreak);
            // The stringifier writes a few plain scalars that no parser takes, such as a colon at the end of a line.
            fc.pre(parseYaml(file).document.errors.length === 0);
            expect(misplaced(file, scalarAt(file, 'outer', 'value'))).toEqual([]);
          }),
          { numRuns: 150 },
        );
      });
    }
  }

  it('agrees with the parser about scalars written by hand in any style', () => {
    const piece = fc.constantFrom(
      'a',
      'b c',
      "it''s",
      '\\n',
      '\\"',
      '\\u00e9',
      '\\U0001F600',
      '\\\n',
      ' ',
      '  ',
      '\n',
      '\n\n',
      '\n   ',
      '\n     ',
      '\t',
      '& "x"',
      '$f(1)',
    );
    const opener = fc.constantFrom("'", '"', '|\n', '>\n', '|-\n', '>+\n', '|2\n', '>2-\n', '|+\n', '>1\n', '');
    fc.assert(
      fc.property(opener, fc.array(piece, { minLength: 1, maxLength: 14 }), fc.constantFrom('', '\n', '\n\n'), (open, pieces, end) => {
        const quote = open === "'" || open === '"' ? open : '';
        const body = pieces.join('').replaceAll('\n', '\n    ');
        const file = `a:\n  b: ${open}${quote === '' && open !== '' ? '    ' : ''}${body}${quote}${end}\n`;
        const parsed = parseYaml(file);
        const { root } = buildTree(parsed);
        const outer = root?.kind === 'map' ? entryOf(root, 'a')?.value : undefined;
        const value = outer?.kind === 'map' ? entryOf(outer, 'b')?.value : undefined;
        fc.pre(parsed.document.errors.length === 0 && value?.kind === 'scalar' && typeof value.value === 'string');
        expect(value?.kind === 'scalar' ? misplaced(file, value) : ['no scalar']).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['plain over lines', 'k: one\n  two\n\n  three\n', 'one two\nthree'],
    ['single quotes', "k: 'it''s\n  here'\n", "it's here"],
    ['double quotes', 'k: "a\\tb\\\n   c\\u0041"\n', 'a\tbcA'],
    ['literal', 'k: |\n  a\n    b\n\n  c\n', 'a\n  b\n\nc\n'],
    ['literal with indicator', 'k: |1-\n  a\n b\n', ' a\nb'],
    ['folded', 'k: >-\n  a\n  b\n    more\n  c\n', 'a b\n  more\nc'],
    ['kept', 'k: |+\n  a\n\n', 'a\n\n'],
    ['empty kept', 'k: |+\n\n\n', '\n\n'],
  ])('decodes %s', (_, file, expected) => {
    const scalar = scalarAt(file, 'k');
    expect(scalar.decoded().text).toBe(expected);
    expect(misplaced(file, scalar)).toEqual([]);
  });

  it('marks the end of the text with an empty range after the last character', () => {
    const scalar = scalarAt('k: abc\n', 'k');
    expect(scalar.decoded().rangeOf(3)).toEqual([6, 6]);
    expect(scalar.decoded().rangeOf(1, 2)).toEqual([4, 6]);
    expect(scalar.decoded().rangeOf(99)).toEqual([6, 6]);
  });

  it('keeps a surrogate pair that is one escape at one place', () => {
    const scalar = scalarAt('k: "x\\U0001F600y"\n', 'k');
    const decoded = scalar.decoded();
    expect([1, 2, 3].map((offset) => decoded.rangeOf(offset))).toEqual([
      [5, 15],
      [5, 15],
      [15, 16],
    ]);
  });
});
