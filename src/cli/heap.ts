import { setFlagsFromString } from 'node:v8';

/** From the start: V8 lets the part of the heap for new objects grow to 48 MB, of which a stream of rows keeps nothing. It stays at its first size: 25 MB less. */
export function keepNewObjectsFew(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * For what follows the start: while modules are loaded everything lives, and collecting early finds nothing. V8 lets a heap grow to a multiple of what lives in it before it collects; a run lives on little, however
 * many workers change: a quarter less memory for some 4 % of CPU time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30');
}
