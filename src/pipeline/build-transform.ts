import { enterpriseUserSchema, type AttributePath } from '../domain/payload.ts';
import { namesOf } from './attribute-paths.ts';
import type { AttributeText } from './attributes.ts';
import { checkColumn, checkType } from './build-source.ts';
import type { PipelineValues } from './declaration.ts';
import { nearestName } from './nearest-name.ts';
import type {
  AttributeDeclaration,
  ColumnDeclaration,
  EmploymentDeclaration,
  LookupDeclaration,
  TransformDeclaration,
} from './pipeline.ts';
import type { Reading } from './reading.ts';
import { isMadeOf, sensitiveSources } from './sensitivity.ts';

type TransformValues = NonNullable<PipelineValues['transform']>;

export function buildTransform(
  values: TransformValues,
  columns: readonly ColumnDeclaration[] | undefined,
  names: readonly string[],
  timezone: string | undefined,
  reading: Reading,
): TransformDeclaration {
  const use = values.use.flatMap(({ value, range }) => {
    const text = reading.readText(value, range);
    return text === undefined ? [] : [{ file: reading.absolutePath(value), text, place: reading.lines.place(range) }];
  });
  const employment = values.employment === undefined ? undefined : buildEmployment(values.employment, columns, names, timezone, reading);
  if (
    values.attributes !== undefined &&
    !values.attributes.some(({ path }) => path === 'active') &&
    !reading.isWritten('transform.attributes.active')
  ) {
    reading.report('PIP-403', reading.rangeOf('transform.attributes'), 'transform.attributes has no active');
  }
  const lets = values.let.map(({ name, value, keyRange }) => ({ name, formula: value, place: reading.lines.place(keyRange) }));
  const sensitive = sensitiveSources(columns, lets);
  return {
    use,
    ...(values.scope === undefined ? {} : { scope: values.scope }),
    ...(employment === undefined ? {} : { employment }),
    let: lets,
    attributes: (values.attributes ?? []).map((attribute) => buildAttribute(attribute, sensitive, reading)),
  };
}

/** `$name` is one value: a let and a lookup cannot share it, and `$employed` is given. */
export function checkNames(values: PipelineValues, reading: Reading): void {
  const lookups = new Set(values.lookups.map(({ name }) => name));
  for (const { name, keyRange } of values.transform?.let ?? []) {
    if (lookups.has(name)) reading.report('PIP-409', keyRange, `${name} is the name of a lookup too`);
    if (name === 'employed') reading.report('PIP-409', keyRange, 'employed is given by employment');
  }
  for (const { name, keyRange } of values.lookups) {
    if (name === 'employed') reading.report('PIP-409', keyRange, 'employed is given by employment');
  }
}

export function buildLookups(values: PipelineValues['lookups'], reading: Reading): Readonly<Record<string, LookupDeclaration>> {
  const lookups: Record<string, LookupDeclaration> = Object.create(null);
  for (const { name, value, keyRange } of values) {
    if (value.file === undefined || value.key === undefined) continue;
    lookups[name] = { name, file: reading.absolutePath(value.file), key: value.key, place: reading.lines.place(keyRange) };
  }
  return lookups;
}

function buildEmployment(
  values: NonNullable<TransformValues['employment']>,
  columns: readonly ColumnDeclaration[] | undefined,
  names: readonly string[],
  timezone: string | undefined,
  reading: Reading,
): EmploymentDeclaration | undefined {
  const base = 'transform.employment';
  if (timezone === undefined && !reading.isWritten('timezone')) {
    reading.report('PIP-307', reading.rangeOf(base), 'employment needs the timezone of the pipeline');
  }
  // Without a contract nobody knows that the columns are dates, and text compares differently.
  for (const [part, name] of [
    ['start', values.start],
    ['end', values.end],
    ['zone', values.zone],
  ] as const) {
    checkColumn(reading, `${base}.${part}`, name, names);
    const types = part === 'zone' ? (['string'] as const) : (['date'] as const);
    checkType(
      reading,
      `${base}.${part}`,
      columns ?? [],
      name,
      types,
      part === 'zone' ? 'It holds IANA names.' : 'Days, not instants, begin and end employment.',
    );
  }
  if (values.start === undefined) return undefined;
  return {
    start: values.start,
    ...(values.end === undefined ? {} : { end: values.end }),
    ...(values.zone === undefined ? {} : { zone: values.zone }),
    ...(values.preHire === undefined ? {} : { preHire: values.preHire }),
    place: reading.placeOf(base),
  };
}

function buildAttribute(attribute: AttributeText, sensitive: ReadonlySet<string>, reading: Reading): AttributeDeclaration {
  const { path, formula, keyRange } = attribute;
  const active = path === 'active';
  if (active && (attribute.once === true || (attribute.empty !== undefined && attribute.empty !== 'reject'))) {
    reading.report('PIP-408', keyRange, 'active is decided each time, and a worker for whom it is empty is rejected', {
      fix: 'Use value, and empty: reject or nothing.',
    });
  }
  return {
    path,
    formula,
    // A missing active would disable the account.
    empty: attribute.empty ?? (active ? 'reject' : 'keep'),
    class: attribute.class ?? (active ? 'public' : isMadeOf(formula, sensitive) ? 'sensitive' : 'personal'),
    // A name that follows the row renames accounts; the long form with value asks for that explicitly.
    renames: attribute.onChange === 'rename',
    ...(attribute.outside === undefined ? {} : { outside: attribute.outside }),
    once: attribute.once ?? (path === 'userName' && formula.kind === 'expression'),
    place: reading.lines.place(keyRange),
  };
}

/** Paths of `sink.clearing`, and the check that `empty: clear` keeps to them. */
export function buildClearing(values: PipelineValues, reading: Reading): readonly AttributePath[] {
  const declared = values.transform?.attributes ?? [];
  const clearing = (values.sink?.clearing ?? []).map(({ value, range }) => {
    const matches = declared.filter(({ path }) => namesOf(path).some((name) => name.toLowerCase() === value.toLowerCase()));
    if (matches.length > 1) {
      reading.report('PIP-504', range, `${value} can be ${matches.map(({ path }) => path).join(' or ')}`, { fix: 'Write the whole path.' });
    }
    if (matches.length === 0 && values.transform?.attributes !== undefined) {
      const near = nearestName(
        value,
        declared.flatMap(({ path }) => namesOf(path).slice(2)),
      );
      reading.report('PIP-504', range, `${value} is not among transform.attributes`, {
        severity: 'warning',
        fix: near === undefined ? undefined : `Did you mean ${near}?`,
      });
    }
    return matches[0]?.path ?? value;
  });
  for (const { path, field, empty } of declared) {
    if (empty !== 'clear' || clearing.includes(path)) continue;
    const short = path.startsWith(`${enterpriseUserSchema}:`) ? path.slice(enterpriseUserSchema.length + 1) : path;
    reading.report('PIP-404', reading.rangeOf(`${field}.empty`), `${field} has empty: clear, and sink.clearing does not list it`, {
      fix: `Add ${short.replace(/\.value$/, '')} to sink.clearing if the job clears it, or write empty: keep.`,
    });
  }
  return clearing;
}
