import type { AttributeClass, AttributePath, Emptiness } from '../domain/payload.ts';
import type { Place } from '../domain/place.ts';
import type { ConditionName } from '../domain/condition.ts';
import type { Secret } from '../domain/masking.ts';
import type { ExternalId, PipelineName } from '../domain/words.ts';

/**
 * A pipeline file after it was read and found valid: defaults filled in, references to the environment resolved, every expression
 * still text that knows its place in the file. Compiling expressions is the mapping's work, connecting is the source's.
 */
export interface Pipeline {
  readonly name: PipelineName;
  /** As it was given on the command line; places show it. */
  readonly file: string;
  /** Folder of the file: relative paths in the pipeline start here. */
  readonly folder: string;
  /** IANA zone; required when an expression reads the clock or `employment` is used. */
  readonly timezone?: string;
  /** When `joinery watch` starts runs; absent: only the outbox does. */
  readonly schedule?: ScheduleDeclaration;
  readonly source: SourceDeclaration;
  readonly lookups: Readonly<Record<string, LookupDeclaration>>;
  readonly transform: TransformDeclaration;
  readonly leavers: LeaversDeclaration;
  readonly holds: HoldsDeclaration;
  readonly protected: ProtectedDeclaration;
  readonly guards: GuardsDeclaration;
  readonly approvers: ApproversDeclaration;
  readonly plan: { /** Apply refuses an older plan; ms, default 24 h. */ readonly maxAge: number };
  readonly retention: RetentionDeclaration;
  readonly load: LoadDeclaration;
  readonly notify: NotifyDeclaration;
  readonly sink: SinkDeclaration;
  /** Folder or PostgreSQL URL; absent: `--state`, `JOINERY_STATE`, else `.joinery/` beside the `pipelines/` folder. */
  readonly state?: string | Secret;
  /** Place of a field by its path (`sink.job`, `transform.attributes.displayName`); the nearest parent's if it is not written. */
  readonly placeOf: (path: string) => Place;
}

/** JSONata text as it stands in YAML. */
export interface ExpressionText {
  readonly kind: 'expression';
  /** The text that the engine sees, after YAML's folding and escapes. */
  readonly text: string;
  /** Path of the field: `transform.attributes.name.givenName`. */
  readonly path: string;
  /** Place in the file of an offset (UTF-16 code units) into `text`; `length` marks more than one character. */
  readonly locate: (offset: number, length?: number) => Place;
}

/** A number, boolean or null in YAML, or `{ const: … }`. */
export interface LiteralValue {
  readonly kind: 'literal';
  readonly value: string | number | boolean | null;
  readonly path: string;
  readonly place: Place;
}

export type Formula = ExpressionText | LiteralValue;

export type ColumnType = 'string' | 'integer' | 'number' | 'decimal' | 'boolean' | 'date' | 'datetime' | 'json';

/** One line of the contract with HR. */
export interface ColumnDeclaration {
  readonly name: string;
  readonly type: ColumnType;
  /** NULL rejects the row. */
  readonly required: boolean;
  /** The closed list; any other value rejects the row. Only for string, integer and boolean columns. */
  readonly values?: readonly (string | number | boolean)[];
  /** What NULL means; the value stands for it in expressions. `never` (a date that never comes) for date columns only. */
  readonly whenNull?: string | number | boolean;
  /** As declared; absent: public for the key, booleans and closed lists, else personal. */
  readonly class?: AttributeClass;
  /** Of a table source: `COLUMN` or `ALIAS.COLUMN` where the database calls it otherwise. */
  readonly from?: string;
  readonly place: Place;
}

interface SourceBase {
  /** Key column. */
  readonly key: string;
  /** A boolean column that says which of several rows of a key counts. */
  readonly primary?: string;
  /** Columns that together identify a person across keys. */
  readonly identity?: readonly string[];
  /** Undefined: the source's columns are taken as they come, and nothing is checked. */
  readonly columns?: readonly ColumnDeclaration[];
}

interface DatabaseSource extends SourceBase {
  /** Password inside; never printed. */
  readonly connection: Secret;
  /** Exactly one of query and table. */
  readonly query?: {
    /** SQL of one statement, read from its file or given inline. */ readonly sql: string;
    /** The .sql file, or the pipeline file. */ readonly file: string;
    readonly firstLine: number;
  };
  readonly table?: string;
  /** Of a table source, in order of the file. */
  readonly join?: readonly JoinDeclaration[];
  /** Of a table source: all of them hold. */
  readonly where?: readonly ConditionDeclaration[];
  /** Of changes: a watermark. Neither this nor `versions`: snapshot. */
  readonly changes?: WatermarkDeclaration;
  /** Of changes: rowversion. Only with `table`. */
  readonly versions?: VersionsDeclaration;
  readonly outbox?: OutboxDeclaration;
  /** ms; default 15 minutes. */
  readonly statementTimeout: number;
  /** Where `source` stands. */
  readonly place?: Place;
}
export interface PostgresSource extends DatabaseSource {
  readonly type: 'postgres';
}
export interface MssqlSource extends DatabaseSource {
  readonly type: 'mssql';
}
export interface CsvSource extends SourceBase {
  readonly type: 'csv';
  /** Absolute. */
  readonly file: string;
  readonly delimiter: ',' | ';' | '|' | '\t';
  readonly encoding: 'utf-8' | 'utf-16le' | 'windows-1252';
  readonly place: Place;
}
export type SourceDeclaration = PostgresSource | MssqlSource | CsvSource;

export interface JoinDeclaration {
  readonly alias: string;
  readonly table: string;
  readonly kind: 'left' | 'inner';
  /** Pairs that are equal: a column of the joined table, and `COLUMN` or `ALIAS.COLUMN` before it. */
  readonly on: readonly { readonly column: string; readonly equals: string }[];
  /** Conditions on columns of the joined table; a part of ON. */
  readonly where: readonly ConditionDeclaration[];
  readonly place: Place;
}

/** A constant, or a parameter: `as_of` is the day of the run in the pipeline's timezone. */
export type ConditionValue = string | number | boolean | { readonly parameter: 'as_of' };

export type ConditionTest =
  | { readonly kind: 'is' | 'not'; readonly values: readonly ConditionValue[] }
  | { readonly kind: 'from' | 'above' | 'to' | 'below'; readonly value: ConditionValue }
  | { readonly kind: 'null'; readonly isNull: boolean };

export interface ConditionDeclaration {
  /** `COLUMN` or `ALIAS.COLUMN`. */
  readonly column: string;
  readonly tests: readonly ConditionTest[];
  /** NULL fits, too. */
  readonly orNull: boolean;
  readonly place: Place;
}

export interface WatermarkDeclaration {
  readonly mode: 'watermark';
  readonly column: string;
  /** How far before the last position a read begins. */
  readonly lookBack: { readonly milliseconds: number } | { readonly steps: number } | undefined;
  /** ms */
  readonly fullPass: number;
  readonly place: Place;
}

/** Rows whose version is the same are not read. */
export interface VersionsDeclaration {
  /** Of SQL Server, which has no version of its own for a row: a column of the type rowversion. */
  readonly column?: string;
  /** ms */
  readonly fullPass: number;
  readonly place: Place;
}

/** What `joinery watch` listens to. */
export type OutboxDeclaration =
  | { readonly kind: 'notify'; readonly channel: string; readonly place: Place }
  | { readonly kind: 'table'; readonly table: string; readonly column: string; /** ms */ readonly every: number; readonly place: Place };

export interface ScheduleDeclaration {
  /** Five fields, in the pipeline's timezone. */
  readonly cron: string;
  /** ms */
  readonly debounce: number;
}

export interface LookupDeclaration {
  readonly name: string;
  /** CSV file, absolute. */
  readonly file: string;
  /** Column whose value is the key; must be unique. */
  readonly key: string;
  readonly place: Place;
}

export interface TransformDeclaration {
  /** `.jsonata` files, absolute, in order: each is a block of `$name := function…` definitions. */
  readonly use: readonly { readonly file: string; readonly text: string; readonly place: Place }[];
  readonly scope?: Formula;
  readonly employment?: EmploymentDeclaration;
  /** In order of the file; each may use the ones before it as `$name`. */
  readonly let: readonly { readonly name: string; readonly formula: Formula; readonly place: Place }[];
  readonly attributes: readonly AttributeDeclaration[];
}

/** `$employed`: the worker's zone decides when the first day begins and the last day ends. */
export interface EmploymentDeclaration {
  /** Date columns. */
  readonly start: string;
  readonly end?: string;
  /** Column with an IANA zone; without it the pipeline's timezone. */
  readonly zone?: string;
  /** Created disabled this long before the start; ms; absent: not before. */
  readonly preHire?: number;
  readonly place: Place;
}

export interface AttributeDeclaration {
  readonly path: AttributePath;
  readonly formula: Formula;
  readonly empty: Emptiness;
  readonly class: AttributeClass;
  /** Computed once, kept for life; the formula gives one candidate or a list in order of preference. */
  readonly once: boolean;
  /** Only of the manager: what happens when nobody knows him; default omit. */
  readonly outside?: 'omit' | 'keep' | 'reject';
  /** Only with `once`: another value is chosen when the candidates change and the present one is not among them. */
  readonly renames: boolean;
  readonly place: Place;
}

export interface LeaversDeclaration {
  readonly vanished: { readonly action: 'disable' | 'keep'; readonly fullPasses: number; /** ms */ readonly hours: number };
  readonly outOfScope: 'disable' | 'keep';
}

export interface HoldsDeclaration {
  /** Whether the directory is asked who was disabled by somebody else. */
  readonly directory: 'checked' | 'unchecked';
  /** Hold list, absolute. */
  readonly file?: string;
  /** Its rows name workers on hold in the column `key`; any order, repetitions count once. */
  readonly query?: PostgresSource | MssqlSource;
}

/** Workers of whom nothing is ever sent. */
export interface ProtectedDeclaration {
  readonly workers: readonly ExternalId[];
  /** List, absolute. */
  readonly file?: string;
  /** Over the row; true: protected. */
  readonly when?: Formula;
}

/** A share (0 to 1) of the enabled workers, never below or above a count. */
export interface Limit {
  readonly share: number;
  readonly atLeast: number;
  readonly atMost?: number;
}

/** A limit for every attribute, and those that have one of their own. */
export interface AttributeLimits {
  readonly each: Limit;
  readonly attributes: Readonly<Record<AttributePath, Limit>>;
}

export interface GuardsDeclaration {
  /** Leavers and cancelled. */
  readonly leavers: Limit;
  /** Joiners and pre-hires. */
  readonly joiners: Limit;
  /** Enables and rehires. */
  readonly enables: Limit;
  /** Workers who get another userName. */
  readonly renames: Limit;
  /** Workers who are taken over under another key. */
  readonly rekeys: Limit;
  /** Workers for whom one attribute is emptied. */
  readonly emptied: AttributeLimits;
  /** Known workers for whom one attribute changes. */
  readonly changes: AttributeLimits & {
    /** Share of a group's enabled workers, for groups of at least `minimum`; absent: the pipeline does not write the attribute. */
    readonly groups?: { readonly by: AttributePath; readonly share: number; readonly minimum: number };
  };
  /** Fresh and standing rejections as a share of the keys read. */
  readonly rejections: Limit;
  /** Rows without a key as a share of the keys read. */
  readonly keyless: Limit;
  /** How much the population may shrink, as a share of it. */
  readonly population: Limit;
  /** How many times its limit a guard allows within 7 days. */
  readonly week: number;
  /** The first run states its own limits; each absolute, or a share of the keys read. */
  readonly first: { readonly joiners: number | Limit; readonly rejections: number | Limit };
}

/** Who may approve what a guard stopped. */
export interface ApproversDeclaration {
  /** Account names of the machine. */
  readonly users: readonly string[];
  /** Whether the approver may be the one who made or sends the plan. */
  readonly runner: 'refused' | 'allowed';
}

/** How long personal data is kept, ms. */
export interface RetentionDeclaration {
  readonly rows: number;
  readonly payloads: number;
}

/** How plans are sent. Shares are 0 to 1. */
export interface LoadDeclaration {
  readonly staged: {
    readonly when: 'muchChanges' | 'always' | 'never';
    /** Operations of each stage but the last, which is the rest. */
    readonly stages: readonly number[];
    /** More changes than this share of the enabled workers go in stages. */
    readonly change: Limit;
  };
  readonly pause: {
    /** Bad outcomes, as a share of the known ones. */
    readonly failed: Limit;
    /** Operations of the job without an outcome. */
    readonly unconfirmed: number;
  };
  /** `disables`: of the day's calls, for nothing else. `others`: of window and day, for other clients of the tenant. */
  readonly reserve: { readonly disables: number; readonly others: number };
}

/** Who is told of what; lengths of time in ms. */
export interface NotifyDeclaration {
  readonly webhook?: { readonly url: Secret; readonly signature?: Secret; readonly authorization?: Secret; readonly timeout: number };
  readonly smtp?: {
    readonly host: string;
    readonly port: number;
    readonly security: 'starttls' | 'tls' | 'none';
    /** PEM file, absolute. */
    readonly authority?: string;
    readonly user?: string;
    readonly password?: Secret;
    readonly from: string;
    readonly to: readonly string[];
    readonly timeout: number;
  };
  readonly command?: { readonly program: string; readonly words: readonly string[]; readonly timeout: number };
  readonly on: readonly ConditionName[];
  /** A disable without an outcome for so long is told. */
  readonly disables: number;
  /** No success for so long is told. */
  readonly stale: number;
  /** What holds is told again after so long. */
  readonly remind: number;
}

export interface SinkDeclaration {
  readonly type: 'entra';
  /** Lower-case GUID. */
  readonly tenant: string;
  readonly servicePrincipal: string;
  readonly job: string;
  readonly auth: AuthDeclaration;
  /** Where tokens and Graph are: a national cloud, or an emulator's origin that was named explicitly and is loopback. */
  readonly cloud: { readonly name: 'global' | 'usgov' | 'dod' | 'china' | 'emulator'; readonly login: string; readonly graph: string };
  /** Calls per rolling 24 h: 2,000 or 6,000. */
  readonly quota: { readonly name: 'p1' | 'governance'; readonly calls: number };
  /** Attributes that the job is set to clear; `empty: clear` is allowed for these only. */
  readonly clearing: readonly AttributePath[];
  /** Custom extensions: attributes with their SCIM type, by URN. */
  readonly extensions: Readonly<Record<string, Readonly<Record<string, 'string' | 'boolean' | 'integer' | 'decimal' | 'dateTime'>>>>;
}

export interface AuthDeclaration {
  readonly client: string;
  readonly secret?: Secret;
  /** PEM file with certificate and private key, absolute. */
  readonly certificate?: string;
  /** File with a token of another issuer that the platform keeps fresh, absolute. */
  readonly federated?: { readonly file: string };
  /** The machine's identity in Azure: the one that `client` names, or its only one. */
  readonly managedIdentity?: 'userAssigned' | 'systemAssigned';
}
