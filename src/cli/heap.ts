import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** From the start: V8 lets the part of the heap for new objects grow to 48 MB, of which a stream of rows keeps nothing. It stays at its first size: 25 MB less. */
export function keepNewObjectsFew(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Both halves of the part for new objects; bytes. Three times that, V8's own bound, gives hardly less work and would take it from the 200 MB that a run may have. */
const newObjectsAtMost = 16 * 1_048_576;
/** Often enough that it cannot double twice in between. */
const lookEvery = 10;
let watching: NodeJS.Timeout | undefined;

/**
 * For what follows the start: while modules are loaded everything lives, and collecting early finds nothing. V8 lets a heap grow to a multiple of what lives in it before it collects; a run lives on little, however
 * many workers change: a quarter less memory for some 4 % of CPU time. New objects get more room as soon as many of them outlive a collection, as they do where workers change and not where rows are
 * only compared: at the first size each megabyte is a collection, together a fifth of the time of a plan of many changes.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--semi-space-growth-factor=2');
  watching ??= setInterval(() => {
    const size = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? newObjectsAtMost;
    if (size < newObjectsAtMost) return;
    keepNewObjectsFew();
    clearInterval(watching);
  }, lookEvery).unref();
}
