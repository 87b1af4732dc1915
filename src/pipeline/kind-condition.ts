import { join, list, map, optional, reportKind, type Kind, type ListItem } from './kind.ts';
import { flag } from './kinds.ts';
import type { ConditionTest, ConditionValue } from './pipeline.ts';
import type { Reading } from './reading.ts';
import type { YamlNode } from './yaml-tree.ts';

const valueWords = 'text, a number, a boolean or :as_of';
const valueSchema = { type: ['string', 'number', 'boolean'] };

/** A constant of the file, or `:as_of`, the day of the run. Any other text that looks like a parameter is refused. */
const value: Kind<ConditionValue> = {
  words: valueWords,
  schema: valueSchema,
  read(node, path, reading) {
    if (node.kind !== 'scalar' || node.value === null) return reportKind(reading, node, path, valueWords);
    if (node.value === ':as_of') return { parameter: 'as_of' };
    if (typeof node.value === 'number' && !Number.isFinite(node.value)) return reportKind(reading, node, path, valueWords);
    if (typeof node.value === 'string' && /^:[a-z_]+$/i.test(node.value)) {
      return reading.report('PIP-322', node.range, `${path} names the parameter ${node.value}, which a condition does not have`, {
        fix: 'Write :as_of, the day of the run, or a constant.',
      });
    }
    if (typeof node.value === 'string' && node.value.includes('\0')) return reportKind(reading, node, path, valueWords);
    return node.value;
  },
};

const oneOrMore: Kind<readonly ListItem<ConditionValue>[]> = {
  words: 'a value, or a list of values',
  schema: { anyOf: [valueSchema, { type: 'array', items: valueSchema }] },
  read(node, path, reading) {
    if (node.kind !== 'list') {
      const single = value.read(node, path, reading);
      return single === undefined ? undefined : [{ value: single, range: node.range }];
    }
    if (node.items.length === 0) return reading.report('PIP-322', reading.rangeOf(path), `${path} is an empty list: no row fits it`);
    return list(value).read(node, path, reading);
  },
};

const tests = map({
  is: optional(oneOrMore, { doc: 'The column has this value, or one of these.', example: '[Active, Leave]' }),
  not: optional(oneOrMore, {
    doc: 'The column has none of these values. NULL is none of them, so the row is read.',
    example: 'Volunteer',
  }),
  from: optional(value, { doc: 'At least this, it included.', example: "'2020-01-01'" }),
  above: optional(value, { doc: 'More than this.', example: '0' }),
  to: optional(value, { doc: 'At most this, it included.', example: ':as_of' }),
  below: optional(value, { doc: 'Less than this.', example: ':as_of' }),
  null: optional(flag, { doc: 'true: the column is NULL; false: it is not.', example: 'false' }),
  orNull: optional(flag, { doc: 'Read the row, too, when the column is NULL.', example: 'true' }),
});

/** What one column of a condition has to fulfil: all tests, or with `orNull` NULL instead. */
export interface ConditionShape {
  readonly tests: readonly ConditionTest[];
  readonly orNull: boolean;
}

const words = 'a value, a list of values, or tests such as { not: Volunteer } and { from: 2020-01-01, orNull: true }';

/** `status: Active`, `status: [Active, Leave]`, `last_day: { from: :as_of, orNull: true }`. */
export const condition: Kind<ConditionShape> = {
  words,
  fields: tests.fields,
  schema: { anyOf: [valueSchema, { type: 'array', items: valueSchema }, tests.schema] },
  read(node, path, reading) {
    if (node.kind === 'map') return readTests(node, path, reading);
    if (node.kind === 'scalar' && node.value === null) {
      return reportKind(reading, node, path, words, 'For NULL write { null: true }.');
    }
    const values = oneOrMore.read(node, path, reading);
    return values === undefined ? undefined : { tests: [{ kind: 'is', values: valuesOf(values) }], orNull: false };
  },
};

function readTests(node: YamlNode, path: string, reading: Reading): ConditionShape | undefined {
  const read = tests.read(node, path, reading);
  if (read === undefined) return undefined;
  const found: ConditionTest[] = [];
  if (read.is !== undefined) found.push({ kind: 'is', values: valuesOf(read.is) });
  if (read.not !== undefined) found.push({ kind: 'not', values: valuesOf(read.not) });
  for (const kind of ['from', 'above', 'to', 'below'] as const) {
    const bound = read[kind];
    if (bound === undefined) continue;
    if (typeof bound === 'boolean') reading.report('PIP-322', reading.rangeOf(join(path, kind)), `${path}.${kind} takes no boolean`);
    found.push({ kind, value: bound });
  }
  if (read.null !== undefined) found.push({ kind: 'null', isNull: read.null });
  const nothing = found.length === 0 && !reading.failed;
  if (nothing) return reading.report('PIP-322', reading.rangeOf(path), `${path} tests nothing`, { fix: `Write ${words}.` });
  if (read.null !== undefined && (read.orNull !== undefined || found.length > 1))
    return reading.report('PIP-322', reading.rangeOf(join(path, 'null')), `${path}.null stands beside other tests of the same column`);
  return { tests: found, orNull: read.orNull ?? false };
}

function valuesOf(items: readonly ListItem<ConditionValue>[]): readonly ConditionValue[] {
  return items.map((item) => item.value);
}
