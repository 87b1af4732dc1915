import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freshDatabase } from '../../test/database.ts';
import { Secret } from '../domain/masking.ts';
import { openSource } from './open-source.ts';

/** Source: PostgreSQL documentation, "Message Formats". */
const cancelRequest = 80_877_102;

test('a cancel that came before its statement did is sent again: the session was idle, and it was lost', async () => {
  const url = new URL(await freshDatabase('cancel'));
  const { port, hostname } = url;
  let cancels = 0;
  let begin = (): void => undefined;
  const stop = new AbortController();
  // The statement is on its way until the server has answered the cancel.
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.on('data', (bytes) => {
      if (bytes.includes('COPY (')) {
        begin = () => void far.write(bytes);
        stop.abort(new Error('enough'));
        return;
      }
      if (bytes.length === 16 && bytes.readInt32BE(4) === cancelRequest) {
        cancels++;
        // The server closes when it has told the session.
        far.on('close', () => {
          begin();
          begin = () => undefined;
        });
      }
      if (bytes.includes('pg_cancel_backend')) cancels++;
      far.write(bytes);
    });
    far.pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, resolve));
  const address = proxy.address();
  url.port = typeof address === 'object' ? String(address?.port) : '';
  const query = { sql: 'select 1 as id, pg_sleep(3600)::text as never', file: 'workers.sql', firstLine: 1 };
  const source = await openSource({ type: 'postgres', connection: new Secret('HR', url.href), key: 'id', query, statementTimeout: 60_000 });
  try {
    await expect(source.read({ seed: 1n, signal: stop.signal })[Symbol.asyncIterator]().next()).rejects.toThrow('enough');
    expect(cancels).toBeGreaterThan(1);
    expect(await source.describe()).toHaveLength(2);
  } finally {
    await source.close();
    proxy.close();
  }
});
