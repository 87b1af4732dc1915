import type { Clock } from './clock.ts';

/** What of a connection to PostgreSQL is needed to find out whose its session is; clients of pg are such. */
export interface ListeningConnection extends AskingConnection {
  on(event: 'notification', listener: (message: { readonly channel: string }) => void): unknown;
  removeListener(event: 'notification', listener: (message: { readonly channel: string }) => void): unknown;
}

export interface AskingConnection {
  query(text: string): Promise<{ readonly rows: readonly unknown[] }>;
}

/** A connection that is not made yet; a client of pg is such. */
interface SpareConnection extends AskingConnection {
  connect(): Promise<unknown>;
  end(): Promise<unknown>;
  on(event: 'error', listener: () => void): unknown;
}

/** Asks with another connection, which is made when it is needed, and ended. */
export async function withSpare<T>(spare: SpareConnection, ask: (other: AskingConnection) => Promise<T>): Promise<T> {
  spare.on('error', () => undefined);
  let connecting: Promise<unknown> | undefined;
  const other: AskingConnection = {
    query: async (text) => {
      await (connecting ??= spare.connect());
      return spare.query(text);
    },
  };
  try {
    return await ask(other);
  } finally {
    await spare.end().catch(() => undefined);
  }
}

/** The process that the handshake named to a client of pg, which has it and does not declare it. */
export function processNamed(client: object): number {
  const named: unknown = Reflect.get(client, 'processID');
  return typeof named === 'number' ? named : 0;
}

/** A server that is busy tells within seconds; ms. */
const waitForWord = 10_000;

/**
 * Whether the server keeps one session for this connection as long as it lasts, also between transactions: what a session lock, LISTEN and SET rely on. A pooler that hands sessions on with each
 * transaction takes all three without a word, and then the lock is somebody else's, too.
 *
 * Reached directly, the process that answers is the one that the handshake named (BackendKeyData); a pooler names one that there is not. Through a pooler it has to be shown: the session
 * is not the one that `other` is given meanwhile, and what is notified while the connection waits for nothing is heard on it, which it can be only if the session is still its own. Source:
 * PostgreSQL documentation, "Message Flow" and LISTEN; pgbouncer.org, "SQL feature map for pooling modes".
 *
 * `named`: the process of the handshake. `other`: another connection, made in the same way. Errors: those of the queries.
 */
export async function keepsSession(
  connection: ListeningConnection,
  named: number,
  other: AskingConnection,
  clock: Clock,
): Promise<boolean> {
  const process = await processOf(connection);
  if (process === named) return true;
  if ((await processOf(other)) === process) return false;
  // Nobody else has this connection's name.
  const channel = `joinery_session_${String(named >>> 0)}`;
  const over = new AbortController();
  let hear = (): void => undefined;
  const heard = new Promise<boolean>((resolve) => {
    hear = () => resolve(true);
  });
  const listener = (message: { readonly channel: string }): void => {
    if (message.channel === channel) hear();
  };
  connection.on('notification', listener);
  try {
    await connection.query(`listen ${channel}`);
    await other.query(`notify ${channel}`);
    const inVain = clock.sleep(waitForWord, over.signal).then(
      () => false,
      () => false,
    );
    return await Promise.race([heard, inVain]);
  } finally {
    over.abort(new Error('over'));
    connection.removeListener('notification', listener);
    await connection.query(`unlisten ${channel}`).catch(() => undefined);
  }
}

async function processOf(connection: AskingConnection): Promise<unknown> {
  const { rows } = await connection.query('select pg_catalog.pg_backend_pid() as pid');
  const [row] = rows;
  return typeof row === 'object' && row !== null ? Reflect.get(row, 'pid') : undefined;
}
