import { createServer, type Socket } from 'node:net';
import { TdsSession, type TdsSessionOptions } from './tds-session.ts';
import type { Login, TdsError } from './tds-messages.ts';
import type { TdsCertificate } from './tds-tls.ts';
import type { TdsColumn, TdsValue } from './tds-types.ts';

export type { TdsColumn, TdsTypeName, TdsValue } from './tds-types.ts';

/** What a statement returns. */
export type TdsAnswer = TdsResult | { readonly error: TdsError } | 'never';

export interface TdsResult {
  readonly columns: readonly TdsColumn[];
  readonly rows: Iterable<readonly TdsValue[]>;
  /** Instead of an end, behind the rows. */
  readonly failure?: TdsError;
}

export interface TdsDoubleOptions {
  /**
   * The result of a query by its text. `never`: the server works until it is cancelled. Undefined: an error 208. Asked for the columns of a query, too, when a client
   * describes it, and then the rows are not looked at.
   */
  readonly answer: (sql: string) => TdsAnswer | undefined;
  /** What the database allows readers: default `snapshot`. */
  readonly isolation?: 'snapshot' | 'readCommittedSnapshot' | 'locks';
  readonly password?: string;
  /** The server encrypts with this certificate; without it, it says that it cannot. */
  readonly tls?: TdsCertificate;
}

export interface TdsDouble {
  /** `mssql://joinery:secret@127.0.0.1:PORT/hr` */
  readonly url: string;
  /** What was asked, in order: batches, statements of RPCs, `begin 5`, `rollback`, `describe …`. */
  readonly log: readonly string[];
  readonly logins: readonly Login[];
  readonly counts: { /** Rows handed to a socket that took them. */ rows: number; attentions: number; open: number };
  /** Cuts all connections. */
  kill(): void;
  close(): Promise<void>;
}

/**
 * A test double of SQL Server: it speaks TDS 7.4 for what the source uses (login, batches, sp_executesql, sp_describe_first_result_set, transactions, streamed rows under back-pressure,
 * ATTENTION, errors), so that tests go through the real mssql and tedious. It does not know SQL: the test says what a query returns.
 */
export async function startTdsDouble(options: TdsDoubleOptions): Promise<TdsDouble> {
  const sockets = new Set<Socket>();
  const log: string[] = [];
  const logins: Login[] = [];
  const counts = { rows: 0, attentions: 0, open: 0 };
  const password = options.password ?? 'secret';
  const shared: TdsSessionOptions = { ...options, isolation: options.isolation ?? 'snapshot', password, log, logins, counts };
  const server = createServer((socket) => {
    sockets.add(socket);
    counts.open++;
    socket.once('close', () => {
      sockets.delete(socket);
      counts.open--;
    });
    new TdsSession(socket, shared).listen();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const kill = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mssql://joinery:${password}@127.0.0.1:${String(address.port)}/hr`,
    log,
    logins,
    counts,
    kill,
    async close() {
      kill();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

export interface TdsTable {
  /** As the query names it: `dbo.workers` or `workers`. */
  readonly name: string;
  readonly columns: readonly TdsColumn[];
  /** In key order. */
  readonly rows: Iterable<readonly TdsValue[]>;
}

/**
 * Answers for tables held in memory: any SELECT that has a table's name behind FROM, with or without brackets, returns its rows as they lie there. A select list as the
 * source's builder writes it (names in brackets, `CONVERT(…, [name]…) as [name]`) chooses columns and turns converted ones into text; anything else returns all.
 */
export function answerFromTables(tables: readonly TdsTable[]): (sql: string) => TdsAnswer | undefined {
  return (sql) => {
    const from = /\bfrom\s+((?:\[[^\]]+\]|\w+)(?:\.(?:\[[^\]]+\]|\w+))*)/i.exec(sql)?.[1];
    const name = from?.replaceAll(/[[\]]/g, '').toLowerCase();
    const table = tables.find((each) => each.name.toLowerCase() === name);
    return table === undefined ? undefined : project(table, sql);
  };
}

function project(table: TdsTable, sql: string): TdsResult {
  const list = /^\s*select\s+(.*?)\s+from\s/is.exec(sql)?.[1] ?? '*';
  const item = /(?:(CONVERT)\([^[]*\[(\w+)\][^)]*\) as )?\[(\w+)\](?:,\s*|$)/gy;
  const chosen: { readonly index: number; readonly column: TdsColumn }[] = [];
  let end = 0;
  for (const match of list.matchAll(item)) {
    const [, convert, , name = ''] = match;
    const index = table.columns.findIndex((column) => column.name === name);
    const column = table.columns[index];
    if (column === undefined) break;
    chosen.push({ index, column: convert === undefined ? column : { ...column, type: 'varchar', length: 60 } });
    end = match.index + match[0].length;
  }
  if (chosen.length === 0 || end !== list.length) return table;
  const { rows } = table;
  return {
    columns: chosen.map(({ column }) => column),
    rows: {
      *[Symbol.iterator]() {
        for (const row of rows) yield chosen.map(({ index }) => row[index] ?? null);
      },
    },
  };
}
