import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from './diagnostic.ts';
import { JoineryError } from './error.ts';
import type { ErrorDeclaration } from './errors/define.ts';
import { errorRegistry } from './errors/registry.ts';
import { exitClassOf, exitCodes, firstExitClass } from './exit.ts';

describe('the error registry', () => {
  it('has codes of one form, each with a title, a reason and a way out', () => {
    const declarations: readonly (readonly [string, ErrorDeclaration])[] = Object.entries(errorRegistry);
    const odd = declarations.filter(
      ([code, { title, why, fix }]) => !/^[A-Z]{3}-\d{3}$/.test(code) || title.length < 6 || why.length < 11 || fix.length < 11,
    );
    expect(odd.map(([code]) => code)).toEqual([]);
  });
});

describe('JoineryError', () => {
  it('carries code, reason and way out from the registry into JSON, and no stack', () => {
    const json = new JoineryError('DOM-001', 'broken', { place: { file: 'a.yaml', line: 2, column: 3 } }).toJSON();
    expect(json).toMatchObject({ code: 'DOM-001', message: 'broken', at: 'a.yaml:2:3' });
    expect(Object.keys(json)).not.toContain('stack');
  });

  it('classifies what is not ours as internal', () => {
    expect(exitClassOf(new Error('x'))).toBe('internal');
    expect(exitClassOf(new JoineryError('DOM-002', 'stop'))).toBe('interrupted');
  });

  it('takes the first class that applies, in the order of the table', () => {
    expect(firstExitClass(['rejections', 'guard', 'success'])).toBe('guard');
    expect(firstExitClass([])).toBe('success');
    expect(new Set(Object.values(exitCodes)).size).toBe(Object.keys(exitCodes).length);
  });
});

describe('a rendered diagnostic', () => {
  it('shows the line with a caret under the marked text, keeping tabs', () => {
    const text = renderDiagnostic(
      {
        code: 'DOM-001',
        severity: 'error',
        message: 'odd',
        why: 'because',
        fix: 'do this',
        place: { file: 'p.yaml', line: 2, column: 3, endColumn: 6 },
      },
      () => 'first\n\tx abc\n',
    );
    expect(text.split('\n')).toEqual([
      'error DOM-001: odd',
      '  --> p.yaml:2:3',
      '   |',
      ' 2 | \tx abc',
      '   | \t ^^^',
      '  why: because',
      '  fix: do this',
    ]);
  });
});
