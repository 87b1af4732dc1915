import { expect, it } from 'vitest';
import { visible, visibleLine } from './visible.ts';

it('shows what would steer a terminal, and leaves colours, lines, tabs and letters', () => {
  expect(visible('a\u001B]52;c;aGk=\u0007\u001B[2J\rb\u009Bc\u202Egnp')).toBe(
    'a\\u{1b}]52;c;aGk=\\u{7}\\u{1b}[2J\\u{d}b\\u{9b}c\\u{202e}gnp',
  );
  const fine = '\u001B[31mred\u001B[39m\r\n\tZoë 👩‍👩‍👧 ‏עברית';
  expect(visible(fine)).toBe(fine);
});

it('keeps a line of a log one line', () => {
  expect(visibleLine('worker W\n  ✓ batch\t1')).toBe('worker W\\u{a}  ✓ batch\\u{9}1');
});
