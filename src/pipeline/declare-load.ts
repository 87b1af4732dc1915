import type { Limit, LoadDeclaration } from './pipeline.ts';
import { defaulted, list, map, section } from './kind.ts';
import { choice, wholeNumber } from './kinds.ts';
import { limit, shareOf } from './kind-limit.ts';

const loadDefaults = {
  stages: [10, 200],
  change: { share: 0.05, atLeast: 10 },
  failed: { share: 0.05, atLeast: 1 },
  unconfirmed: 100_000,
} satisfies Record<string, Limit | number | readonly number[]>;

const stagedFields = map({
  when: defaulted(choice(['muchChanges', 'always', 'never'] as const), 'muchChanges', 'muchChanges', {
    doc: 'muchChanges: the first load, and one after `joinery adopt`, after a change of mapping or job, after a paused or failing load, or that changes more than load.staged.change.',
    danger: 'never: a mapping that is wrong for everybody reaches everybody before its first outcome is known.',
    example: 'always',
  }),
  stages: defaulted(
    list(wholeNumber(1, 100_000)),
    loadDefaults.stages.map((value) => ({ value, range: [0, 0] as const })),
    '[10, 200]',
    {
      doc: 'Operations of each stage but the last, which is the rest. Each waits for the outcomes of the one before it. A stage takes of every kind of change that the plan has.',
      danger: 'A large first stage is how many accounts a mistake reaches.',
      example: '[10, 200, 2000]',
    },
  ),
  change: defaulted(limit(loadDefaults.change), loadDefaults.change, '{ percent: 5, atLeast: 10 }', {
    doc: 'How many workers a load may change without stages, as a share of the enabled workers; disables do not count, the guard of leavers does.',
    example: '10%',
  }),
});

const pauseFields = map({
  failed: defaulted(limit(loadDefaults.failed), loadDefaults.failed, '{ percent: 5, atLeast: 1 }', {
    doc: 'How many outcomes of a stage, or of the run so far, may be bad (failed, skipped, silent, or retried by the service), as a share of them. More pause the load.',
    danger: '100% goes on whatever the service says.',
    example: '{ percent: 2, atLeast: 3 }',
  }),
  unconfirmed: defaulted(wholeNumber(1, 10_000_000), loadDefaults.unconfirmed, '100000', {
    doc: 'How many operations of the job may be without an outcome. Beyond it the load waits for outcomes, and pauses when they do not come in time.',
    danger: 'A high number fills the queue of a job that does not work, until the service refuses uploads.',
    example: '20000',
  }),
});

const reserveFields = map({
  disables: defaulted(shareOf(0, 100), 0.05, '5%', {
    doc: 'Share of the day’s calls that only disables may use, so that a long first load cannot keep a leaver’s account on.',
    danger: '0% lets joiners and movers use up the day before a leaver is known.',
    example: '10%',
  }),
  others: defaulted(shareOf(0, 90), 0, '0%', {
    doc: 'Share of the window’s and of the day’s calls that is left to other clients of the tenant: another product, a script, a pipeline with a state of its own.',
    danger: 'With 0% another client makes the service answer 429 to both.',
    example: '20%',
  }),
});

/** How plans are sent. A disable is held back by none of it. */
export const loadFields = map({
  staged: section(stagedFields, { doc: 'When a load goes in stages.', example: '{ stages: [10, 200] }' }),
  pause: section(pauseFields, { doc: 'When a load stops by itself, resumable.', example: '{ failed: 5%, unconfirmed: 20000 }' }),
  reserve: section(reserveFields, { doc: 'Calls that a load leaves alone.', example: '{ disables: 5%, others: 20% }' }),
});

type LoadValues = ReturnType<(typeof loadFields)['absent']>;

export function buildLoad({ staged, pause, reserve }: LoadValues): LoadDeclaration {
  return { staged: { ...staged, stages: staged.stages.map(({ value }) => value) }, pause, reserve };
}
