import type { AttributeClass, AttributePath, Emptiness } from '../domain/payload.ts';
import { enterpriseName, extensionOf, extensionPath, multiValuedAttributes, reservedAttributes, typedPath } from './attribute-paths.ts';
import { formula, formulaSchema, readConst, readFormula } from './formula.ts';
import { join, map, optional, reportKind, type JsonSchema, type Kind } from './kind.ts';
import { choice } from './kinds.ts';
import type { Range } from './line-index.ts';
import type { Formula, LiteralValue } from './pipeline.ts';
import type { Reading } from './reading.ts';
import { entryOf, type YamlEntry, type YamlMap, type YamlNode } from './yaml-tree.ts';

/** One attribute as it stands in the file, before defaults that depend on the whole pipeline. */
export interface AttributeText {
  readonly path: AttributePath;
  /** Path of the field in the file. */
  readonly field: string;
  readonly keyRange: Range;
  readonly formula: Formula;
  readonly empty?: Emptiness;
  readonly class?: AttributeClass;
  /** undefined: not said. */
  readonly once?: boolean;
  readonly onChange?: 'keep' | 'rename';
  readonly outside?: 'omit' | 'keep' | 'reject';
}

const literalOnly: Kind<LiteralValue> = {
  words: 'literal text, a number, a boolean or null',
  schema: { type: ['string', 'number', 'boolean', 'null'] },
  read: readConst,
};

/** The long form of an attribute. */
const attributeOptions = map({
  value: optional(formula, {
    doc: 'The value, computed each time.',
    danger: 'For userName this gives up the default of once: the name then follows the row, and a marriage renames an account.',
    example: 'department',
  }),
  once: optional(formula, {
    doc: 'Computed once and kept for life: one candidate, or a list in order of preference, of which the first free one is taken.',
    example: `'$mailNickname($given, last_name) & "@contoso.example"'`,
  }),
  onChange: optional(choice(['keep', 'rename'] as const), {
    doc: 'Only with once: what happens when the candidates of a worker change and the value that he has is no longer among them. keep (the default) leaves it for life, rename takes the first free candidate.',
    danger: 'rename changes how people sign in when HR corrects a spelling; guards.renames limits how many at once.',
    example: 'rename',
  }),
  outside: optional(choice(['omit', 'keep', 'reject'] as const), {
    doc: 'Only for the manager: what happens when he is neither in the ledger nor in the plan, so that the service could not find him. omit (the default) sends the worker without one, keep sends the confirmed manager again, reject rejects the worker. When the manager is confirmed, the worker is sent once more.',
    danger: 'reject keeps joiners without an account until their manager has one.',
    example: 'keep',
  }),
  const: optional(literalOnly, { doc: 'Literal text, not an expression.', example: 'Contoso Ltd' }),
  empty: optional(choice(['keep', 'clear', 'omit', 'reject'] as const), {
    doc: 'What to do where the attribute comes out empty. keep (the default) sends the confirmed value again, clear sends null, omit leaves it out, reject rejects the worker.',
    danger: 'clear works only where the job is set to clear the attribute (sink.clearing), and omit clears too in a tenant that is set so.',
    example: 'clear',
  }),
  class: optional(choice(['public', 'personal', 'sensitive'] as const), {
    doc: 'How openly values are shown in plans, reports and messages: public as they are, personal masked where the reader asks for it, sensitive always masked. The default is personal, public for active, and sensitive for what is made of a sensitive column.',
    example: 'sensitive',
  }),
});

const valueNames = ['value', 'once', 'const'];
const optionNames = Object.keys(attributeOptions.fields);
const typeName = /^[A-Za-z][\w-]*$/;

const attributeReference = { $ref: '#/$defs/attribute' };
/** Shared parts of the JSON Schema: an attribute, an attribute that may have parts, and one value of a multi-valued attribute. */
export const attributeSchemas: Readonly<Record<string, JsonSchema>> = {
  attribute: { anyOf: [...schemasOf(formulaSchema).slice(0, 1), attributeOptions.schema] },
  nested: {
    anyOf: [
      attributeReference,
      {
        type: 'object',
        propertyNames: { pattern: '^(?!(value|once|onChange|outside|const|empty|class)$)' },
        additionalProperties: attributeReference,
      },
    ],
  },
  element: { anyOf: [attributeReference, { type: 'object', additionalProperties: attributeReference }] },
};

function schemasOf(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf } = schema;
  return Array.isArray(anyOf)
    ? anyOf.filter((one): one is JsonSchema => typeof one === 'object' && one !== null && !Array.isArray(one))
    : [];
}

/** `transform.attributes`: nested maps that end in formulas. */
export const attributes: Kind<readonly AttributeText[]> = {
  words: 'a map of SCIM attributes',
  named: { name: 'ATTRIBUTE', kind: attributeOptions },
  schema: {
    type: 'object',
    properties: Object.fromEntries([
      ...[...multiValuedAttributes].map((name) => [name, { type: 'object', additionalProperties: { $ref: '#/$defs/element' } }] as const),
      [enterpriseName, { type: 'object', additionalProperties: { $ref: '#/$defs/nested' } }] as const,
    ]),
    patternProperties: { '^[uU][rR][nN]:': { type: 'object', additionalProperties: { $ref: '#/$defs/nested' } } },
    additionalProperties: { $ref: '#/$defs/nested' },
    required: ['active'],
  },
  read(node, path, reading) {
    if (node.kind !== 'map') return reportKind(reading, node, path, 'a map of SCIM attributes');
    const walk = new AttributeWalk(reading);
    walk.core(node, path);
    return walk.found;
  },
};

class AttributeWalk {
  readonly found: AttributeText[] = [];
  readonly #reading: Reading;
  readonly #byPath = new Map<string, string>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  core(node: YamlMap, field: string): void {
    for (const entry of node.entries) {
      const at = this.#remember(field, entry);
      if (this.#reading.isBroken(entry.value)) continue;
      const urn = extensionOf(entry.key);
      if (urn !== undefined) this.#extension(entry, at, urn);
      else if (reservedAttributes.has(entry.key)) {
        this.#reading.report('PIP-406', entry.keyRange, `${entry.key} cannot be mapped`);
      } else if (multiValuedAttributes.has(entry.key)) this.#multiValued(entry, at);
      else if (!typeName.test(entry.key)) this.#reportFlat(entry);
      else this.#attribute(entry, at, (part) => (part === undefined ? entry.key : `${entry.key}.${part}`));
    }
  }

  #extension(entry: YamlEntry, field: string, urn: string): void {
    const { value } = entry;
    if (value.kind !== 'map') {
      reportKind(this.#reading, value, field, 'a map of the attributes of this extension');
      return;
    }
    if (urn === '') {
      this.core(value, field);
      return;
    }
    for (const inner of value.entries) {
      const at = this.#remember(field, inner);
      if (!/^[A-Za-z$][\w$-]*$/.test(inner.key)) this.#reportFlat(inner);
      else this.#attribute(inner, at, (part) => extensionPath(urn, inner.key, part));
    }
  }

  #multiValued(entry: YamlEntry, field: string): void {
    const { key, value } = entry;
    const direct = value.kind !== 'map' || value.entries.some((inner) => valueNames.includes(inner.key));
    if (direct) {
      const part = key === 'addresses' ? '{ country: … }' : '…';
      this.#reading.report('PIP-405', entry.keyRange, `${key} takes a map from type to value`, {
        fix: `Write ${key}: { work: ${part} } as nested maps.`,
      });
      return;
    }
    for (const inner of value.entries) {
      const at = this.#remember(field, inner);
      if (this.#reading.isBroken(inner.value)) continue;
      if (!typeName.test(inner.key)) {
        this.#reading.report('PIP-405', inner.keyRange, `${inner.key} cannot be a type of ${key}`);
      } else if (key === 'addresses' && (inner.value.kind === 'scalar' || isOptions(inner.value, false))) {
        const fix = 'Name the part below the type: country, region, locality, postalCode, streetAddress or formatted.';
        this.#reading.report('PIP-405', inner.keyRange, `an address has parts, and ${at} names none`, { fix });
      } else this.#attribute(inner, at, (part) => typedPath(key, inner.key, part ?? 'value'), true);
    }
  }

  /** A formula, options, or one level of parts; `pathOf` gives the path of the attribute or of one of its parts. */
  #attribute(entry: YamlEntry, field: string, pathOf: (part?: string) => AttributePath, typed = false): void {
    const { value } = entry;
    if (value.kind !== 'map' || isOptions(value, typed)) {
      this.#leaf(entry, field, pathOf());
      return;
    }
    for (const inner of value.entries) {
      const at = this.#remember(field, inner);
      if (inner.value.kind === 'map' && !isOptions(inner.value, false)) {
        this.#reading.report('PIP-410', inner.keyRange, `${at} is nested deeper than SCIM attributes are`);
      } else if (!/^\$?[A-Za-z][\w-]*$/.test(inner.key)) this.#reportFlat(inner);
      else this.#leaf(inner, at, pathOf(inner.key));
    }
  }

  #leaf(entry: YamlEntry, field: string, path: AttributePath): void {
    const reading = this.#reading;
    const first = this.#byPath.get(path.toLowerCase());
    if (first !== undefined) {
      reading.report('PIP-407', entry.keyRange, `${field} is the same attribute as ${first}: ${path}`);
      return;
    }
    this.#byPath.set(path.toLowerCase(), field);
    const { value, keyRange } = entry;
    if (reading.isBroken(value)) return;
    if (value.kind === 'map') this.#options(value, field, path, keyRange);
    else {
      const read = readFormula(value, field, reading);
      if (read !== undefined) this.found.push({ path, field, keyRange, formula: read });
    }
  }

  #options(node: YamlMap, field: string, path: AttributePath, keyRange: Range): void {
    const reading = this.#reading;
    const written = valueNames.filter((name) => entryOf(node, name) !== undefined);
    const options = attributeOptions.read(node, field, reading);
    if (written.length !== 1) {
      const words = written.length === 0 ? 'has options but no value' : `has ${written.join(' and ')}`;
      reading.report('PIP-408', keyRange, `${field} ${words}`);
      return;
    }
    const read = options?.value ?? options?.once ?? options?.const;
    if (options === undefined || read === undefined) return;
    if (options.once !== undefined && (options.empty === 'clear' || options.empty === 'omit')) {
      reading.report(
        'PIP-408',
        reading.rangeOf(join(field, 'empty')),
        `${field} is kept for life and cannot have empty: ${options.empty}`,
        {
          fix: 'Use empty: keep or empty: reject with once.',
        },
      );
      return;
    }
    if (options.once === undefined && options.onChange !== undefined) {
      reading.report('PIP-408', reading.rangeOf(join(field, 'onChange')), `${field} has onChange and is not computed once`, {
        fix: 'Write once instead of value, or leave onChange out: a value that is computed each time follows the row.',
      });
      return;
    }
    if (options.outside !== undefined && !/:manager(?:\.value)?$/.test(path)) {
      reading.report('PIP-408', reading.rangeOf(join(field, 'outside')), `${field} has outside and is not the manager`, {
        fix: 'Leave outside out: only the manager is another worker.',
      });
      return;
    }
    this.found.push({
      path,
      field,
      keyRange,
      formula: { ...read, path: field },
      once: options.once !== undefined,
      ...(options.outside === undefined ? {} : { outside: options.outside }),
      ...(options.onChange === undefined ? {} : { onChange: options.onChange }),
      ...(options.empty === undefined ? {} : { empty: options.empty }),
      ...(options.class === undefined ? {} : { class: options.class }),
    });
  }

  #remember(field: string, entry: YamlEntry): string {
    const at = join(field, entry.key);
    this.#reading.remember(at, entry.keyRange, entry.value);
    return at;
  }

  #reportFlat(entry: YamlEntry): void {
    const nested = entry.key
      .replaceAll(/\[type eq "([^"]*)"\]/g, '.$1')
      .replace(/\.value$/, '')
      .split('.');
    const fix = nested.length > 1 ? `Write nested maps: ${nested.join(': { ')}: …${' }'.repeat(nested.length - 1)}.` : undefined;
    this.#reading.report('PIP-410', entry.keyRange, `${entry.key} is not the name of an attribute`, { fix });
  }
}

/**
 * Options rather than parts: the map has value, once or const. A value of a multi-valued attribute that also names display, primary
 * or $ref has parts of which value is one.
 */
function isOptions(node: YamlNode, typed: boolean): boolean {
  if (node.kind !== 'map') return false;
  const names = node.entries.map(({ key }) => key);
  if (typed && names.some((name) => ['display', 'primary', '$ref', 'type'].includes(name))) return false;
  return names.some((name) => valueNames.includes(name)) || (names.length > 0 && names.every((name) => optionNames.includes(name)));
}
