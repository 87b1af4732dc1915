import type { ColumnType } from './pipeline.ts';

/** What a text looks like; the first that fits. */
export const textForms = ['email', 'uuid', 'date', 'digits', 'country', 'language', 'zone', 'phone', 'code', 'words', 'other'] as const;
export type TextForm = (typeof textForms)[number];

/** What the values of a column look like in the rows that were looked at: counts, and no value. */
export interface ColumnShape {
  readonly nulls: number;
  /** Empty texts, or nothing but blanks. */
  readonly blanks: number;
  readonly distinct: number;
  /** Characters of the longest value. */
  readonly longest: number;
  /** How many of the values that are neither NULL nor blank have each form. */
  readonly forms: Readonly<Partial<Record<TextForm, number>>>;
  /** Different domains of the e-mail addresses. */
  readonly domains: number;
  /** Times of day other than midnight, for columns with a date and a time. */
  readonly timesOfDay: number;
  /** Words of the vocabulary that was asked for, as they are spelt here. They are words of ours, which say nothing about a person. */
  readonly words: readonly string[];
  /** No value but these words. */
  readonly isWords: boolean;
  /** Values that are also the key of a row. */
  readonly keys: number;
  /** Of a file, whose fields are all text: what every value that was seen can be declared as; absent: text. */
  readonly written?: ColumnType;
}

export interface SurveyedColumn {
  readonly name: string;
  /** As the database names it. */
  readonly databaseType: string;
  /** How its values reach an expression when it is not declared as something else. */
  readonly type: ColumnType;
  /** undefined: the database does not say, as for a view. */
  readonly nullable?: boolean | undefined;
  /** The database computes it, or counts it up. */
  readonly isGenerated?: boolean;
  /** Labels of an enum: the catalogue's, so none of a person. */
  readonly labels?: readonly string[] | undefined;
  /** Absent: no row was looked at, or the account may not read it. */
  readonly shape?: ColumnShape | undefined;
}

/** A table, view or file as somebody sees it who has no pipeline for it yet. */
export interface TableSurvey {
  readonly type: 'postgres' | 'mssql' | 'csv';
  /** As `source.table` or `source.file` says it. */
  readonly name: string;
  readonly kind: 'table' | 'view' | 'file';
  readonly columns: readonly SurveyedColumn[];
  /** Columns of the primary key; none: there is no primary key. */
  readonly primaryKey: readonly string[];
  /** Columns of each unique index, the primary key's included; of a file, columns without a value that two rows share. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Rows that were looked at. */
  readonly rows: number;
  /** These were all. */
  readonly isWhole: boolean;
}
