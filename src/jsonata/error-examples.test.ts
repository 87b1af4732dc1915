import { describe, expect, it } from 'vitest';
import { jsonataErrors } from '../domain/errors/jsonata.ts';
import { compile } from './index.ts';

/** What an expression comes to: the code that it fails with, at load or on a row, or 'fine'. */
async function fateOf(source: string): Promise<unknown> {
  try {
    await compile(source, { guardrails: { steps: 100_000 } }).evaluate({
      first_name: 'Ada',
      last_name: 'L',
      title: 'VP',
      email: 'a@b',
      address: {},
    });
    return 'fine';
  } catch (thrown) {
    return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : thrown;
  }
}

describe('the examples of the engine’s error pages', () => {
  const examples = Object.entries(jsonataErrors).flatMap(([code, declaration]) =>
    code < 'JSN-2' && 'wrong' in declaration && 'right' in declaration
      ? [{ code, wrong: declaration.wrong, right: declaration.right }]
      : [],
  );

  it('are there for every code that an expression alone can raise', () => {
    expect(examples.map(({ code }) => code)).toEqual(['JSN-101', 'JSN-103', 'JSN-104', 'JSN-105', 'JSN-106', 'JSN-107', 'JSN-108']);
  });

  it.each(examples)('$code: the wrong one raises it, the right one does not', async ({ code, wrong, right }) => {
    expect(await fateOf(wrong)).toBe(code);
    expect(await fateOf(right)).toBe('fine');
  });
});
