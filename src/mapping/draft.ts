import { hashText, type Json } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import { keepDraftText } from '../domain/kept-texts.ts';
import type { Draft } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import { assignAttribute, checkSimpleValue, isEmpty, managerPath, validatePayload } from '../scim/index.ts';
import { toJson } from './plain-value.ts';
import type { RowEvaluation } from './row-evaluation.ts';
import type { Steps } from './step.ts';
import type { CompiledAttribute, MappingUnit, WhenEmpty } from './unit.ts';

/**
 * Maps one row to a draft. Everything wrong goes into the evaluation's reasons and warnings; undefined if there is any reason. `active` is known.
 */
export function* buildDraft(
  unit: MappingUnit,
  evaluation: RowEvaluation,
  externalId: ExternalId,
  active: boolean,
  preHire: boolean,
): Steps<Draft | undefined> {
  const values = evaluation.knownAll(unit.attributes) ?? (yield* valuesOf(unit, evaluation));
  return draftOf(unit, evaluation, { externalId, active, preHire }, values);
}

/** Value by value, where one pass over all of them did not give them. */
function* valuesOf(unit: MappingUnit, evaluation: RowEvaluation): Steps<readonly unknown[]> {
  const values: unknown[] = [];
  for (const { formula, target } of unit.attributes) {
    const outcome = yield* evaluation.evaluate(formula, target.path);
    values.push(outcome.kind === 'value' ? outcome.value : unreadable);
  }
  return values;
}

/** `values`: one for each attribute. */
function draftOf(
  unit: MappingUnit,
  evaluation: RowEvaluation,
  { externalId, active, preHire }: { readonly externalId: ExternalId; readonly active: boolean; readonly preHire: boolean },
  values: readonly unknown[],
): Draft | undefined {
  const { reasons, warnings } = evaluation;
  const payload: Payload & Record<string, Json> = { schemas: unit.schemas, externalId, active };
  const empty: WhenEmpty[] = [];
  const once: { path: AttributePath; candidates: readonly string[]; renames?: true }[] = [];
  let manager: ExternalId | undefined;
  /** What becomes of a manager who is unknown decides about the payload as well. */
  let outside: 'keep' | 'reject' | undefined;
  /** Nothing but simple values that fit: then no more can be wrong with the payload than is looked at here. */
  let isPlain = isPlainId(externalId);
  let index = 0;
  for (const attribute of unit.attributes) {
    const { declaration, target } = attribute;
    const value = readValue(attribute, values[index++], reasons);
    if (value === unreadable) continue;
    if (declaration.once) {
      const candidates = readCandidates(attribute, value, reasons);
      if (candidates === undefined) continue;
      if (candidates.length > 0) once.push({ path: target.path, candidates, ...(declaration.renames ? { renames: true } : {}) });
      else addEmpty(attribute, empty, reasons);
      continue;
    }
    const isOwnManager = target.path === managerPath && value === externalId;
    if (isOwnManager) warnings.push(ownManager(attribute));
    if (value === undefined || isOwnManager || isEmpty(value)) {
      addEmpty(attribute, empty, reasons);
      continue;
    }
    assignAttribute(payload, target.parsed, value);
    isPlain &&= attribute.isSimple && checkSimpleValue(target.attribute, value) === undefined;
    if (target.path !== managerPath || typeof value !== 'string') continue;
    manager = value;
    if (declaration.outside !== undefined && declaration.outside !== 'omit') outside = declaration.outside;
  }
  if (!isPlain || !unit.required.every((name) => Object.hasOwn(payload, name) || once.some(({ path }) => path === name))) {
    checkPayload(unit, payload, [...once.map(({ path }) => path), ...empty.map(({ member }) => member.path)], evaluation);
  }
  if (reasons.length > 0 || evaluation.checked.violations.size > 0) return undefined;
  Object.freeze(payload);
  const text = JSON.stringify(payload);
  const emptyText = textOfList(empty);
  const onceText = JSON.stringify(once);
  const managerText = manager === undefined ? '' : `,"manager":${JSON.stringify(manager)}`;
  // Built in the order of the mapping, so that equal drafts of one mapping are equal texts without sorting.
  const hash = hashText(`[${text},${emptyText},${onceText},${String(preHire)}${outside === undefined ? '' : `,"${outside}"`}]`);
  const draft = Object.freeze<Draft>({
    active,
    preHire,
    payload,
    empty: empty.map(({ member }) => member),
    once,
    ...(manager === undefined ? {} : { manager }),
    hash,
  });
  keepDraftText(
    draft,
    `{"active":${String(active)},"preHire":${String(preHire)},"payload":${text},"empty":${emptyText},"once":${onceText}${managerText},"hash":"${hash}"}`,
  );
  return draft;
}

/** By hand: for V8, lists that `map` makes of no member, of one and of several are three kinds of things, and it would compile the whole of `draftOf` anew for each. */
function textOfList(empty: readonly WhenEmpty[]): string {
  let text = '[';
  for (const one of empty) text += text === '[' ? one.text : `,${one.text}`;
  return `${text}]`;
}

/** Of a longer one there is a warning. */
export const longestPlainId = 256;

/** An id in which validation can find nothing: printable ASCII, not blank, not long. */
function isPlainId(externalId: ExternalId): boolean {
  return externalId.length <= longestPlainId && /^[!-~]+$/.test(externalId);
}

const unreadable = Symbol('unreadable');

function readValue(attribute: CompiledAttribute, value: unknown, reasons: Diagnostic[]): Json | undefined | typeof unreadable {
  // Nearly all of them.
  if (typeof value === 'string' || value === unreadable) return value;
  const plain = toJson(value);
  if (!('problem' in plain)) return plain.value;
  reasons.push(reasonAt(attribute, 'MAP-215', `${attribute.target.path} came out as ${plain.problem}`));
  return unreadable;
}

/** One text or a list of them, without repetitions and empties. */
function readCandidates(attribute: CompiledAttribute, value: Json | undefined, reasons: Diagnostic[]): readonly string[] | undefined {
  const list: readonly Json[] = value === undefined || value === null ? [] : isList(value) ? value : [value];
  const candidates = new Set<string>();
  for (const candidate of list) {
    if (typeof candidate === 'string') {
      if (candidate.trim() !== '') candidates.add(candidate);
    } else if (candidate !== null) {
      reasons.push(reasonAt(attribute, 'SCM-102', `${attribute.target.path}: a candidate is no text`));
      return undefined;
    }
  }
  return [...candidates];
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** A required attribute is never left to emptiness: without a value the worker is rejected. */
function addEmpty(attribute: CompiledAttribute, empty: WhenEmpty[], reasons: Diagnostic[]): void {
  const { whenEmpty, target } = attribute;
  if (whenEmpty === undefined) reasons.push(reasonAt(attribute, 'MAP-210', `${target.path} is empty`));
  else empty.push(whenEmpty);
}

function ownManager(attribute: CompiledAttribute): Diagnostic {
  const { declaration, target } = attribute;
  return { code: 'MAP-214', severity: 'warning', message: `${target.path} names the worker`, place: declaration.place };
}

function reasonAt(attribute: CompiledAttribute, code: 'MAP-210' | 'MAP-215' | 'SCM-102', message: string): Diagnostic {
  return { code, severity: 'error', message, place: attribute.formula.place };
}

function checkPayload(unit: MappingUnit, payload: Payload, pending: readonly AttributePath[], evaluation: RowEvaluation): void {
  for (const problem of validatePayload(payload, unit.pipeline.sink.extensions, pending)) {
    // Said once for the mapping when it was compiled, not for each worker; a required attribute that failed is a reason already.
    if (problem.code === 'SCM-108') continue;
    if (problem.code === 'SCM-103' && unit.attributes.some(({ target }) => target.path === problem.path)) continue;
    const at = unit.attributes.find(({ target }) => target.path === problem.path || problem.path.startsWith(target.path));
    const place = at?.formula.place ?? unit.pipeline.placeOf('transform.attributes');
    const { code, severity, message, fix } = problem;
    const diagnostic: Diagnostic = { code, severity, message, place, ...(fix === undefined ? {} : { fix }) };
    if (severity === 'error') evaluation.reasons.push(diagnostic);
    else evaluation.warnings.push(diagnostic);
  }
}
