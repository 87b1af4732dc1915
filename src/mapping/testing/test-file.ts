import { LineCounter, parseDocument, isMap, isScalar } from 'yaml';
import * as z from 'zod';
import type { Json } from '../../domain/canonical-json.ts';
import type { Instant } from '../../domain/clock.ts';
import type { Diagnostic } from '../../domain/diagnostic.ts';
import type { Place } from '../../domain/place.ts';

const value = z.json();
const values = z.record(z.string(), value);
const instant = z
  .string()
  .refine(
    (text) => Number.isFinite(Date.parse(text)) && /T.*(?:Z|[+-]\d\d:\d\d)$/.test(text),
    'not an instant with zone, as 2026-11-22T08:00:00Z',
  );
const codes = z.union([z.string(), z.array(z.string())]).transform((one) => (typeof one === 'string' ? [one] : one));

const expectation = z.strictObject({
  /** The whole payload; attributes that are kept for life stand in it with their first candidate. */
  payload: values.optional(),
  /** Attributes by path or as nested in the pipeline; null: the attribute came out empty. */
  attributes: values.optional(),
  active: z.boolean().optional(),
  preHire: z.boolean().optional(),
  outOfScope: z.boolean().optional(),
  /** Codes of all reasons of the rejection, in any order. */
  rejected: codes.optional(),
  saysInactive: z.boolean().optional(),
  /** Codes of all warnings, in any order. */
  warnings: codes.optional(),
});

const testCase = z.strictObject({
  name: z.string().min(1),
  asOf: instant.optional(),
  row: values.optional(),
  rows: z.array(values).min(1).optional(),
  expect: expectation,
});

const fileSchema = z.strictObject({
  /** Path of the pipeline; default: the test file's name without `.test`. */
  pipeline: z.string().optional(),
  asOf: instant.optional(),
  /** Columns that every row has unless it says otherwise. */
  row: values.optional(),
  /** Rows by key, by lookup: they stand in for the CSV files. */
  lookups: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string()))).optional(),
  cases: z.array(testCase).min(1),
});

export type Expectation = z.infer<typeof expectation>;

/** One case, with the defaults of its file filled in. */
export interface MappingTestCase {
  readonly name: string;
  readonly place: Place;
  readonly asOf: Instant;
  readonly rows: readonly Readonly<Record<string, Json>>[];
  readonly expect: Expectation;
  /** Where a column is named, in the case or at the top of the file. */
  readonly placeOfColumn: (name: string) => Place;
  /** Where an expected attribute is named. */
  readonly placeOfAttribute: (name: string) => Place;
}

export interface MappingTestFile {
  readonly file: string;
  readonly pipeline: string | undefined;
  readonly lookups: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;
  readonly cases: readonly MappingTestCase[];
}

/** Reads the text of a `*.test.yaml`. All problems come back at once, each with its place. */
export function readTestFile(
  file: string,
  text: string,
): { readonly tests?: MappingTestFile; readonly diagnostics: readonly Diagnostic[] } {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const at = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const placeOf = (path: readonly PropertyKey[]): Place => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = typeof node === 'object' && node !== null ? rangeOf(node) : undefined;
      if (range !== undefined) return at(range);
    }
    return at(0);
  };
  /** The first of these names that is written. */
  const placeOfName = (paths: readonly (readonly PropertyKey[])[], otherwise: Place): Place => {
    for (const path of paths) {
      const parent: unknown = document.getIn(path.slice(0, -1), true);
      const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
      const range = isScalar(pair?.key) ? rangeOf(pair.key) : undefined;
      if (range !== undefined) return at(range);
    }
    return otherwise;
  };
  const broken = document.errors.map((error): Diagnostic => ({
    code: 'MAP-301',
    severity: 'error',
    message: error.message.split('\n')[0] ?? '',
    place: at(error.pos[0]),
  }));
  if (broken.length > 0) return { diagnostics: broken };
  const parsed = fileSchema.safeParse(document.toJS());
  if (!parsed.success) {
    return {
      diagnostics: parsed.error.issues.map((issue) => ({
        code: 'MAP-301',
        severity: 'error',
        message: `${issue.path.length === 0 ? 'the file' : issue.path.map(String).join('.')}: ${issue.message}`,
        place:
          issue.code === 'unrecognized_keys'
            ? placeOfName([[...issue.path, issue.keys[0] ?? '']], placeOf(issue.path))
            : placeOf(issue.path),
      })),
    };
  }
  const { pipeline, asOf, row, lookups, cases } = parsed.data;
  const diagnostics: Diagnostic[] = [];
  const read = cases.map((one, index): MappingTestCase => {
    const place = placeOf(['cases', index]);
    const when = one.asOf ?? asOf;
    if (when === undefined) diagnostics.push({ code: 'MAP-303', severity: 'error', message: `"${one.name}" states no asOf`, place });
    if (one.row !== undefined && one.rows !== undefined) {
      diagnostics.push({ code: 'MAP-301', severity: 'error', message: `"${one.name}" has both row and rows`, place });
    }
    const rows = (one.rows ?? [one.row ?? {}]).map((columns) => ({ ...row, ...columns }));
    const inCase = (...path: readonly PropertyKey[]): readonly PropertyKey[] => ['cases', index, ...path];
    return {
      name: one.name,
      place,
      asOf: Date.parse(when ?? ''),
      rows,
      expect: one.expect,
      placeOfColumn: (name) =>
        placeOfName([inCase('row', name), ...rows.map((_, number) => inCase('rows', number, name)), ['row', name]], place),
      placeOfAttribute: (name) => placeOfName([inCase('expect', 'attributes', name)], place),
    };
  });
  if (diagnostics.length > 0) return { diagnostics };
  return { tests: { file, pipeline, lookups: lookups ?? {}, cases: read }, diagnostics };
}

function rangeOf(node: object): number | undefined {
  const range: unknown = Reflect.get(node, 'range');
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === 'number' ? start : undefined;
}
