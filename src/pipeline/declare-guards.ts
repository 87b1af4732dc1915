import type { Limit } from './pipeline.ts';
import { firstLimit, limit } from './kind-limit.ts';
import { defaulted, map, section } from './kind.ts';
import { choice, duration, wholeNumber } from './kinds.ts';

const hour = 3_600_000;

/** Conservative on purpose: a guard that stops wrongly costs a look, one that does not stop costs a morning. */
const guardDefaults = {
  leavers: { share: 0.02, atLeast: 10, atMost: 500 },
  joiners: { share: 0.1, atLeast: 50 },
  rejections: { share: 0.05, atLeast: 10 },
  population: { share: 0.05, atLeast: 10 },
  firstJoiners: 100,
  firstRejections: { share: 0.01, atLeast: 0 },
} satisfies Record<string, Limit | number>;

export const leaversFields = map({
  vanished: section(
    map({
      action: defaulted(choice(['disable', 'keep'] as const), 'disable', 'disable', {
        doc: 'What happens to a worker whose key the source no longer returns.',
        danger: 'keep leaves accounts enabled for people whom HR no longer knows.',
        example: 'disable',
      }),
      after: section(
        map({
          fullPasses: defaulted(wholeNumber(1, 1000), 2, '2', {
            doc: 'In how many complete, accepted passes in a row the key must be missing.',
            danger: '1 disables on the first pass that misses a row.',
            example: '2',
          }),
          hours: defaulted(wholeNumber(0, 8760), 24, '24', {
            doc: 'For how many hours the key must be missing; both must be reached.',
            example: '24',
          }),
        }),
        { doc: 'How long a worker must be missing.', example: '{ fullPasses: 2, hours: 24 }' },
      ),
    }),
    { doc: 'Workers whose key the source no longer returns.', example: '{ action: disable, after: { fullPasses: 2, hours: 24 } }' },
  ),
  outOfScope: defaulted(choice(['disable', 'keep'] as const), 'disable', 'disable', {
    doc: 'What happens to a worker for whom scope becomes false.',
    danger: 'keep leaves accounts enabled that no pipeline looks after.',
    example: 'disable',
  }),
});

export const guardsFields = map({
  leavers: defaulted(limit(guardDefaults.leavers), guardDefaults.leavers, '{ percent: 2, atLeast: 10, atMost: 500 }', {
    doc: 'How many accounts one run may disable, as a share of the enabled workers.',
    danger: "A broken join in HR looks like a mass leaving; this guard is what stands between it and everybody's account.",
    example: '{ percent: 2, atLeast: 10, atMost: 500 }',
  }),
  joiners: defaulted(limit(guardDefaults.joiners), guardDefaults.joiners, '{ percent: 10, atLeast: 50 }', {
    doc: 'How many accounts one run may create, as a share of the enabled workers.',
    example: '{ percent: 10, atLeast: 50 }',
  }),
  rejections: defaulted(limit(guardDefaults.rejections), guardDefaults.rejections, '{ percent: 5, atLeast: 10 }', {
    doc: 'How many workers may be rejected, as a share of the keys read.',
    example: '5%',
  }),
  population: defaulted(limit(guardDefaults.population), guardDefaults.population, '{ percent: 5, atLeast: 10 }', {
    doc: 'By how much the number of keys may shrink against the last accepted run.',
    danger: 'An empty or half-filled view shrinks the population before anybody has left.',
    example: '5%',
  }),
  first: section(
    map({
      joiners: defaulted(firstLimit, guardDefaults.firstJoiners, '100', {
        doc: 'How many accounts the first run may create: a count, or a share of the keys read.',
        danger: 'The first run creates everybody; state the number you expect.',
        example: '6000',
      }),
      rejections: defaulted(firstLimit, guardDefaults.firstRejections, '1%', {
        doc: 'How many workers the first run may reject: a count, or a share of the keys read.',
        example: '1%',
      }),
    }),
    { doc: 'Limits of the first run, which has nothing to compare with.', example: '{ joiners: 6000, rejections: 1% }' },
  ),
});

export const planFields = map({
  maxAge: defaulted(duration, 24 * hour, '24h', {
    doc: 'A plan older than this is refused by apply.',
    danger: 'An old plan sends what was true then.',
    example: '24h',
  }),
});
