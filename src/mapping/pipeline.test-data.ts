import type { Json } from '../domain/canonical-json.ts';
import { Secret } from '../domain/masking.ts';
import type { Emptiness } from '../domain/payload.ts';
import type { Place } from '../domain/place.ts';
import type { Row, RowGroup } from '../domain/row.ts';
import type { ColumnDeclaration, EmploymentDeclaration, Formula, Pipeline } from '../pipeline/pipeline.ts';
import { compileMapping } from './compile-mapping.ts';
import type { Mapping } from './contract.ts';

/** A formula for tests: text is JSONata, anything else a literal. */
type FormulaText = string | number | boolean | null | { readonly const: string };

export interface PipelineText {
  readonly columns?:
    Readonly<Record<string, Omit<ColumnDeclaration, 'name' | 'place' | 'required'> & { required?: boolean }>> | 'undeclared';
  readonly timezone?: string;
  readonly primary?: string;
  readonly lookups?: Readonly<Record<string, { readonly file: string; readonly key: string }>>;
  readonly use?: Readonly<Record<string, string>>;
  readonly scope?: FormulaText;
  readonly protectedWhen?: FormulaText;
  readonly employment?: Omit<EmploymentDeclaration, 'place'>;
  readonly let?: Readonly<Record<string, FormulaText>>;
  readonly attributes?: Readonly<Record<string, FormulaText | { value?: FormulaText; once?: FormulaText; empty?: Emptiness }>>;
  readonly extensions?: Pipeline['sink']['extensions'];
  readonly clearing?: readonly string[];
}

export const sampleColumns: Exclude<NonNullable<PipelineText['columns']>, 'undeclared'> = {
  worker_id: { type: 'string', required: true },
  status: { type: 'string', required: true, values: ['Active', 'Leave', 'Terminated'] },
  hire_date: { type: 'date', required: true },
  last_day: { type: 'date', whenNull: 'never' },
  site_zone: { type: 'string', whenNull: 'Europe/Berlin' },
  first_name: { type: 'string', required: true },
  last_name: { type: 'string', required: true },
  email: { type: 'string', required: true },
  department: { type: 'string' },
  manager_id: { type: 'string' },
  country_code: { type: 'string' },
};

const sampleValues: Readonly<Record<string, Json>> = {
  worker_id: '4711',
  status: 'Active',
  hire_date: '2020-01-01',
  last_day: null,
  site_zone: null,
  first_name: 'Mara',
  last_name: 'Keller',
  email: 'mara@contoso.example',
  department: 'Finance',
  manager_id: '7',
  country_code: 'DE',
};

export const sampleInstant = Date.parse('2026-11-22T08:00:00Z');

/** A pipeline as the loader would make it; each formula has a line of its own, starting in column 1. */
export function buildPipeline(text: PipelineText): Pipeline {
  let line = 0;
  const lines = new Map<string, Place>();
  const formula = (path: string, value: FormulaText): Formula => {
    const at: Place = { file: 'test.yaml', line: ++line, column: 1 };
    lines.set(path, at);
    if (typeof value === 'object' && value !== null) return { kind: 'literal', value: value.const, path, place: at };
    if (typeof value !== 'string') return { kind: 'literal', value, path, place: at };
    const locate = (offset: number, length = 1): Place => ({ ...at, column: offset + 1, endLine: at.line, endColumn: offset + 1 + length });
    return { kind: 'expression', text: value, path, locate };
  };
  const place = (path: string): Place => lines.get(path) ?? { file: 'test.yaml', line: 1, column: 1 };
  const columns = text.columns === 'undeclared' ? undefined : (text.columns ?? sampleColumns);
  const lets = Object.entries(text.let ?? {}).map(([name, value]) => {
    const path = `transform.let.${name}`;
    return { name, formula: formula(path, value), place: place(path) };
  });
  const scope = text.scope === undefined ? {} : { scope: formula('transform.scope', text.scope) };
  const attributes = Object.entries(text.attributes ?? { active: 'status != "Terminated"', userName: 'email' }).map(([path, written]) => {
    const field = `transform.attributes.${path}`;
    const isOptions = typeof written === 'object' && written !== null && !('const' in written);
    const value = isOptions ? (written.value ?? written.once ?? null) : written;
    return {
      path,
      formula: formula(field, value),
      empty: (isOptions ? written.empty : undefined) ?? 'keep',
      class: 'personal' as const,
      once: isOptions && written.once !== undefined,
      renames: false,
      place: place(field),
    };
  });
  const limit = { share: 1, atLeast: 0 };
  return {
    name: 'test',
    file: 'test.yaml',
    folder: '.',
    ...(text.timezone === undefined ? {} : { timezone: text.timezone }),
    source: {
      type: 'postgres',
      connection: new Secret('HR', 'postgres://localhost/hr'),
      table: 'workers',
      key: 'worker_id',
      ...(text.primary === undefined ? {} : { primary: text.primary }),
      ...(columns === undefined
        ? {}
        : {
            columns: Object.entries(columns).map(([name, column]) => ({
              name,
              required: false,
              ...column,
              place: place(`source.columns.${name}`),
            })),
          }),
      statementTimeout: 1,
    },
    lookups: Object.fromEntries(
      Object.entries(text.lookups ?? {}).map(([name, one]) => [name, { name, ...one, place: place(`lookups.${name}`) }]),
    ),
    transform: {
      use: Object.entries(text.use ?? {}).map(([file, source]) => ({ file, text: source, place: place('transform.use') })),
      ...scope,
      ...(text.employment === undefined ? {} : { employment: { ...text.employment, place: place('transform.employment') } }),
      let: lets,
      attributes,
    },
    leavers: { vanished: { action: 'disable', fullPasses: 2, hours: 24 }, outOfScope: 'disable' },
    holds: { directory: 'checked' },
    protected: { workers: [], ...(text.protectedWhen === undefined ? {} : { when: formula('protected.when', text.protectedWhen) }) },
    guards: {
      leavers: limit,
      joiners: limit,
      enables: limit,
      renames: limit,
      rekeys: limit,
      rejections: limit,
      keyless: limit,
      population: limit,
      emptied: { each: limit, attributes: {} },
      changes: { each: limit, attributes: {} },
      week: 3,
      first: { joiners: 1, rejections: 1 },
    },
    approvers: { users: [], runner: 'refused' },
    plan: { maxAge: 1 },
    retention: { rows: 1, payloads: 1 },
    load: {
      staged: { when: 'never', stages: [10, 200], change: { share: 0.05, atLeast: 10 } },
      pause: { failed: { share: 0.05, atLeast: 1 }, unconfirmed: 100_000 },
      reserve: { disables: 0.05, others: 0 },
    },
    notify: { on: [], disables: 1, stale: 1, remind: 1 },
    sink: {
      type: 'entra',
      tenant: '11111111-1111-1111-1111-111111111111',
      servicePrincipal: '11111111-1111-1111-1111-111111111111',
      job: 'API2AAD.1.1',
      auth: { client: '11111111-1111-1111-1111-111111111111' },
      cloud: { name: 'emulator', login: 'http://127.0.0.1', graph: 'http://127.0.0.1' },
      quota: { name: 'p1', calls: 2000 },
      clearing: text.clearing ?? [],
      extensions: text.extensions ?? {},
    },
    placeOf: place,
  };
}

/** The rows of one key, each with what it changes against the sample row. */
export function rowGroup(...changes: readonly Readonly<Record<string, Json | undefined>>[]): RowGroup {
  const rows = (changes.length === 0 ? [{}] : changes).map((change, index): Row => {
    const values = Object.entries({ ...sampleValues, ...change }).filter((entry): entry is [string, Json] => entry[1] !== undefined);
    const fingerprint = String(index);
    return { key: '4711', values: Object.fromEntries(values), fingerprint, ordinal: index + 1 };
  });
  return { key: '4711', rows, fingerprint: '0' };
}

/** The least that a pipeline has to say. */
export const base = { active: 'status != "Terminated"', userName: 'email' } as const;

const files: Readonly<Record<string, string>> = {
  'country.csv': '\uFEFFcode,iso2,phone\nDE,de,49\nGB,gb,\n',
};
const readBytes = (file: string): Uint8Array => new TextEncoder().encode(files[file] ?? '');

/** The compiled mapping; `country.csv` is there to be looked up in. */
export function compileSample(text: PipelineText): Mapping {
  const { mapping, diagnostics } = compileMapping(buildPipeline(text), { readBytes });
  if (mapping === undefined) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  return mapping;
}
