import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ClientConfig, PoolClient } from 'pg';

/** BackendKeyData of a connection: of a pooler its own, which it knows the server's by. */
export interface CancelKey {
  readonly process: number;
  readonly secret: number;
}

export function cancelKeyOf(connection: PoolClient): CancelKey {
  const number = (name: string): number => {
    const value: unknown = Reflect.get(connection, name);
    return typeof value === 'number' ? value : 0;
  };
  return { process: number('processID'), secret: number('secretKey') };
}

const sslRequest = 80_877_103;
const cancelRequest = 80_877_102;

/**
 * Asks the server to end what the connection of this key runs. It needs no session: neither a place in a pool, nor one under the limit of the role, nor a login. Encrypted and verified as the
 * connection itself is. Fulfilled when the server has closed, which it does when it has told the session. Source: PostgreSQL documentation, "Message Formats", "Canceling Requests in Progress".
 */
export async function requestCancel(config: ClientConfig, key: CancelKey, signal: AbortSignal): Promise<void> {
  const { host = 'localhost', port = 5432, ssl } = config;
  const plain = host.startsWith('/') ? connectSocket(`${host}/.s.PGSQL.${String(port)}`) : connectSocket(port, host);
  const sockets: Socket[] = [plain];
  const onAbort = (): void => sockets.forEach((socket) => socket.destroy());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    let socket = plain;
    if (typeof ssl === 'object') {
      await written(plain, message(sslRequest));
      const [answer] = await received(plain);
      if (answer !== 0x53) throw new Error('The server does not support SSL connections');
      socket = connectTls({ ...ssl, socket: plain, ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }) });
      sockets.push(socket);
    }
    await written(socket, message(cancelRequest, key.process, key.secret));
    await closed(socket);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', onAbort);
    onAbort();
  }
}

function message(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * words.length);
  [bytes.length, ...words].forEach((word, place) => bytes.writeInt32BE(word, 4 * place));
  return bytes;
}

function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('Connection terminated')));
    socket.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

function received(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('close', () => reject(new Error('Connection terminated')));
  });
}

/** A server may also reset what it has nothing more to say on. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.on('error', () => undefined);
    socket.resume();
  });
}
