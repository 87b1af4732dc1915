import type { Duplex } from 'node:stream';
import type { Instant } from '../domain/clock.ts';
import { isObject, parseJson, type JsonObject } from './json.ts';

/** The word of the HTTP upgrade, and where to ask for it. */
export const clockProtocol = 'joinery-clock';
export const clockPath = '/emulator/clock';

/** What a participant says. `idle` and `busy` answer a check; `ready` says that what kept it busy has ended. */
export type ToHost =
  | { readonly sleep: number; readonly milliseconds: number }
  | { readonly cancel: number }
  | { readonly idle: number }
  | { readonly busy: number }
  | { readonly ready: true };

/** What the host says. Every message carries the time. */
export type ToParticipant = { readonly now: Instant; readonly wake?: number; readonly check?: number };

export function sendMessage(socket: Duplex, message: ToHost | ToParticipant): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls back for every message that arrives; a line that is none ends the connection. */
export function onMessages(socket: Duplex, first: Buffer, callback: (message: JsonObject) => void): void {
  let rest = '';
  const take = (chunk: Buffer): void => {
    rest += chunk.toString('utf8');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = parseJson(line);
      if (!isObject(message)) {
        socket.destroy();
        return;
      }
      callback(message);
    }
  };
  socket.on('data', take);
  if (first.length > 0) take(first);
}

export function numberMember(message: JsonObject, name: string): number | undefined {
  const value = message[name];
  return typeof value === 'number' ? value : undefined;
}
