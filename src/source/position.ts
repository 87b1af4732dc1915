import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { MssqlSource, PostgresSource, WatermarkDeclaration } from '../pipeline/pipeline.ts';
import type { ColumnDescription } from './contract.ts';
import type { LiteralType } from './literal.ts';

/** How far a watermark was read: the highest value of its column, as the row's line has it. */
export type PositionType = Extract<LiteralType, 'integer' | 'date' | 'timestamp' | 'timestamptz' | 'datetime' | 'smalldatetime'>;

/** The type of a watermark column; undefined: one that has no order of time or number. */
export function positionTypeOf(databaseType: string): PositionType | undefined {
  const base = databaseType
    .replaceAll(/\(\d+\)/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
  if (/^(?:smallint|integer|int|tinyint|bigint)$/.test(base) || /^(?:numeric|decimal)\(\d+,0\)$/.test(databaseType)) return 'integer';
  const types: Readonly<Record<string, PositionType>> = {
    date: 'date',
    'timestamp without time zone': 'timestamp',
    'timestamp with time zone': 'timestamptz',
    datetime2: 'timestamp',
    datetime: 'datetime',
    smalldatetime: 'smalldatetime',
    datetimeoffset: 'timestamptz',
  };
  return types[base];
}

const dayMilliseconds = 86_400_000;
/** A value without a zone may be up to this far ahead of UTC and still be now. */
const widestZone = 14 * 3_600_000;
const usualLookBack = { milliseconds: 15 * 60_000, steps: 1000 };

/**
 * Follows a read and keeps the highest value that is not in the future: a row that somebody dated ahead must not hide what happens until then. Where every
 * value is ahead, the position stays where it was.
 */
export class PositionTracker {
  readonly #asOf: Instant;
  #type: PositionType | undefined;
  #position: string | undefined;
  #limit: string | undefined;

  /** `from`: the position so far, which a read that finds nothing newer keeps. */
  constructor(asOf: Instant, from?: string) {
    this.#asOf = asOf;
    this.#position = from;
  }

  begin(type: PositionType): void {
    this.#type = type;
    if (type !== 'integer') {
      const ahead = type === 'timestamptz' ? 0 : type === 'date' ? dayMilliseconds : widestZone;
      this.#limit = new Date(this.#asOf + ahead).toISOString().replace('T', ' ').slice(0, -1);
    }
  }

  add(text: string | null): void {
    if (text === null || this.#type === undefined) return;
    if (this.#type === 'integer') {
      if (/^-?\d+$/.test(text) && (this.#position === undefined || BigInt(text) > BigInt(this.#position))) this.#position = text;
      return;
    }
    // Infinite dates and years of other than four digits are no time at which a row was changed.
    if (!/^\d{4}-\d\d-\d\d(?: |$)/.test(text) || text.includes('BC')) return;
    if (this.#limit !== undefined && text > this.#limit) return;
    if (this.#position === undefined || text > this.#position) this.#position = text;
  }

  /** Undefined: no row had a value. */
  get position(): string | undefined {
    return this.#position;
  }
}

/** Where the next read begins: the position less the look-back, as the text of a literal of the type. */
export function readFrom(type: PositionType, position: string, lookBack: WatermarkDeclaration['lookBack']): string {
  if (type === 'integer') {
    const steps = lookBack !== undefined && 'steps' in lookBack ? lookBack.steps : usualLookBack.steps;
    return String(BigInt(position) - BigInt(steps));
  }
  const back = lookBack !== undefined && 'milliseconds' in lookBack ? lookBack.milliseconds : usualLookBack.milliseconds;
  const instant = Date.parse(
    `${position
      .replace(' ', 'T')
      .replace(/(\.\d{3})\d*/, '$1')
      .replace(/\+00$/, '')}${position.length === 10 ? '' : 'Z'}`,
  );
  const from = new Date(Math.max(0, instant - back)).toISOString().replace('T', ' ').slice(0, -1);
  if (type === 'date') return from.slice(0, 10);
  return type === 'timestamptz' ? `${from}+00` : from;
}

/** The column of the result that says how far was read. */
export interface Watermark {
  readonly column: string;
  readonly type: PositionType;
  /** Rows of single keys can be asked for beside it; not of a query, which is never added to. */
  readonly asksKeys: boolean;
}

/** The column of the result that holds the watermark, by its name or by what its value is taken from. Errors: SRC-214 for a type without order of time or number. */
export function watermarkOf(
  { changes, columns: declared, table }: PostgresSource | MssqlSource,
  columns: readonly ColumnDescription[],
): Watermark | undefined {
  if (changes === undefined) return undefined;
  const name = declared?.find(({ from }) => from === changes.column)?.name ?? changes.column;
  const column = columns.find((each) => each.name === name);
  if (column === undefined) return undefined;
  const type = positionTypeOf(column.databaseType);
  if (type === undefined) {
    throw new JoineryError('SRC-214', `the watermark column ${changes.column} has the type ${column.databaseType}`, {
      place: changes.place,
    });
  }
  return { column: name, type, asksKeys: table !== undefined };
}
