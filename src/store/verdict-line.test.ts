import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft, Verdict } from '../domain/verdict.ts';
import { keepDraftText, takeDraftText } from '../domain/kept-texts.ts';
import type { TransformItem } from './run-files.ts';
import { verdictLine } from './verdict-line.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '"', '\\', '","draft":{', '\u2028', '\ud83d', '\udc00', '\u{1f600}', '__proto__', 'toJSON', 'Łódź', '\u0000\n'),
);
const diagnostic = fc.record(
  { code: text, severity: fc.constantFrom('error', 'warning'), message: text },
  { requiredKeys: ['code', 'severity', 'message'] },
);
const draft: fc.Arbitrary<Draft> = fc
  .record(
    {
      active: fc.boolean(),
      preHire: fc.boolean(),
      // As `JSON.parse` makes it: `__proto__` is a member like any other.
      payload: fc.dictionary(text, fc.oneof(text, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 5 }),
      empty: fc.array(fc.record({ path: text, rule: fc.constantFrom('keep', 'clear', 'omit') }), { maxLength: 2 }),
      once: fc.array(fc.record({ path: text, candidates: fc.array(text, { maxLength: 2 }) }), { maxLength: 2 }),
      manager: text,
      hash: text,
    },
    { requiredKeys: ['active', 'preHire', 'payload', 'empty', 'once', 'hash'] },
  )
  .map((made) => JSON.parse(JSON.stringify(made)));
const base = {
  externalId: text,
  warnings: fc.array(diagnostic, { maxLength: 2 }),
  nextDate: fc.integer(),
  endedAt: fc.integer(),
  protected: fc.boolean(),
};
const required = ['kind', 'externalId', 'warnings'] as const;
const verdict: fc.Arbitrary<Verdict> = fc
  .oneof(
    fc.record({ kind: fc.constant('draft'), ...base, draft }, { requiredKeys: [...required, 'draft'] }),
    fc.record({ kind: fc.constant('outOfScope'), ...base }, { requiredKeys: [...required] }),
    fc.record(
      { kind: fc.constant('rejected'), ...base, reasons: fc.array(diagnostic, { maxLength: 2 }), saysInactive: fc.boolean() },
      { requiredKeys: [...required, 'reasons', 'saysInactive'] },
    ),
  )
  .map((made) => JSON.parse(JSON.stringify(made)));
const item: fc.Arbitrary<TransformItem> = fc.oneof(
  fc.record(
    { kind: fc.constant('verdict' as const), verdict, fingerprint: text, ordinals: fc.array(fc.nat(), { maxLength: 2 }), identity: text },
    { requiredKeys: ['kind', 'verdict', 'fingerprint', 'ordinals'] },
  ),
  fc.record({ kind: fc.constant('keyless' as const), ordinal: fc.nat() }),
  fc.record({ kind: fc.constant('vanished' as const), externalId: text }),
);

describe('the line of a verdict', () => {
  it('is what JSON.stringify makes of it, whatever was written down before', () => {
    fc.assert(
      fc.property(item, fc.boolean(), (one, isWritten) => {
        if (isWritten && one.kind === 'verdict' && one.verdict.kind === 'draft') {
          const { draft: made } = one.verdict;
          keepDraftText(made, JSON.stringify(made));
        }
        expect(verdictLine(one)).toBe(JSON.stringify(one));
      }),
      { numRuns: 150 },
    );
  });

  const made: Draft = {
    active: true,
    preHire: false,
    payload: { schemas: [], externalId: '7', active: true },
    empty: [],
    once: [],
    hash: '',
  };

  it('takes the text of the draft that was kept, once, and of another draft none', () => {
    const line = (): string =>
      verdictLine({
        kind: 'verdict',
        verdict: { kind: 'draft', externalId: '7', warnings: [], draft: made },
        fingerprint: '',
        ordinals: [1],
      });
    keepDraftText({ ...made }, '{"of":"another"}');
    keepDraftText(made, '{"kept":true}');
    expect(JSON.parse(line())).toMatchObject({ verdict: { draft: { kept: true } }, ordinals: [1] });
    expect(JSON.parse(line())).toMatchObject({ verdict: { draft: made } });
  });

  it('writes anew what was kept too long ago', () => {
    keepDraftText(made, '{"kept":true}');
    for (let index = 0; index < 1000; index++) keepDraftText({ ...made }, '{"of":"another"}');
    expect(takeDraftText(made)).toBe(JSON.stringify(made));
  });
});
