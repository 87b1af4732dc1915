import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashText, type Json } from '../domain/canonical-json.ts';
import { takeDraftText } from '../domain/kept-texts.ts';
import { loadPipeline } from '../pipeline/load.ts';
import type { ColumnDeclaration } from '../pipeline/pipeline.ts';
import { validatePayload } from '../scim/index.ts';
import { compileMapping, readLookups } from './compile-mapping.ts';
import { compileUnit } from './compile-unit.ts';

const texts = fc.oneof(
  fc.constantFrom('Zoë', "O'Brien", ' ', '', 'a\u0000b', 'x'.repeat(300), '\ud800', 'UK', 'DE', 'Europe/Berlin', 'Nowhere/Else', '1) + (2'),
  fc.string({ maxLength: 12 }),
);
const days = fc.constantFrom('2020-02-29', '2026-11-02', '2026-11-10', '2030-01-01', '9999-12-31', '2021-02-30');

function valueOf({ type, values }: ColumnDeclaration): fc.Arbitrary<Json> {
  const usual: fc.Arbitrary<Json> =
    values !== undefined
      ? fc.constantFrom(...values)
      : type === 'boolean'
        ? fc.boolean()
        : type === 'integer'
          ? fc.nat()
          : type === 'date'
            ? days
            : texts;
  // Now and then NULL, or what the column must not hold.
  return fc.oneof(
    { weight: 12, arbitrary: usual },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.oneof(texts, fc.integer()) },
  );
}

test.each(['contoso.yaml', 'contoso-dirty.yaml'])(
  '%s gives by one pass over all formulas the verdicts that it gives formula by formula',
  async (name) => {
    const file = fileURLToPath(new URL(`../../pipelines/${name}`, import.meta.url));
    const { pipeline } = loadPipeline(file, { environment: {}, unset: 'standIn' });
    if (pipeline === undefined) throw new Error(`${name} does not load`);
    const together = compileMapping(pipeline).mapping;
    // A mapping that compares engines now and then evaluates each formula alone.
    const apart = compileMapping(pipeline, { verify: 1_000_000_000 }).mapping;
    const columns = pipeline.source.columns ?? [];
    const rows = fc.record(Object.fromEntries(columns.map((column) => [column.name, valueOf(column)])));
    const asOf = Date.parse('2026-11-05T08:00:00Z');
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(rows, texts, async (values, key) => {
        const group = { key, fingerprint: 'f', rows: [{ key, values, fingerprint: 'f', ordinal: 1 }] };
        const verdict = await together?.evaluate(group, asOf);
        expect(verdict).toEqual(await apart?.evaluate(group, asOf));
        kinds.add(verdict?.kind ?? '');
        if (verdict?.kind !== 'draft') return;
        // What was not looked at again, because all of it was simple, is valid.
        const { payload, once, empty, preHire, manager, hash } = verdict.draft;
        const rule = pipeline.transform.attributes.find((one) => one.outside !== undefined)?.outside ?? 'omit';
        const outside = manager === undefined || rule === 'omit' ? [] : [rule];
        // What is composed of texts is what one writing of it all would be.
        expect(hash).toBe(hashText(JSON.stringify([payload, empty, once, preHire, ...outside])));
        expect(takeDraftText(verdict.draft)).toBe(JSON.stringify(verdict.draft));
        const pending = [...once, ...empty].map(({ path }) => path);
        const problems = validatePayload(payload, pipeline.sink.extensions, pending);
        expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(verdict.warnings.length).toBeGreaterThanOrEqual(problems.filter(({ code }) => code !== 'SCM-108').length);
      }),
      { numRuns: 400, seed: 1 },
    );
    expect([...kinds]).toEqual(expect.arrayContaining(['draft', 'rejected']));
    const { lookups } = readLookups(pipeline, {});
    expect(compileUnit(pipeline, lookups, { asOf }, undefined).unit?.fused?.make()?.indexOf.size).toBeGreaterThan(10);
  },
);

test('formulas become code with the first row, unless somebody wants to know which of them cannot', async () => {
  const { pipeline } = loadPipeline(fileURLToPath(new URL('../../pipelines/contoso.yaml', import.meta.url)), {
    environment: {},
    unset: 'standIn',
  });
  if (pipeline === undefined) throw new Error('the pipeline is not valid');
  const { lookups } = readLookups(pipeline, {});
  const { unit } = compileUnit(pipeline, lookups, { asOf: 0 }, undefined);
  expect(unit?.fused?.made).toBeUndefined();
  expect(unit?.fused?.make()).toBe(unit?.fused?.made);
  expect(unit?.fused?.made?.unit.compiled).toBe(true);
});
