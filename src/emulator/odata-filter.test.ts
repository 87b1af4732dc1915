import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesFilter } from './filter-evaluation.ts';
import { comparisons, functions, parseFilter, type Filter, type FilterLiteral } from './odata-filter.ts';

const path = fc.constantFrom('jobId', 'jobid', 'sourceIdentity/id', 'activityDateTime', 'andy', 'order', 'inside');
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const literal: fc.Arbitrary<FilterLiteral> = fc.oneof(
  text.map((value): FilterLiteral => ({ type: 'string', value })),
  fc.integer().map((value): FilterLiteral => ({ type: 'number', value })),
  fc.boolean().map((value): FilterLiteral => ({ type: 'boolean', value })),
  fc.constant<FilterLiteral>({ type: 'null' }),
  fc
    .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    .map((date): FilterLiteral => ({ type: 'date', value: date.getTime(), text: date.toISOString() })),
);
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('compare' as const), operator: fc.constantFrom(...comparisons), path, literal }),
    fc.record({ kind: fc.constant('function' as const), name: fc.constantFrom(...functions), path, text }),
    fc.record({ kind: fc.constant('in' as const), path, literals: fc.array(literal, { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant('not' as const), filter: tie('filter') }),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('filter'), right: tie('filter') }),
  ),
}));

function printLiteral(one: FilterLiteral): string {
  if (one.type === 'null') return 'null';
  if (one.type === 'string') return `'${one.value.replaceAll("'", "''")}'`;
  return one.type === 'date' ? one.text : String(one.value);
}

/** Every part in brackets, so the tree that comes back has to be the tree that was printed. */
function print(one: Filter): string {
  if (one.kind === 'compare') return `${one.path} ${one.operator} ${printLiteral(one.literal)}`;
  if (one.kind === 'function') return `${one.name}(${one.path},'${one.text.replaceAll("'", "''")}')`;
  if (one.kind === 'in') return `${one.path} in (${one.literals.map(printLiteral).join(', ')})`;
  if (one.kind === 'not') return `not (${print(one.filter)})`;
  return `(${print(one.left)}) ${one.kind} (${print(one.right)})`;
}

describe('the $filter language', () => {
  it('reads back every filter that can be written', () => {
    fc.assert(
      fc.property(filter, (one) => {
        expect(parseFilter(print(one))).toEqual({ filter: one });
      }),
    );
  });

  it('gives a filter or a problem for any text, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          filter.map(print).chain((whole) => fc.nat(whole.length).map((end) => whole.slice(0, end))),
        ),
        (whole) => {
          const parsed = parseFilter(whole);
          expect('filter' in parsed || parsed.problem.length > 0).toBe(true);
        },
      ),
    );
  });

  it('binds and before or', () => {
    const parsed = parseFilter("a eq 1 or b eq 2 and c eq 'x'");
    expect('filter' in parsed ? print(parsed.filter) : parsed.problem).toBe("(a eq 1) or ((b eq 2) and (c eq 'x'))");
  });

  it('negates with not, and with ne what eq says', () => {
    fc.assert(
      fc.property(path, literal, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), (name, one, value) => {
        const read = (): string | number | boolean | null => value;
        const same = (whole: string): string => whole;
        const eq: Filter = { kind: 'compare', operator: 'eq', path: name, literal: one };
        const ne: Filter = { kind: 'compare', operator: 'ne', path: name, literal: one };
        expect(matchesFilter(ne, read, same)).toBe(!matchesFilter(eq, read, same));
        expect(matchesFilter({ kind: 'not', filter: eq }, read, same)).toBe(matchesFilter(ne, read, same));
        expect(matchesFilter({ kind: 'in', path: name, literals: [one] }, read, same)).toBe(matchesFilter(eq, read, same));
      }),
    );
  });

  it.each(["jobId eq 'x", 'jobId eq', 'jobId like 1', 'contains(jobId,1)', '(a eq 1', 'a eq 1)', 'a eq 1 and', '', 'a in ()'])(
    'refuses %s',
    (whole) => {
      expect(parseFilter(whole)).toHaveProperty('problem');
    },
  );
});
