import type { ColumnType } from '../../pipeline/pipeline.ts';

/** What `source.columns` says of a column. */
export interface ProposedDeclaration {
  readonly type: ColumnType;
  readonly required: boolean;
  readonly values?: readonly (string | number)[];
  readonly whenNull?: 'never';
  readonly class?: 'sensitive';
}

export interface ProposedColumn {
  readonly name: string;
  readonly databaseType: string;
  readonly declaration: ProposedDeclaration;
  /** Something reads it; the others stand as comments, and are not granted. */
  readonly isRead: boolean;
  readonly reason: string;
}

/** One attribute with the expression that makes it. One that is not sure stands as a comment. */
export interface ProposedAttribute {
  /** As it is nested in a pipeline: `['name', 'givenName']`. */
  readonly path: readonly string[];
  readonly expression: string;
  /** Columns that the expression reads. */
  readonly columns: readonly string[];
  /** Its values say nothing about a person. */
  readonly isPublic: boolean;
  readonly isSure: boolean;
  readonly reason: string;
}

export interface ProposedEmployment {
  readonly start: string;
  readonly end: string;
  readonly zone?: string;
  readonly isSure: boolean;
  readonly reason: string;
}

/** A pipeline as far as names and shapes can tell, each part with its reason. */
export interface Proposal {
  readonly key: { readonly column: string; readonly reason: string };
  readonly primary?: { readonly column: string; readonly reason: string };
  readonly watermark?: { readonly column: string; readonly reason: string };
  readonly columns: readonly ProposedColumn[];
  readonly employment?: ProposedEmployment;
  readonly attributes: readonly ProposedAttribute[];
  /** Nothing says who works here: the first run must not create anybody before a person has decided. */
  readonly isActiveOpen: boolean;
  /** What a person has to decide, one sentence each. */
  readonly decide: readonly string[];
}

export interface ProposalOptions {
  /** Domain of the names to sign in with; undefined: not known. */
  readonly domain?: string | undefined;
}

/** Stands for a domain that nobody has said. Reserved by RFC 2606, so it is nobody's. */
export const unknownDomain = 'your-domain.example';
