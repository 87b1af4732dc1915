import { describe, expect, test } from 'vitest';
import { errorRegistry } from '../domain/errors/registry.ts';
import { outcomes } from '../domain/words.ts';
import { explainCode, outcomeCodes } from './outcome-codes.ts';
import { outcomesPage } from './outcomes-page.ts';
import { retryRules } from './retry-rules.ts';
import { retryRulesPage } from './retry-rules-page.ts';

describe('the generated pages', () => {
  test('have a line for each answer, each outcome and each code', () => {
    for (const rule of retryRules) expect(retryRulesPage.render()).toContain(`| ${rule.answer} |`);
    for (const outcome of outcomes) expect(outcomesPage.render()).toContain(`| ${outcome} |`);
    for (const { code } of outcomeCodes) expect(outcomesPage.render()).toContain(`| \`${code}\` |`);
  });

  test('name only error codes that exist', () => {
    for (const [, code = ''] of retryRulesPage.render().matchAll(/\b(ENT-\d+)/g)) expect(Object.keys(errorRegistry)).toContain(code);
  });
});

describe('a code of the logs', () => {
  test('is explained by itself, by its beginning, or by what the reason says', () => {
    expect(explainCode('InvalidDomain').class).toBe('data');
    expect(explainCode('HybridSynchronizationActiveDirectoryInvalidCredential').class).toBe('target');
    expect(explainCode('', 'Source identifier of an entry cannot be empty').code).toBe('SourceIdentifierEmpty');
    expect(explainCode('Whatever', 'extension_x is not a valid propertyName').class).toBe('mapping');
    expect(explainCode('Whatever', 'something else').code).toBe('unknown');
  });

  test('stands in the table once, and every one says what to do', () => {
    const codes = outcomeCodes.map((known) => known.code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const known of outcomeCodes) expect([known.words, known.todo].every((text) => text.endsWith('.'))).toBe(true);
  });
});
