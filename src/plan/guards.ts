import type { ChangeCounts, GuardVerdict } from '../domain/change.ts';
import type { GuardsDeclaration, Limit } from '../pipeline/pipeline.ts';

/** Everything the guards measure, of one plan. */
export interface GuardFigures {
  /** No run of this pipeline was accepted before. */
  readonly first: boolean;
  readonly counts: ChangeCounts;
  /** Workers that the ledger holds as enabled before this plan. */
  readonly enabled: number;
  /** Keys read in this run, rejected or not. */
  readonly population: number;
  /** Keys of the last accepted run. */
  readonly lastPopulation?: number;
  /** Fresh and standing, keyless rows included. */
  readonly rejections: number;
}

/**
 * All guards at once, before the first call: one tripped guard sends nothing of the plan. A share is taken of the enabled workers
 * (rejections: of the keys read; population: of the last accepted population) and is held between a floor and a ceiling of counts,
 * so that 2 % of forty people does not stop one leaver and 2 % of a million does not pass twenty thousand.
 */
export function evaluateGuards(guards: GuardsDeclaration, figures: GuardFigures): GuardVerdict[] {
  const { counts, population } = figures;
  const joining = counts.joiner + counts['pre-hire'] + counts.enable + counts.rehire;
  const verdicts: GuardVerdict[] = [
    judge('leavers', counts.leaver + counts.cancelled, limitOf(guards.leavers, figures.enabled), 'workers would be disabled'),
  ];
  if (figures.first) {
    verdicts.push(
      judge('first.joiners', joining, firstLimit(guards.first.joiners, population), 'workers would be created by a first run'),
      judge('first.rejections', figures.rejections, firstLimit(guards.first.rejections, population), 'rows are rejected in a first run'),
    );
  } else {
    verdicts.push(
      judge('joiners', joining, limitOf(guards.joiners, figures.enabled), 'workers would be created or enabled'),
      judge('rejections', figures.rejections, limitOf(guards.rejections, population), 'rows are rejected'),
    );
  }
  verdicts.push(judgePopulation(guards.population, population, figures.lastPopulation));
  return verdicts;
}

/** The share of `of`, held between floor and ceiling; whole workers. */
export function limitOf(limit: Limit, of: number): number {
  const share = Math.max(limit.atLeast, Math.floor(limit.share * of));
  return limit.atMost === undefined ? share : Math.min(share, limit.atMost);
}

function firstLimit(limit: number | Limit, population: number): number {
  return typeof limit === 'number' ? limit : limitOf(limit, population);
}

function judgePopulation(limit: Limit, population: number, last: number | undefined): GuardVerdict {
  if (population === 0) {
    const words =
      'The source returned no key at all; an empty source is never a company that everybody left. Check the query and its grants.';
    return { guard: 'population', tripped: true, measured: 0, limit: 1, words };
  }
  const shrunk = last === undefined ? 0 : Math.max(0, last - population);
  return judge('population', shrunk, limitOf(limit, last ?? population), 'keys fewer than in the last accepted run');
}

function judge(guard: string, measured: number, limit: number, what: string): GuardVerdict {
  const tripped = measured > limit;
  const words = tripped
    ? `${String(measured)} ${what}, the limit is ${String(limit)}: nothing of this plan is sent. If this is right, raise guards.${guard} in the pipeline for this run.`
    : `${String(measured)} ${what}, the limit is ${String(limit)}.`;
  return { guard, tripped, measured, limit, words };
}
