import { canonicalJson, type Json } from '../../domain/canonical-json.ts';
import type { AttributePath, Payload } from '../../domain/payload.ts';
import type { Verdict } from '../../domain/verdict.ts';
import { differences, getAttribute, setAttribute } from '../../scim/index.ts';
import type { Expectation } from './test-file.ts';

/** One thing that came out otherwise than expected. */
export interface Mismatch {
  /** `payload.name.givenName`, `active`, `rejected`: what the expectation calls it. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** Names by which tests may call a mapped attribute, by path. */
export type AttributeNames = ReadonlyMap<string, AttributePath>;

/** Compares a verdict with what a test expects; empty: as expected. */
export function compareVerdict(verdict: Verdict, expected: Expectation, names: AttributeNames): readonly Mismatch[] {
  const found: Mismatch[] = [];
  const { outOfScope, rejected, warnings, saysInactive, active, preHire, payload, attributes } = expected;
  const expectedKind = kindOf(expected);
  if (expectedKind === undefined ? outOfScope === false && verdict.kind === 'outOfScope' : verdict.kind !== expectedKind) {
    const reasons = verdict.kind === 'rejected' ? ` (${verdict.reasons.map(({ code, message }) => `${code} ${message}`).join('; ')})` : '';
    const words = expectedKind === undefined ? 'in scope' : kindWords[expectedKind];
    return [{ what: 'verdict', expected: words, actual: `${kindWords[verdict.kind]}${reasons}` }];
  }
  if (rejected !== undefined && verdict.kind === 'rejected') {
    pushUnlessEqual(found, 'rejected', rejected.toSorted(), verdict.reasons.map(({ code }): string => code).toSorted());
  }
  if (saysInactive !== undefined && verdict.kind === 'rejected') pushUnlessEqual(found, 'saysInactive', saysInactive, verdict.saysInactive);
  if (warnings !== undefined)
    pushUnlessEqual(found, 'warnings', warnings.toSorted(), verdict.warnings.map(({ code }): string => code).toSorted());
  if (verdict.kind !== 'draft') return found;
  const { draft } = verdict;
  if (active !== undefined) pushUnlessEqual(found, 'active', active, draft.active);
  if (preHire !== undefined) pushUnlessEqual(found, 'preHire', preHire, draft.preHire);
  // What a new worker would get if nobody had taken the first candidate.
  const complete = draft.once.reduce((sum, { path, candidates }) => setAttribute(sum, path, candidates[0] ?? null), draft.payload);
  if (payload !== undefined) comparePayload(found, payload, complete);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    const path = names.get(name) ?? name;
    const once = draft.once.find((one) => one.path === path);
    const actual = Array.isArray(value) && once !== undefined ? [...once.candidates] : (getAttribute(complete, path) ?? null);
    pushUnlessEqual(found, `attributes.${name}`, value, actual);
  }
  return found;
}

const kindWords: Readonly<Record<Verdict['kind'], string>> = { draft: 'a payload', outOfScope: 'out of scope', rejected: 'a rejection' };

/** Which kind of verdict the expectation speaks of; undefined: any. */
function kindOf(expected: Expectation): Verdict['kind'] | undefined {
  const { payload, attributes, active, preHire, rejected, saysInactive, outOfScope } = expected;
  if (rejected !== undefined || saysInactive !== undefined) return 'rejected';
  if (outOfScope === true) return 'outOfScope';
  return payload === undefined && attributes === undefined && active === undefined && preHire === undefined ? undefined : 'draft';
}

function comparePayload(found: Mismatch[], expected: Readonly<Record<string, Json>>, actual: Payload): void {
  // `schemas` and `externalId` follow from the pipeline and the row; a test may leave them out.
  const whole: Payload = {
    ...expected,
    schemas: listOf(expected['schemas']) ?? actual.schemas,
    externalId: textOf(expected['externalId']) ?? actual.externalId,
    active: expected['active'] === true,
  };
  if (typeof expected['active'] !== 'boolean')
    found.push({ what: 'payload.active', expected: 'not stated', actual: String(actual.active) });
  for (const { path, old, new: after } of differences(whole, actual))
    found.push({ what: `payload.${path}`, expected: show(old), actual: show(after) });
}

function listOf(value: Json | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function pushUnlessEqual(found: Mismatch[], what: string, expected: Json, actual: Json): void {
  if (canonicalJson(expected) !== canonicalJson(actual)) found.push({ what, expected: show(expected), actual: show(actual) });
}

function show(value: Json | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
