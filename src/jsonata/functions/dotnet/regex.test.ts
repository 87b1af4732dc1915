import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JoineryError } from '../../../domain/error.ts';
import { compileRegex } from './regex.ts';
import { extractGroup, replaceGroup, replaceMatches } from './regex-replace.ts';

const replaceAll = (text: string, pattern: string, by = '_'): string => replaceMatches(text, pattern, by, 'test');

const exponential = 'a repetition inside a repetition, or of alternatives that are alike, can take exponential time';

describe('a regular expression of .NET', () => {
  it.each([
    // Digits, words and blanks are those of Unicode.
    ['٤2', String.raw`\d`, '__'],
    ['né_é-1', String.raw`\w+`, '_-_'],
    ['a\u00a0b\u2003c', String.raw`\s`, 'a_b_c'],
    ['é e', String.raw`\be`, 'é _'],
    ['Éa', String.raw`\Ba`, 'É_'],
    ['a1é', String.raw`[^\W\d]`, '_1_'],
    // The point excludes the newline only, and the dollar stands before a last newline too.
    ['a\rb\nc', 'a.b', '_\nc'],
    ['ab\n', 'b$', 'a_\n'],
    ['ab\n', String.raw`b\Z`, 'a_\n'],
    ['ab\n', String.raw`b\z`, 'ab\n'],
    ['b\nb', '(?m)^b', '_\n_'],
    ['a\nb', '(?s)a.b', '_'],
    ['AbC', '(?i)abc', '_'],
    // Characters that JavaScript wants escaped, and escapes that it does not know.
    ['a{b}c]', '[{}]|]', 'a_b_c_'],
    ['a/b\\c', String.raw`[\/\\\[\]\:\;\|\=\,\+\*\?\<\>]`, 'a_b_c'],
    ['a-b_c', String.raw`[\-_]`, 'a_b_c'],
    ['x&&y--z', '[&-]+', 'x_y_z'],
    ['a]b', '[]]', 'a_b'],
    ['hello', '[a-z-[aeiou]]', '_e__o'],
    ["a'b", String.raw`\'`, 'a_b'],
    ['a b', String.raw`\x20|\u0041`, 'a_b'],
    ['ab', '(?#comment)b', 'a_'],
    ['aab', String.raw`(?'l'a)\k<l>`, '_b'],
    ['x', 'a*', '_x_'],
  ])('%j with %s', (text, pattern, result) => {
    expect(replaceAll(text, pattern)).toBe(result);
  });

  it.each([
    ['$1-$2', 'b-a'],
    // Named groups are numbered after the others, which a JavaScript engine does not do.
    ['$3', 'x'],
    ['${named}', 'x'],
    ['${1}0', 'b0'],
    ['$$1', '$1'],
    ['[$&]', '[xba]'],
    ["$`|$'", '<|>'],
    ['$_', '<xba>'],
    ['$+', 'a'],
    ['$9${none}', '$9${none}'],
  ])('writes the replacement %s', (replacement, result) => {
    expect(replaceAll('<xba>', '(?<named>x)(b)(a)', replacement)).toBe(`<${result}>`);
  });

  it('replaces only the text of a group, in every match in which it took part', () => {
    expect(replaceGroup('a1 b2 a3', String.raw`(?:a(?<n>\d))|b\d`, 'n', '#', 'test')).toBe('a# b2 a#');
    expect(replaceGroup('a1', String.raw`a\d`, 'none', '#', 'test')).toBe('a1');
  });

  it('finds the text of a group in the first match, every time', () => {
    const find = (): string | undefined => extractGroup('a1 a2', String.raw`a(?<n>\d)`, 'n', 'test');
    expect([find(), find()]).toEqual(['1', '1']);
    expect(extractGroup('b', String.raw`a(?<n>\d)`, 'n', 'test')).toBeUndefined();
  });

  it.each([
    ['(', 'a parenthesis is not closed'],
    [')', 'a closing parenthesis has no opening one'],
    ['[a', 'a character class is not closed'],
    ['*', 'a repetition has nothing to repeat'],
    ['a\\', 'it ends with a backslash'],
    ['(?>a)', '(?>a… has no equivalent in JavaScript'],
    ['(?(a)b|c)', '(?(a… has no equivalent in JavaScript'],
    ['a(?i)b', '(?i)… has no equivalent in JavaScript'],
    [String.raw`\p{IsGreek}`, 'the Unicode block IsGreek has no equivalent in JavaScript'],
    [String.raw`\G`, String.raw`the escape \G is not known`],
    [String.raw`\1`, 'the back reference 1 has no group before it'],
    ['(?<a>x)(?<a>y)', 'the group a exists twice'],
    ['(?n)(a)', 'the option n is not supported'],
    ['[a-z-[b]c]', 'a subtraction must stand at the end of its class'],
    ['a{2,1}', 'it is not well formed'],
    ['(a+)+', exponential],
    ['(a*|b)*', exponential],
    ['((a?b*)+)', exponential],
    [String.raw`(?:\d+|x)*y`, exponential],
    [String.raw`(\w|\d)*$`, exponential],
    ['(a|ab|b)*c', exponential],
    ['(a|a)+', exponential],
    ['(aa?)+', exponential],
    ['(.*,)*x', exponential],
    [String.raw`(\w+\w)+`, exponential],
    ['(a{1,3}){20,}', exponential],
  ])('%s is refused with the reason', (pattern, reason) => {
    expect(() => compileRegex(pattern, 'test')).toThrow(`cannot be used: ${reason}`);
    expect(() => compileRegex(pattern, 'test')).toThrow(JoineryError);
  });

  it.each([
    '(\\.)*$',
    '(?<Suffix>@(.)*)',
    '(\\w+\\s)+',
    '(?:CN|OU|DC)=',
    '^.*?,(?=(?:CN|OU|DC)=)',
    '(a{3})+',
    '(.*?)(?<id>.{0,10})$',
    '(?:ab|ac)*',
    String.raw`(\d{3}-?)+`,
    '(?:[a-z]|[0-9])+',
    '(?:CN|OU|DC)*',
    '(a+){3}',
  ])('%s is taken: what it repeats has something that must be there', (pattern) => {
    expect(() => compileRegex(pattern, 'test')).not.toThrow();
  });

  it('means the same as in JavaScript for what both write alike', () => {
    const piece = fc.constantFrom('a', 'b', '[ab]', '[^a]', '(b)', '(?:ab)', '(a|b)', '^', '\\.', '(?:x{2})');
    const quantifier = fc.constantFrom('', '', '*', '+', '?', '*?', '{1,2}');
    const pattern = fc
      .array(fc.tuple(piece, quantifier), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.map(([one, many]) => one + (one === '^' ? '' : many)).join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'x', '.'), maxLength: 12 });
    fc.assert(
      fc.property(text, pattern, (subject, source) => {
        expect(replaceAll(subject, source, '<$&>')).toBe(subject.replaceAll(new RegExp(source, 'g'), '<$&>'));
      }),
      { numRuns: 500 },
    );
  });
});
