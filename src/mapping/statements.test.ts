import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitStatements } from './statements.ts';

test('statements end at semicolons outside of brackets, texts, comments and regular expressions', () => {
  const text = [
    '/* one; two */ $a := function($x) { ($y := $x; $y & ";") };',
    "$b := function() { ';)' };",
    '$c := function($t) { $replace($t, /[;)}\\/"]+/, "") / 2; };',
    '$d := 4 / 2; $e := `odd;name`;;',
    '$f := function() { 1 } /* end */',
  ].join('\n');
  expect(splitStatements(text).map((statement) => statement.text)).toEqual([
    '$a := function($x) { ($y := $x; $y & ";") }',
    "$b := function() { ';)' }",
    '$c := function($t) { $replace($t, /[;)}\\/"]+/, "") / 2; }',
    '$d := 4 / 2',
    '$e := `odd;name`',
    '$f := function() { 1 }',
  ]);
});

test('the offset of a statement is where its text stands', () => {
  const pieces = fc.constantFrom('$a := 1', '"x;y"', '/;/', '/* c; */', 'a / b', '{ ";": 1 }', '\n', ';', ' and /x;/', '(', ')');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join(' ');
      const statements = splitStatements(text);
      const texts = statements.map((one) => one.text);
      expect(statements.map((one) => text.slice(one.offset, one.offset + one.text.length))).toEqual(texts);
      expect(texts.map((one) => one.trim())).toEqual(texts);
    }),
  );
});

test('it ends on any text, and only semicolons, blanks and comments are outside of statements', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('$', 'a', ';', '/', '*', '"', "'", '`', '\\', '(', '[', '{', ')', ']', '}', ' ', '\n') }),
      (text) => {
        const statements = splitStatements(text);
        let at = 0;
        for (const statement of [...statements, { text: '', offset: text.length }]) {
          expect(text.slice(at, statement.offset).replaceAll(/\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|[;\s]/g, '')).toBe('');
          at = statement.offset + statement.text.length;
        }
      },
    ),
  );
});
