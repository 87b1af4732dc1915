import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { managerCircles } from './order.ts';

const worker = (externalId: string, manager?: string): { externalId: string; manager?: string } =>
  manager === undefined ? { externalId } : { externalId, manager };

describe('circles of managers', () => {
  it('are named once each, from the smallest id on, whoever leads into them', () => {
    const changes = [
      worker('D', 'C'),
      worker('C', 'B'),
      worker('B', 'A'),
      worker('A', 'C'),
      worker('E', 'E'),
      worker('F', 'G'),
      worker('H'),
    ];
    expect(managerCircles(changes)).toEqual([['A', 'C', 'B'], ['E']]);
    expect(managerCircles(changes.toReversed())).toEqual([['E'], ['A', 'C', 'B']]);
  });

  it('lead from each to the next and from the last to the first, and nobody beside them comes back to himself', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const companies = fc.uniqueArray(fc.record({ externalId: names, manager: fc.option(names, { nil: undefined }) }), {
      selector: ({ externalId }) => externalId,
    });
    fc.assert(
      fc.property(companies, (company) => {
        const changes = company.map(({ externalId, manager }) => worker(externalId, manager));
        const managers = new Map(changes.map(({ externalId, manager }) => [externalId, manager]));
        const circles = managerCircles(changes);
        for (const circle of circles) {
          expect(circle.map((one) => managers.get(one))).toEqual([...circle.slice(1), circle[0]]);
        }
        const returns = (start: string): boolean => {
          let at = managers.get(start);
          for (let step = 0; step < 10 && at !== undefined && at !== start; step++) at = managers.get(at);
          return at === start;
        };
        const inCircle = [...managers.keys()].filter(returns).toSorted();
        expect(circles.flat().toSorted()).toEqual(inCircle);
      }),
    );
  });
});
