/**
 * What a function may know beside its arguments. The object is read again at every call: a mapping is compiled once and
 * the host sets `asOf` at the start of each run, and does not change it before the run ends.
 */
export interface FunctionContext {
  /** The instant of the run, milliseconds since 1970-01-01T00:00:00Z. */
  asOf: number;
  /** IANA name or offset; the pipeline's `timezone`. Absent: UTC. */
  timezone?: string;
  /** From 0 (inclusive) to 1 (exclusive). Absent: the system's secure generator, so that what is drawn may be a password. */
  random?: () => number;
  /** Whether the value is taken in the target; compared without regard to case. Absent: nothing is taken. */
  isTaken?: (value: string) => boolean;
}

/**
 * What a result depends on beside the arguments. `pure`: nothing. `clock`: `asOf` (so the date on which it can change
 * matters). `random`: chance. `lookup`: what exists in the target.
 */
export type Purity = 'pure' | 'clock' | 'random' | 'lookup';

export interface ParameterDeclaration {
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  readonly repeated?: boolean;
}

/** One line of the reference page and one test. Exactly one of `result`, `matches` and `fails` is given. */
export interface FunctionExample {
  readonly expression: string;
  readonly input?: unknown;
  readonly bindings?: Readonly<Record<string, unknown>>;
  /** Changes to the context of examples: 2026-11-22T08:00:00Z, Europe/Berlin, a seeded generator, nothing taken. */
  readonly context?: Partial<FunctionContext>;
  /** Values that are taken in the target. */
  readonly taken?: readonly string[];
  /** JSON; null stands for nothing too. */
  readonly result?: unknown;
  /** A regular expression that the result matches. */
  readonly matches?: string;
  /** The code of the error. */
  readonly fails?: string;
}

export type FunctionImplementation = (...parameters: unknown[]) => unknown;

export interface FunctionDeclaration {
  /** Without the dollar. */
  readonly name: string;
  /** A JSONata signature; `(sl)` admits null, which a column of the source can be. */
  readonly signature: string;
  readonly parameters: readonly ParameterDeclaration[];
  /** One or more sentences. */
  readonly summary: string;
  readonly purity: Purity;
  /** The group on the reference page. */
  readonly group: FunctionGroup;
  /** Called once for each library; the function that it returns reads the context at each call. */
  readonly implementation: (context: FunctionContext) => FunctionImplementation;
  readonly examples: readonly FunctionExample[];
  /** The function of Microsoft's attribute-mapping reference that this one is. */
  readonly entra?: string;
  /** Where the behaviour comes from, if it is not ours. */
  readonly source?: string;
}

type FunctionGroup = 'names' | 'dates' | 'text' | 'lookups' | 'phones and countries' | 'Entra attribute mapping';
