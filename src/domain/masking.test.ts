import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskValue, scrubText, Secret } from './masking.ts';

describe('a secret', () => {
  it('does not show itself in text, JSON or the console', () => {
    const secret = new Secret('HR_DATABASE_URL', 'hunter2-very-secret');
    for (const shown of [String(secret), JSON.stringify({ deep: { secret } }), inspect({ deep: { deeper: { secret } } }, { depth: 9 })]) {
      expect(shown).not.toContain('hunter2');
      expect(shown).toContain('HR_DATABASE_URL');
    }
  });
});

describe('masking a value', () => {
  it('shows at most one character of any text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), (text) => {
        expect(maskValue(text)).toMatch(/^[\s\S]{1,2}•••$/u);
      }),
    );
  });
});

describe('scrubbing text from elsewhere', () => {
  it('takes out passwords in URLs, bearer tokens, form secrets and known secrets', () => {
    const text =
      'postgres://hr:pa55@db/x Bearer eyJ.a-b client_secret=abc123&x {"access_token":"tok"} s3cret! the token eyJhbGciOi.eyJhdWQi.c2ln is bad';
    const scrubbed = scrubText(text, [new Secret('S', 's3cret!')]);
    for (const word of ['pa55', 'eyJ', 'abc123', '"tok"', 's3cret', 'c2ln']) expect(scrubbed).not.toContain(word);
    expect(scrubbed).toContain('postgres://hr:•••@db/x');
  });
});
