import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../domain/change.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { keepPayloadText, payloadText } from '../domain/kept-texts.ts';
import { planLine } from './plan-line.ts';
import type { PlanLine } from './run-files.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '","change":{',
    '"payload":{}',
    '\u2028',
    '\ud83d',
    '\udc00',
    '\u{1f600}',
    '__proto__',
    'toJSON',
    'Łódź',
    '\u0000\n',
  ),
);
const payload = fc.dictionary(text, fc.oneof(text, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 6 });
const change = fc.record(
  {
    externalId: text,
    change: fc.constantFrom('mover', 'leaver', 'none'),
    baseline: text,
    payload,
    payloadHash: text,
    differences: fc.array(fc.record({ path: text, old: text, new: text }), { maxLength: 2 }),
    send: fc.boolean(),
    manager: text,
  },
  { requiredKeys: ['externalId', 'change', 'baseline', 'payload', 'payloadHash', 'differences', 'send'] },
);
const line: fc.Arbitrary<PlanLine> = fc
  .record(
    { externalId: text, evaluated: fc.dictionary(text, text, { maxKeys: 3 }), missing: fc.boolean(), claim: fc.constant('none'), change },
    { requiredKeys: ['externalId'] },
  )
  // As `JSON.parse` makes it: `__proto__` is a member like any other.
  .map((made) => JSON.parse(JSON.stringify(made)));

describe('the line of a worker in a plan', () => {
  it('is the document that JSON.stringify makes of it, whether or not its payload was written down before', () => {
    fc.assert(
      fc.property(line, fc.boolean(), (one, isWritten) => {
        if (isWritten && one.change !== undefined) keepPayloadText(one.change.payload, canonicalJson(one.change.payload));
        expect(JSON.parse(planLine(one))).toEqual(JSON.parse(JSON.stringify(one)));
      }),
      { numRuns: 150 },
    );
  });

  const lineOf = (payloadOf: object): PlanLine & { readonly change: Change } =>
    JSON.parse(JSON.stringify({ externalId: '7', change: { payload: payloadOf, send: true } }));

  it('holds the payload as it was written down', () => {
    const made = lineOf({ title: 'A', active: true });
    keepPayloadText(made.change.payload, canonicalJson(made.change.payload));
    expect(planLine(made)).toBe('{"externalId":"7","change":{"payload":{"active":true,"title":"A"},"send":true}}');
  });

  it('takes no text that was kept of another payload, however alike, nor one that was taken', () => {
    const made = lineOf({ title: 'A' });
    const { payload: own } = made.change;
    keepPayloadText({ ...own }, '{"of":"another"}');
    keepPayloadText(own, '{"kept":true}');
    expect(payloadText(own)).toBe('{"kept":true}');
    expect(planLine(made)).toContain('"payload":{"kept":true}');
    expect(planLine(made)).toContain('"payload":{"title":"A"}');
  });
});
