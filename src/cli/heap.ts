import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** From the start: V8 lets the part of the heap for new objects grow to 48 MB, of which a stream of rows keeps nothing. It stays at its first size. */
export function keepNewObjectsFew(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Both halves of the part for new objects; bytes. Twice that gives hardly less work and would take it from the 200 MB that a run may have. */
const roomForNewObjects = 16 * 1_048_576;

/**
 * For what follows the start: while modules are loaded everything lives, and collecting early finds nothing. V8 lets a heap grow to a multiple of what lives in it before it collects; a run lives on little, however
 * many workers change: a quarter less memory for a few percent of CPU time. New objects get more room, because in a plan of many changes many of them outlive a collection: at the first size each megabyte is one, together
 * a fifth of the time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
  makeRoom();
}

/**
 * V8 takes no size and makes room by itself, twice as much whenever enough objects have outlived their collections; then it tells nobody, and whoever looks from time to time finds it twice where the
 * program was busy in between. So objects are made here that outlive theirs, until there is room enough: some 10 ms.
 */
function makeRoom(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
  const living: (readonly number[])[] = [];
  // Some 4 KB each, and far fewer at once than a second doubling takes.
  for (let look = 0; look < 200 && spaceOfNewObjects() < roomForNewObjects; look++)
    for (let count = 0; count < 50; count++) living.push(numbers.slice());
  keepNewObjectsFew();
}

const numbers: readonly number[] = Array.from({ length: 500 }, (_none, index) => index);

function spaceOfNewObjects(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? roomForNewObjects;
}
