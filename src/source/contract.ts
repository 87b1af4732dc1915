import type { Clock } from '../domain/clock.ts';
import type { ColumnType } from '../pipeline/pipeline.ts';
import type { KeyOrder, Row } from '../domain/row.ts';
import type { ExternalId } from '../domain/words.ts';
import type { PackedRows } from './packed.ts';
import type { PositionTracker, Watermark } from './position.ts';

/**
 * One HR database behind one small contract. A source reads; it never writes, and a run sees one moment of it.
 */
export interface Source {
  readonly type: 'postgres' | 'mssql' | 'csv';
  /** In which order `read` returns keys. */
  readonly keyOrder: KeyOrder;
  /** SQL of the ORDER BY that gives this order and that an index can serve; absent for a file. */
  readonly orderBy?: string;
  /** A read sees one moment. False for a SQL Server database that allows neither SNAPSHOT nor READ_COMMITTED_SNAPSHOT: a row that moves during the read may be missed. */
  readonly oneMoment: boolean;
  /** The watermark column, where the source declares one. */
  readonly watermark?: Watermark;
  /**
   * All rows in key order, in chunks, with back-pressure: nothing is read ahead of the consumer but one buffer. Leaving the loop early or aborting
   * cancels the statement on the server and gives the connection back. Errors: JoineryError with SRC codes for a
   * connection that is gone (at once, never a hang), a refused login, an SQL error (with query file, line and column), a missing or duplicate
   * column, a key out of order, a time-out.
   */
  read(request: ReadRequest): AsyncIterable<readonly Row[]>;
  /** The same read with rows packed, where the source has them so: most rows of a run are only compared. */
  readPacked?(request: ReadRequest): AsyncIterable<PackedRows>;
  /** Set where the declaration asks for versions of rows. */
  readonly versions?: RowVersions;
  /** The columns that the query returns, without reading rows. */
  describe(signal?: AbortSignal): Promise<readonly ColumnDescription[]>;
  close(): Promise<void>;
}

/** What a source knows of the versions of its rows. */
export interface RowVersions {
  /** Why an equal version would now not mean an equal row; undefined: it does. */
  refusal(signal?: AbortSignal): Promise<string | undefined>;
  /** Begins a read of one moment. Errors: as of `read`. */
  open(request: Pick<ReadRequest, 'asOf' | 'seed' | 'signal'>): Promise<VersionedRead>;
}

/** One moment of a source, of which several things are read one after the other. Each is read to its end, or the whole of it is closed. */
export interface VersionedRead {
  readonly ground: VersionGround | VersionRefusal;
  /** Key and version of every row, in key order, as rows whose fingerprint is the version's. Not where the ground is a refusal. */
  versions(): AsyncIterable<PackedRows>;
  /** Where a row of `versions` is to be found. */
  placeOf(row: Row): string;
  /** All rows at these places, in key order; their ordinals go on where the ones before ended. */
  at(places: readonly string[]): AsyncIterable<PackedRows>;
  /** Every row, in key order. */
  all(): AsyncIterable<PackedRows>;
  close(): Promise<void>;
}

/** What has to be as it was for an equal version to mean an equal row. */
export interface VersionGround {
  /** Of the server and its history, of the tables and of the types of their columns: equal or not. */
  readonly identity: string;
  /** How many transactions PostgreSQL had begun, whose numbers of 32 bits come again after four thousand million; of SQL Server, how many rows the database had written. */
  readonly transaction: string;
}
export interface VersionRefusal {
  /** Fits behind `because`. */
  readonly because: string;
}

export interface SourceOptions {
  /** How the DBA sees the session; default `joinery`. */
  readonly applicationName?: string;
  /** How long a read waits for somebody else's lock; ms, default 10 s. */
  readonly lockTimeout?: number;
  /** Measures how long a statement keeps us waiting; default the system's. */
  readonly clock?: Clock;
}

/** Which rows: those at or behind a position (less the look-back), those without one, and all rows of these keys. */
export interface PartialRead {
  readonly position: string;
  readonly keys: readonly ExternalId[];
}

/** More keys in one statement than this are dearer than reading everything. */
export const mostKeysAsked = 1_000;

export interface ReadRequest {
  /** The day of the run, `2026-11-27`, for `:as_of`; without it NULL stands there. */
  readonly asOf?: string;
  /** Absent: everything. A query source ignores `keys`. */
  readonly partial?: PartialRead;
  /** Told of the watermark of every row. */
  readonly tracker?: PositionTracker;

  /** Seed of the row fingerprints. */
  readonly seed: bigint;
  readonly signal?: AbortSignal;
  /** Rows may come in any order: only who is among them counts. Default: out of key order is SRC-301. */
  readonly anyOrder?: boolean;
  /** Rows per chunk of `read`, default 1,000. */
  readonly chunk?: number;
}

export interface ColumnDescription {
  readonly name: string;
  /** As the database names it: `int8`, `nvarchar(40)`. */
  readonly databaseType: string;
  /** How its values reach an expression. */
  readonly type: ColumnType;
  /** undefined: the database does not say. */
  readonly nullable?: boolean | undefined;
  /** A column of source.table that the pipeline does not read. */
  readonly isUnread?: true;
}
