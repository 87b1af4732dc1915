import type { Duplex } from 'node:stream';
import { VirtualClock } from '../domain/virtual-clock.ts';

/** Placeholder shape until the protocol lands in this file. */
export class SharedClockHost extends VirtualClock {
  accept(socket: Duplex): void {
    socket.destroy();
  }

  disconnectAll(): void {
    return undefined;
  }
}
