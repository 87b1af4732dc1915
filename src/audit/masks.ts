import type { AttributeDifference } from '../domain/change.ts';
import type { Json } from '../domain/canonical-json.ts';
import { hideValue, maskLeaves, maskTextOf, maskValue, scrubText } from '../domain/masking.ts';
import type { AttributeClass, AttributePath, Payload } from '../domain/payload.ts';
import type { Formula, Pipeline } from '../pipeline/pipeline.ts';
import { namesIn, sensitiveSources } from '../pipeline/sensitivity.ts';
import { differences } from '../scim/index.ts';

/** Shows values of a pipeline's attributes and columns as openly as their class allows. What is sensitive stays masked whatever the reason. */
export interface Masks {
  /** False once somebody gave a reason to see personal values. */
  readonly masked: boolean;
  classOf(path: AttributePath): AttributeClass;
  /** Are values of this attribute shown as they are? */
  isOpen(path: AttributePath): boolean;
  /** An attribute's value as text. */
  attribute(path: AttributePath, value: Json | undefined): string;
  /** A column's value, or a let's (`$name`), as text, by its class; where none is declared the key, booleans and closed lists are shown. */
  named(name: string, value: Json | undefined): string;
  /** Text of the service or of a message, in which the given values and everything that looks like an address are masked. */
  text(text: string, personal?: Json): string;
}

/** Not about the person: shown always. */
const structural = new Set(['schemas', 'externalId', 'active']);

/** @param reveal personal values are shown; only for a reader who gave a reason, which is journalled */
export function masksOf(pipeline: Pipeline, reveal = false): Masks {
  const classes = new Map(pipeline.transform.attributes.map((attribute) => [attribute.path, attribute.class]));
  const columns = columnClasses(pipeline);
  const classOf = (path: AttributePath): AttributeClass => (structural.has(path) ? 'public' : (classes.get(path) ?? 'personal'));
  const isOpen = (path: AttributePath): boolean => classOf(path) === 'public' || (reveal && classOf(path) === 'personal');
  const shown = (openness: AttributeClass, value: Json | undefined): string => {
    if (openness === 'sensitive') return hideValue(value);
    return openness === 'public' || reveal ? plain(value) : maskValue(value);
  };
  return {
    masked: !reveal,
    classOf,
    isOpen,
    attribute: (path, value) => shown(classOf(path), value),
    named(name, value) {
      const declared = columns.get(name);
      return shown(declared ?? (typeof value === 'boolean' ? 'public' : 'personal'), value);
    },
    text: (text, personal) => (reveal ? maskLeaves : maskTextOf)(scrubText(text), personal),
  };
}

/** Classes of columns, and of lets as `$name`, where something is known about them: as declared, or by what is made of them and what they are made of. */
function columnClasses({ source, transform }: Pipeline): ReadonlyMap<string, AttributeClass> {
  const classes = new Map<string, AttributeClass>([[source.key, 'public']]);
  for (const { name, values, type } of source.columns ?? []) if (values !== undefined || type === 'boolean') classes.set(name, 'public');
  for (const name of feedingSensitive(transform)) classes.set(name, 'sensitive');
  for (const name of sensitiveSources(source.columns, transform.let)) classes.set(name, 'sensitive');
  for (const { name, class: declared } of source.columns ?? []) if (declared !== undefined) classes.set(name, declared);
  return classes;
}

/** Stands where a purge took values: an empty cell would say that there never were any. */
export const erasedWord = '(erased)';

/** A purge took the payload but for its key and `active`: a payload that is sent names its schemas. */
export function isErasedPayload({ schemas }: Payload): boolean {
  return schemas.length === 0;
}

/** A purge took old and new: what was not emptied has a new value. */
export function isErasedDifference({ kind, new: next }: AttributeDifference): boolean {
  return next === undefined && kind !== 'emptied';
}

/** Old and new of a difference as text; empty where there was or is nothing, and a word where a purge took the values. */
export function shownDifference(difference: AttributeDifference, masks: Masks): { readonly old: string; readonly new: string } {
  const { path, old, new: next } = difference;
  return {
    old: old === undefined ? '' : masks.attribute(path, old),
    new: isErasedDifference(difference) ? erasedWord : next === undefined ? '' : masks.attribute(path, next),
  };
}

/** A value as a person reads it: text without quotes, everything else as JSON. */
export function plain(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

/** The values of a payload that messages must not repeat; the worker's id is not among them, because every message names him by it. */
export function personalParts(payload: Payload, masks: Pick<Masks, 'isOpen'>): Json {
  return differences(undefined, payload)
    .filter((difference) => !masks.isOpen(difference.path) && difference.new !== payload.externalId)
    .map((difference) => difference.new ?? null);
}

/** Columns, and lets as `$name`, that a sensitive attribute is made of, directly or through lets. A name in a text counts, used or not. */
function feedingSensitive(transform: Pipeline['transform']): ReadonlySet<string> {
  const lets = new Map(transform.let.map(({ name, formula }) => [`$${name}`, formula]));
  const found = new Set<string>();
  const add = (formula: Formula): void => {
    for (const name of namesIn(formula)) {
      if (found.has(name)) continue;
      found.add(name);
      const used = lets.get(name);
      if (used !== undefined) add(used);
    }
  };
  for (const attribute of transform.attributes) if (attribute.class === 'sensitive') add(attribute.formula);
  return found;
}
