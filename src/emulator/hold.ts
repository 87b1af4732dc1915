import type { Clock } from '../domain/clock.ts';

interface HoldableClock extends Clock {
  hold(): () => void;
}

function isHoldable(clock: Clock): clock is HoldableClock {
  return 'hold' in clock && typeof clock.hold === 'function';
}

/** Virtual time stands still until the returned function is called; real time does not mind. */
export function holdClock(clock: Clock): () => void {
  return isHoldable(clock) ? clock.hold() : () => undefined;
}
