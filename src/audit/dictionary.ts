import type { Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { AttributeClass, AttributePath, Emptiness } from '../domain/payload.ts';
import type { Formula, Pipeline } from '../pipeline/pipeline.ts';
import { getAttribute } from '../scim/index.ts';
import type { Store } from '../store/contract.ts';
import { plain, type Masks } from './masks.ts';
import { namesIn } from '../pipeline/sensitivity.ts';
import { ruleWords } from './rule-words.ts';

/** What an HR analyst wants to know of one attribute: where it comes from, by which rule, and what stands in it. */
interface AttributeEntry {
  readonly path: AttributePath;
  readonly class: AttributeClass;
  readonly empty: Emptiness;
  readonly once: boolean;
  readonly expression: string;
  /** The rule in words, as far as its form is a common one. */
  readonly words: string;
  readonly columns: readonly string[];
  readonly lets: readonly string[];
  readonly lookups: readonly string[];
  /** Of the workers with a confirmed payload. */
  readonly filled: number;
  /** Different values; counted up to a limit. */
  readonly distinct: number;
  readonly more: boolean;
  readonly examples: readonly string[];
  /** When a payload in which this attribute has a value was last confirmed. */
  readonly lastConfirmed?: Instant;
}

/** Column → let → attribute, by name; an edge says that the text of `to` mentions `from`. */
export interface Lineage {
  readonly columns: readonly string[];
  readonly lets: readonly string[];
  readonly attributes: readonly string[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

export interface Dictionary {
  readonly pipeline: string;
  readonly workers: number;
  readonly attributes: readonly AttributeEntry[];
  readonly lets: readonly { readonly name: string; readonly expression: string; readonly words: string }[];
  readonly lineage: Lineage;
}

const distinctLimit = 10_000;
const exampleCount = 10;

/** The dictionary of a pipeline: rules from the file, figures and examples from the confirmed payloads of the ledger. Memory is bounded per attribute. */
export async function buildDictionary(store: Store, pipeline: Pipeline, masks: Masks): Promise<Dictionary> {
  const { transform, sink, name } = pipeline;
  const lineage = lineageOf(pipeline);
  const figures = new Map(transform.attributes.map(({ path }) => [path, { filled: 0, values: new Set<string>(), more: false, last: 0 }]));
  let workers = 0;
  for await (const chunk of store.ledger.streamEntries({ tenant: sink.tenant, job: sink.job }, name)) {
    for (const { confirmed } of chunk) {
      if (confirmed === undefined) continue;
      workers++;
      for (const [path, figure] of figures) {
        const value = getAttribute(confirmed.payload, path);
        if (value === undefined || value === null || value === '') continue;
        figure.filled++;
        figure.last = Math.max(figure.last, confirmed.at);
        if (figure.values.size < distinctLimit) figure.values.add(plain(value));
        else if (!figure.values.has(plain(value))) figure.more = true;
      }
    }
  }
  const closure = closureOf(lineage);
  return {
    pipeline: name,
    workers,
    lineage,
    lets: transform.let.map(({ name: letName, formula }) => ({
      name: `$${letName}`,
      expression: textOf(formula),
      words: ruleWords(formula),
    })),
    attributes: transform.attributes.map((attribute): AttributeEntry => {
      const sources = closure.get(attribute.path) ?? new Set();
      const figure = figures.get(attribute.path);
      return {
        path: attribute.path,
        class: masks.classOf(attribute.path),
        empty: attribute.empty,
        once: attribute.once,
        expression: textOf(attribute.formula),
        words: ruleWords(attribute.formula),
        columns: lineage.columns.filter((column) => sources.has(column)),
        lets: lineage.lets.filter((one) => sources.has(one)),
        lookups: Object.keys(pipeline.lookups).filter((lookup) => namesIn(attribute.formula).includes(`$${lookup}`)),
        filled: figure?.filled ?? 0,
        distinct: figure?.values.size ?? 0,
        more: figure?.more ?? false,
        examples: examplesOf(figure?.values ?? new Set(), (value) => masks.attribute(attribute.path, value)),
        ...(figure === undefined || figure.last === 0 ? {} : { lastConfirmed: figure.last }),
      };
    }),
  };
}

/** The first ten in alphabetical order, so that the same ledger gives the same page; masked ones that look alike stand there once. */
function examplesOf(values: ReadonlySet<string>, show: (value: Json) => string): string[] {
  const shown = new Set<string>();
  for (const value of [...values].toSorted()) {
    shown.add(show(value));
    if (shown.size === exampleCount) break;
  }
  return [...shown];
}

/** Everything that a name mentions, however far away. */
function closureOf({ edges }: Lineage): ReadonlyMap<string, ReadonlySet<string>> {
  const into = new Map<string, string[]>();
  for (const [from, to] of edges) into.set(to, [...(into.get(to) ?? []), from]);
  const found = new Map<string, ReadonlySet<string>>();
  const collect = (name: string, seen: Set<string>): Set<string> => {
    for (const from of into.get(name) ?? []) {
      if (seen.has(from)) continue;
      seen.add(from);
      collect(from, seen);
    }
    return seen;
  };
  for (const name of into.keys()) found.set(name, collect(name, new Set()));
  return found;
}

function lineageOf({ transform, source }: Pipeline): Lineage {
  const lets = transform.let.map(({ name }) => `$${name}`);
  const declared = source.columns?.map(({ name }) => name);
  const formulas: (readonly [string, Formula])[] = [
    ...transform.let.map(({ name, formula }) => [`$${name}`, formula] as const),
    ...transform.attributes.map(({ path, formula }) => [path, formula] as const),
  ];
  const edges: (readonly [string, string])[] = [];
  const columns = new Set<string>();
  const employment = transform.employment;
  for (const [to, formula] of formulas) {
    const names = new Set(namesIn(withoutTexts(formula)));
    // `$employed` and its kin are made of the columns of `employment`.
    if (employment !== undefined && ['$employed', '$preHire', '$started', '$ended'].some((name) => names.has(name)))
      for (const column of [employment.start, employment.end, employment.zone]) if (column !== undefined) names.add(column);
    for (const name of names) {
      if (lets.includes(name)) edges.push([name, to]);
      else if (declared?.includes(name) === true) {
        columns.add(name);
        edges.push([name, to]);
      }
    }
  }
  return {
    columns: (declared ?? []).filter((name) => columns.has(name)),
    lets,
    attributes: transform.attributes.map(({ path }) => path),
    edges,
  };
}

/** A name within quotes is text, no column. */
function withoutTexts(formula: Formula): { readonly kind: Formula['kind']; readonly text?: string } {
  return formula.kind === 'expression'
    ? { kind: 'expression', text: formula.text.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""') }
    : formula;
}

function textOf(formula: Formula): string {
  return formula.kind === 'expression' ? formula.text : JSON.stringify(formula.value);
}
