import type { Json } from '../domain/canonical-json.ts';
import { maskValue, scrubText } from '../domain/masking.ts';
import type { AttributeClass, AttributePath, Payload } from '../domain/payload.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { differences } from '../scim/index.ts';

/** Shows values of a pipeline's attributes and columns as openly as their class allows. */
export interface Masks {
  /** False once somebody gave a reason to see everything. */
  readonly masked: boolean;
  classOf(path: AttributePath): AttributeClass;
  /** An attribute's value as text. */
  attribute(path: AttributePath, value: Json | undefined): string;
  /** A column's value as text: columns with a closed list of values and booleans are shown, all others are masked. */
  column(name: string, value: Json | undefined): string;
  /** A value that belongs to neither, such as a let's. */
  value(value: Json | undefined): string;
  /** Text of the service or of a message, in which the given personal values and everything that looks like an address is masked. */
  text(text: string, personal?: Json): string;
}

/** Not about the person: shown always. */
const structural = new Set(['schemas', 'externalId', 'active']);

export function masksOf(pipeline: Pipeline, reveal = false): Masks {
  const classes = new Map(pipeline.transform.attributes.map((attribute) => [attribute.path, attribute.class]));
  const closed = new Set(
    (pipeline.source.columns ?? []).filter(({ values, type }) => values !== undefined || type === 'boolean').map(({ name }) => name),
  );
  const classOf = (path: AttributePath): AttributeClass => (structural.has(path) ? 'public' : (classes.get(path) ?? 'personal'));
  const shown = (open: boolean, value: Json | undefined): string => (reveal || open ? plain(value) : maskValue(value));
  return {
    masked: !reveal,
    classOf,
    attribute: (path, value) => shown(classOf(path) === 'public', value),
    column: (name, value) => shown(name === pipeline.source.key || closed.has(name), value),
    value: (value) => shown(typeof value === 'boolean', value),
    text: (text, personal) => (reveal ? scrubText(text) : hidePersonal(scrubText(text), personal)),
  };
}

/** A value as a person reads it: text without quotes, everything else as JSON. */
export function plain(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

/** Longest first, so that a name inside an address does not leave the rest of it standing. */
function hidePersonal(text: string, personal: Json | undefined): string {
  let out = text.replaceAll(/[^\s"'<>()[\],;:=]+@[^\s"'<>()[\],;:=]+/gu, (address) => maskValue(address));
  for (const value of leavesOf(personal).toSorted((left, right) => right.length - left.length))
    out = out.replaceAll(value, maskValue(value));
  return out;
}

/** Texts of three characters or more; shorter ones stand in every sentence. */
function leavesOf(value: Json | undefined): string[] {
  if (typeof value === 'string') return value.trim().length < 3 ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((member: Json) => leavesOf(member));
}

/** The values of a payload that messages must not repeat; the worker's id is not among them, because every message names him by it. */
export function personalParts(payload: Payload, masks: Pick<Masks, 'classOf'>): Json {
  return differences(undefined, payload)
    .filter((difference) => masks.classOf(difference.path) !== 'public' && difference.new !== payload.externalId)
    .map((difference) => difference.new ?? null);
}
