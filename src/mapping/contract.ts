import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Instant } from '../domain/clock.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Trace, Verdict } from '../domain/verdict.ts';
import type { Sha256 } from '../domain/words.ts';
import type { EngineStats } from '../jsonata/index.ts';
import type { ColumnType } from '../pipeline/pipeline.ts';
import type { EarlierFingerprints } from './earlier-lookups.ts';
import type { MappingEdit } from './edit.ts';
import type { LookupTable } from './lookup.ts';
import type { KeptLookups } from './lookup-fingerprints.ts';
import type { MappingRecipe } from './recipe.ts';

/** Scope, lets, lookups, employment and attributes of one pipeline, compiled into one unit. */
export interface Mapping {
  /** Hash over everything that can change a verdict: texts, lookups' contents, column contract, schema, engine version. */
  readonly id: Sha256;
  /** The clock is read other than through `employment`: a run's date belongs to the plan hash, and everybody is evaluated again each day. */
  readonly readsClock: boolean;
  /** What it was made of, for `edit` of a later mapping. */
  readonly recipe: MappingRecipe;
  /** Columns that expressions, employment, key and primary read, in alphabetical order: the query has to return them. */
  readonly columns: readonly string[];
  /**
   * Pure: same rows, mapping and `asOf`, same verdict. What goes wrong with a worker is a rejected verdict;
   * throws only JSN-109, with `verify` or `shadow`, if the two engines disagree.
   */
  evaluate(group: RowGroup, asOf: Instant): Promise<Verdict> | Verdict;
  /** What was edited since the mapping of that recipe; `kept`: what its `fingerprintLookups` gave with that key. */
  edit(before: MappingRecipe, kept?: EarlierFingerprints): MappingEdit;
  /** Which rows its lookups have, for `edit` of a later mapping: keyed hashes alone. */
  fingerprintLookups(hashKey: Uint8Array): KeptLookups;
  /** Evaluations of expressions so far, and how many of them the reference engine had to answer. */
  stats(): EngineStats;
  /** As `evaluate`, and what every let and attribute came to; with `parts` also the parts of each expression. */
  explain(
    group: RowGroup,
    asOf: Instant,
    options?: { readonly parts?: boolean },
  ): Promise<{ readonly verdict: Verdict; readonly traces: readonly Trace[] }>;
}

export interface MappingResult {
  /** Absent when a diagnostic is an error. */
  readonly mapping?: Mapping;
  readonly diagnostics: readonly Diagnostic[];
}

/** What `compileMapping` takes from outside; all of it has a default. */
export interface MappingEnvironment {
  /** Reads a lookup file; default: the file system. */
  readonly readBytes?: (file: string) => Uint8Array;
  /** Tables that stand in for the files of lookups: the mocks of tests. */
  readonly lookups?: ReadonlyMap<string, LookupTable>;
  /** What the live source returns: stands in for a contract that is not declared, when names and types are checked. */
  readonly sourceColumns?: readonly SourceColumn[];
  /** Every n-th evaluation (true: each) is done in both engines; a difference is an error of the run. Default: never. */
  readonly verify?: boolean | number;
  /** Whether MAP-131 is reported, for which every formula has to become code at once. Default: true. */
  readonly reportsFallbacks?: boolean;
  /** Every n-th worker, beginning with the first, is evaluated as with `verify: true` beside the ordinary way, and the two verdicts are compared. Default: none. */
  readonly shadow?: number;
}

/** A column as the source describes it. */
export interface SourceColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** undefined: the database does not say. */
  readonly nullable?: boolean | undefined;
}
