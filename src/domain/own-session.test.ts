import { expect, test } from 'vitest';
import { keepsSession, type ListeningConnection } from './own-session.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A session of a server; what was notified reaches who listens, if he still has it. */
function connect(pid: number, isDeaf = false) {
  const listeners = new Set<(message: { readonly channel: string }) => void>();
  const asked: string[] = [];
  const connection: ListeningConnection & { readonly asked: string[]; readonly tell: (channel: string) => void } = {
    asked,
    query: (text) => {
      asked.push(text);
      return Promise.resolve({ rows: text.startsWith('select') ? [{ pid }] : [] });
    },
    on: (_event, listener) => listeners.add(listener),
    removeListener: (_event, listener) => listeners.delete(listener),
    tell: (channel) => {
      if (!isDeaf) for (const listener of listeners) listener({ channel });
    },
  };
  return connection;
}
const through = (connection: ReturnType<typeof connect>, pid: number) => ({
  query: (text: string) => {
    if (text.startsWith('notify')) connection.tell(text.slice('notify '.length));
    return Promise.resolve({ rows: [{ pid }] });
  },
});
const clock = (): VirtualClock => new VirtualClock('2026-11-28T00:00:00Z');

test('whose process the handshake named has a session of its own, and nothing else is asked', async () => {
  const connection = connect(7);
  expect(await keepsSession(connection, 7, through(connection, 8), clock())).toBe(true);
  expect(connection.asked).toHaveLength(1);
});

test('of a pooler, a session that another connection is given at the same time is not its own', async () => {
  const connection = connect(7);
  expect(await keepsSession(connection, -12, through(connection, 7), clock())).toBe(false);
  expect(connection.asked).toHaveLength(1);
});

test('of a pooler, who hears what is notified has a session of its own, and listens no longer', async () => {
  const connection = connect(7);
  expect(await keepsSession(connection, -12, through(connection, 8), clock())).toBe(true);
  expect(connection.asked.slice(1)).toEqual(['listen joinery_session_4294967284', 'unlisten joinery_session_4294967284']);
});

test('of a pooler, who hears nothing has none', async () => {
  const connection = connect(7, true);
  expect(await keepsSession(connection, 12, through(connection, 8), clock())).toBe(false);
});
