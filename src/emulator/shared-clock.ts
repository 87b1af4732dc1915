import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { systemClock, type Clock, type Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { clockPath, clockProtocol, numberMember, onMessages, sendMessage } from './clock-messages.ts';
import { whenQuiet } from './event-loop.ts';
import type { JsonObject } from './json.ts';

/** A clock whose time is agreed on with other processes. `hold` keeps time still while this process waits for something else. */
export interface SharedClock extends Clock {
  hold(): () => void;
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (reason: JoineryError) => void;
}

/**
 * Joins the shared clock of an emulator. `url` is the emulator's origin. From now on time stands still until this process
 * sleeps or goes away. The connection keeps the process alive only while it sleeps. Throws EMU-104 where there is no shared
 * clock; sleepers reject with it when the connection is lost.
 */
export function connectSharedClock(url: string): Promise<SharedClock> {
  return new Promise((resolve, reject) => {
    const refuse = (cause?: Error): void => {
      reject(new JoineryError('EMU-104', `There is no shared clock at ${new URL(url).origin}.`, cause === undefined ? {} : { cause }));
    };
    const ask = request(new URL(clockPath, url), { headers: { connection: 'Upgrade', upgrade: clockProtocol } });
    ask.on('error', refuse);
    ask.on('response', () => {
      ask.destroy();
      refuse();
    });
    ask.on('upgrade', (_response, socket, head) => {
      let welcome: ((clock: SharedClock) => void) | undefined = resolve;
      const participant = new Participant(socket, () => {
        welcome?.(participant);
        welcome = undefined;
      });
      onMessages(socket, head, (message) => {
        participant.receive(message);
      });
    });
    ask.end();
  });
}

class Participant implements SharedClock {
  #now: Instant = 0;
  #next = 0;
  #holds = 0;
  #closed = false;
  /** The first message has come: before it the process waits for nothing else. */
  #welcomed = false;
  readonly #pending = new Map<number, Pending>();
  readonly #socket: Duplex;
  readonly #onTime: () => void;

  constructor(socket: Duplex, onTime: () => void) {
    this.#socket = socket;
    this.#onTime = onTime;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#lose();
    });
    this.#keepAlive();
  }

  now(): Instant {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    // An aborted signal rejects in the one way that all clocks share.
    if (signal?.aborted === true) return systemClock.sleep(milliseconds, signal);
    if (this.#closed) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const onAbort = (): void => {
        this.#pending.delete(id);
        sendMessage(this.#socket, { cancel: id });
        this.#keepAlive();
        systemClock.sleep(0, signal).catch(reject);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const done = (): void => {
        signal?.removeEventListener('abort', onAbort);
      };
      this.#pending.set(id, {
        resolve: () => {
          done();
          resolve();
        },
        reject: (reason) => {
          done();
          reject(reason);
        },
      });
      this.#keepAlive();
      sendMessage(this.#socket, { sleep: id, milliseconds: Math.max(0, milliseconds) });
    });
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      if (this.#holds === 0 && this.#pending.size > 0) sendMessage(this.#socket, { ready: true });
    };
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) {
        resolve();
        return;
      }
      this.#socket.once('close', () => {
        resolve();
      });
      this.#socket.destroy();
    });
  }

  receive(message: JsonObject): void {
    this.#now = numberMember(message, 'now') ?? this.#now;
    if (!this.#welcomed) {
      this.#welcomed = true;
      this.#keepAlive();
    }
    this.#onTime();
    const wake = numberMember(message, 'wake');
    if (wake !== undefined) {
      const sleeper = this.#pending.get(wake);
      this.#pending.delete(wake);
      this.#keepAlive();
      sleeper?.resolve();
    }
    const check = numberMember(message, 'check');
    if (check === undefined) return;
    whenQuiet(4, () => {
      sendMessage(this.#socket, this.#holds === 0 && this.#pending.size > 0 ? { idle: check } : { busy: check });
    });
  }

  #lose(): void {
    this.#closed = true;
    const reason = lost();
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
  }

  /** A process that has nothing left to do may end, clock or no clock. */
  #keepAlive(): void {
    if (!('ref' in this.#socket) || !('unref' in this.#socket)) return;
    const { ref, unref } = this.#socket;
    const change = this.#pending.size > 0 || !this.#welcomed ? ref : unref;
    if (typeof change === 'function') change.call(this.#socket);
  }
}

function lost(): JoineryError {
  return new JoineryError('EMU-104', 'The connection to the shared clock is gone.');
}
