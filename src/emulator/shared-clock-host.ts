import type { Duplex } from 'node:stream';
import { systemClock, type Clock, type Instant } from '../domain/clock.ts';
import { clockProtocol, numberMember, onMessages, sendMessage } from './clock-messages.ts';
import { afterTurns } from './event-loop.ts';
import type { JsonObject } from './json.ts';

interface Sleeper {
  readonly at: Instant;
  readonly order: number;
  readonly participant: Participant | undefined;
  readonly wake: () => void;
}

interface Participant {
  readonly socket: Duplex;
  readonly sleepers: Map<number, Sleeper>;
  /** The check that it answered with idle. */
  idle: number;
}

const turns = 4;

/**
 * Virtual time for several processes. Each connects and becomes a participant; time moves only when every participant sleeps,
 * has nothing else to do (it is asked), and nobody holds it, and then jumps to the earliest sleeper. A process that is killed
 * loses its connection and is a participant no more, so the others go on.
 */
export class SharedClockHost implements Clock {
  #now: Instant;
  #order = 0;
  #holds = 0;
  #round = 0;
  #considering = false;
  readonly #sleepers = new Set<Sleeper>();
  readonly #participants = new Set<Participant>();

  constructor(start: Instant | string) {
    this.#now = typeof start === 'string' ? Date.parse(start) : start;
    if (!Number.isFinite(this.#now)) throw new TypeError(`not an instant: ${String(start)}`);
  }

  /** Processes that are connected. */
  get participants(): number {
    return this.#participants.size;
  }

  now(): Instant {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    // An aborted signal rejects in the one way that all clocks share, and moves nothing.
    if (signal?.aborted === true) return systemClock.sleep(milliseconds, signal);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        this.#changed();
        systemClock.sleep(0, signal).catch(reject);
      };
      const sleeper = this.#add(milliseconds, undefined, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#changed();
    });
  }

  /** Time stands still until the returned function is called. */
  hold(): () => void {
    this.#holds++;
    this.#round++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      this.#changed();
    };
  }

  /** Moves time by hand, waking everybody whose time has come, in order. */
  advance(milliseconds: number): void {
    const target = this.#now + milliseconds;
    for (let next = this.#earliest(); next !== undefined && next.at <= target; next = this.#earliest()) this.#wake(next);
    this.#now = Math.max(this.#now, target);
    for (const { socket } of this.#participants) sendMessage(socket, { now: this.#now });
    this.#changed();
  }

  /** Takes a connection that asked for the upgrade. */
  accept(socket: Duplex): void {
    const participant: Participant = { socket, sleepers: new Map(), idle: 0 };
    this.#participants.add(participant);
    const leave = (): void => {
      if (!this.#participants.delete(participant)) return;
      for (const sleeper of participant.sleepers.values()) this.#sleepers.delete(sleeper);
      this.#changed();
    };
    socket.on('close', leave);
    socket.on('end', () => {
      socket.destroy();
    });
    socket.on('error', leave);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${clockProtocol}\r\n\r\n`);
    sendMessage(socket, { now: this.#now });
    onMessages(socket, Buffer.alloc(0), (message) => {
      this.#receive(participant, message);
    });
    this.#round++;
  }

  disconnectAll(): void {
    for (const { socket } of this.#participants) socket.destroy();
  }

  #receive(participant: Participant, message: JsonObject): void {
    const [sleep, cancel, idle] = ['sleep', 'cancel', 'idle'].map((name) => numberMember(message, name));
    if (idle !== undefined) {
      participant.idle = idle;
      this.#tryAdvance();
      return;
    }
    if (sleep !== undefined) {
      const wake = (): void => {
        participant.sleepers.delete(sleep);
        sendMessage(participant.socket, { now: this.#now, wake: sleep });
      };
      participant.sleepers.set(sleep, this.#add(numberMember(message, 'milliseconds') ?? 0, participant, wake));
    }
    const cancelled = cancel === undefined ? undefined : participant.sleepers.get(cancel);
    if (cancel !== undefined && cancelled !== undefined) {
      participant.sleepers.delete(cancel);
      this.#sleepers.delete(cancelled);
    }
    if (numberMember(message, 'busy') === undefined) this.#changed();
  }

  #add(milliseconds: number, participant: Participant | undefined, wake: () => void): Sleeper {
    const sleeper: Sleeper = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, participant, wake };
    this.#sleepers.add(sleeper);
    return sleeper;
  }

  /** Whatever was found out before no longer counts. */
  #changed(): void {
    this.#round++;
    this.#consider();
  }

  #mayMove(): boolean {
    return this.#holds === 0 && this.#sleepers.size > 0 && [...this.#participants].every((one) => one.sleepers.size > 0);
  }

  #consider(): void {
    if (this.#considering || !this.#mayMove()) return;
    this.#considering = true;
    afterTurns(turns, () => {
      this.#considering = false;
      if (!this.#mayMove()) return;
      const round = ++this.#round;
      for (const { socket } of this.#participants) sendMessage(socket, { now: this.#now, check: round });
      this.#tryAdvance();
    });
  }

  /** Everybody has said that nothing but time can move things on: once more round the loop, for requests that are already here. */
  #tryAdvance(): void {
    const round = this.#round;
    if (![...this.#participants].every((one) => one.idle === round)) return;
    afterTurns(turns, () => {
      if (round !== this.#round || !this.#mayMove()) return;
      const next = this.#earliest();
      if (next === undefined) return;
      this.#wake(next);
      this.#changed();
    });
  }

  #earliest(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (first === undefined || sleeper.at < first.at || (sleeper.at === first.at && sleeper.order < first.order)) first = sleeper;
    }
    return first;
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    this.#now = Math.max(this.#now, sleeper.at);
    sleeper.wake();
  }
}
