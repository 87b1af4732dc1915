import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDisable, sentChangeKinds } from '../domain/words.ts';
import { stagesOf } from './staging.ts';

const operations = fc.uniqueArray(fc.record({ externalId: fc.uuid(), change: fc.constantFrom(...sentChangeKinds) }), {
  maxLength: 120,
  selector: ({ externalId }) => externalId,
});
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 });
const names = (list: readonly { readonly externalId: string }[]): readonly string[] => list.map(({ externalId }) => externalId).toSorted();

describe('a plan in stages', () => {
  it('sends everybody once, disables in no stage, and fills each stage to its size', () => {
    fc.assert(
      fc.property(operations, sizes, (all, wanted) => {
        const { disables, stages } = stagesOf(all, wanted);
        expect(names([...disables, ...stages.flat()])).toEqual(names(all));
        expect(disables.every(({ change }) => isDisable(change))).toBe(true);
        expect(stages.flat().some(({ change }) => isDisable(change))).toBe(false);
        for (const [index, stage] of stages.slice(0, -1).entries()) expect(stage).toHaveLength(wanted[index] ?? 0);
        expect(stagesOf(all.toReversed().toReversed(), wanted)).toEqual({ disables, stages });
      }),
    );
  });

  it('has in its first stage every kind of change that there is, as far as there is room', () => {
    fc.assert(
      fc.property(operations, fc.integer({ min: 1, max: 40 }), (all, size) => {
        const [first = []] = stagesOf(all, [size]).stages;
        const kinds = new Set(all.map(({ change }) => change).filter((change) => !isDisable(change)));
        expect(new Set(first.map(({ change }) => change)).size).toBe(Math.min(kinds.size, size));
      }),
    );
  });
});
