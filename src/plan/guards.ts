import type { GuardVerdict } from '../domain/change.ts';
import type { AttributePath } from '../domain/payload.ts';
import { namesOf } from '../pipeline/attribute-paths.ts';
import type { AttributeLimits, GuardsDeclaration, Limit } from '../pipeline/pipeline.ts';
import { marksOf, readMark, type GuardMark, type Markable } from './guard-marks.ts';

/** Workers who were sent within a window and are not in this plan. */
export interface SentBefore {
  readonly day: number;
  readonly week: number;
}

/** Everything the guards measure, of one plan. */
export interface GuardFigures {
  /** No run of this pipeline was accepted before. */
  readonly first: boolean;
  /** Workers of this plan by what they count for; each worker once per mark. */
  readonly marks: ReadonlyMap<GuardMark, number>;
  /** The same for the last 24 hours and 7 days before this plan, without the workers of this plan. Absent: nothing was sent. */
  readonly before?: ReadonlyMap<GuardMark, SentBefore>;
  /** Workers that the ledger holds as enabled before this plan. */
  readonly enabled: number;
  /** Enabled workers of a group, by its value; only for groups in the marks. */
  readonly groups?: ReadonlyMap<string, number>;
  /** Keys read in this run, rejected or not. */
  readonly population: number;
  /** Keys of the last accepted run, and the most of any accepted run within the windows. */
  readonly lastPopulation?: number;
  readonly mostPopulation?: SentBefore;
  /** Fresh and standing, keyless rows included. */
  readonly rejections: number;
  readonly keyless: number;
}

interface Measure {
  readonly run: number;
  readonly before: SentBefore;
}

const nothing: SentBefore = { day: 0, week: 0 };

/**
 * All guards at once, before the first call: one tripped guard sends nothing of the plan. A share is taken of the enabled workers
 * (rejections and keyless: of the keys read; population: of the population before) and is held between a floor and a ceiling of counts,
 * so that 2 % of forty people does not stop one leaver and 2 % of a million does not pass twenty thousand. What was sent in the last 24 hours counts as if it were in this
 * plan; within 7 days the limit is `week` times as wide. A plan that adds nothing to a figure never trips its guard.
 */
export function evaluateGuards(guards: GuardsDeclaration, figures: GuardFigures): GuardVerdict[] {
  const { population, enabled, first } = figures;
  const measureOf = (mark: GuardMark): Measure => ({
    run: figures.marks.get(mark) ?? 0,
    before: figures.before?.get(mark) ?? nothing,
  });
  const flow = (name: 'leavers' | 'joiners' | 'enables' | 'renames' | 'rekeys', doing: string, done: string): GuardVerdict =>
    judgeFlow(name, measureOf(name), limitOf(guards[name], enabled), guards.week, doing, done);
  const verdicts: GuardVerdict[] = [flow('leavers', 'workers would be disabled', 'were')];
  if (first) {
    const joining = measureOf('joiners').run + measureOf('enables').run;
    verdicts.push(
      judge('first.joiners', joining, firstLimit(guards.first.joiners, population), 'workers would be created by a first run'),
      judge('first.rejections', figures.rejections, firstLimit(guards.first.rejections, population), 'rows are rejected in a first run'),
    );
  } else {
    verdicts.push(flow('joiners', 'workers would be created', 'were'), flow('enables', 'workers would be enabled', 'were'));
    verdicts.push(judge('rejections', figures.rejections, limitOf(guards.rejections, population), 'rows are rejected'));
  }
  verdicts.push(
    flow('renames', 'workers would get another user name', 'got one'),
    flow('rekeys', 'workers are probably known under another key', 'were found to be'),
    ...judgeAttributes('emptied', guards.emptied, figures, measureOf, guards.week),
    ...judgeAttributes('changes', guards.changes, figures, measureOf, guards.week),
    ...judgeGroups(guards, figures, measureOf),
    judge('keyless', figures.keyless, limitOf(guards.keyless, population), 'rows have no key'),
    judgePopulation(guards, figures),
  );
  return verdicts;
}

/**
 * What a later plan counts of what is sent by this one. Not what a first run did, which has limits of its own, and not what somebody approved: a company that was
 * allowed a large step would be stopped for the rest of the week.
 */
export function countedMarks(
  head: { readonly first: boolean; readonly guards: readonly GuardVerdict[] },
  guards: GuardsDeclaration,
): (change: Markable) => readonly GuardMark[] {
  const passed = new Set(head.guards.filter(({ approved }) => approved !== undefined).map(({ guard }) => guard));
  const isCounted = (mark: GuardMark): boolean => {
    if (head.first && mark !== 'leavers') return false;
    return !passed.has(guardOf(mark));
  };
  return (change) => marksOf(change, guards).filter(isCounted);
}

/** `emptied.urn:…:User:department` → `emptied.department` */
function guardOf(mark: GuardMark): string {
  const read = readMark(mark);
  if (read === undefined) return mark;
  const name = `${read.family}.${shortName(read.path)}`;
  return read.group === undefined ? name : `${name}@${read.group}`;
}

/** The share of `of`, held between floor and ceiling; whole workers. */
export function limitOf(limit: Limit, of: number): number {
  // A product such as 0.07 × 100 is a hair above or below the whole number that is meant.
  const share = Math.max(limit.atLeast, Math.floor(limit.share * of + 1e-9));
  return limit.atMost === undefined ? share : Math.min(share, limit.atMost);
}

function firstLimit(limit: number | Limit, population: number): number {
  return typeof limit === 'number' ? limit : limitOf(limit, population);
}

const attributeWords = {
  emptied: { none: 'no attribute is emptied', doing: 'workers would lose their', done: 'lost it' },
  changes: { none: 'no attribute changes', doing: 'workers would get another', done: 'got one' },
} as const;

/** One verdict for each attribute that the plan touches, the largest first; one for all if it touches none. */
function judgeAttributes(
  family: 'emptied' | 'changes',
  limits: AttributeLimits,
  figures: GuardFigures,
  measureOf: (mark: GuardMark) => Measure,
  week: number,
): GuardVerdict[] {
  const words = attributeWords[family];
  const marks = [...figures.marks.keys()].filter((mark) => {
    const read = readMark(mark);
    return read?.family === family && read.group === undefined;
  });
  if (marks.length === 0) {
    return [{ guard: family, tripped: false, measured: 0, limit: limitOf(limits.each, figures.enabled), words: `${words.none}.` }];
  }
  return marks
    .map((mark) => {
      const path = mark.slice(family.length + 1);
      const limit = limitOf(limits.attributes[path] ?? limits.each, figures.enabled);
      return judgeFlow(`${family}.${shortName(path)}`, measureOf(mark), limit, week, `${words.doing} ${shortName(path)}`, words.done);
    })
    .toSorted((left, right) => right.measured - left.measured || (left.guard < right.guard ? -1 : 1));
}

/** Groups in which more of one attribute changes than allowed. Groups that are small, or of which little changes, are not listed. */
function judgeGroups({ changes, week }: GuardsDeclaration, figures: GuardFigures, measureOf: (mark: GuardMark) => Measure): GuardVerdict[] {
  const { groups } = changes;
  if (groups === undefined) return [];
  return [...figures.marks.keys()].flatMap((mark) => {
    const read = readMark(mark);
    const size = read?.group === undefined ? undefined : figures.groups?.get(read.group);
    if (read?.group === undefined || size === undefined || size < groups.minimum) return [];
    const limit = limitOf({ share: groups.share, atLeast: 0 }, size);
    const name = shortName(read.path);
    const doing = `of ${String(size)} enabled workers with ${shortName(groups.by)} ${read.group} would get another ${name}`;
    const verdict = judgeFlow(`changes.${name}@${read.group}`, measureOf(mark), limit, week, doing, 'got one');
    return verdict.tripped ? [verdict] : [];
  });
}

/** As an author writes it in a pipeline, without the URN. */
function shortName(path: AttributePath): string {
  return namesOf(path)[2] ?? path;
}

function judgePopulation(guards: GuardsDeclaration, figures: GuardFigures): GuardVerdict {
  const { population, lastPopulation: last, mostPopulation: most } = figures;
  if (population === 0) {
    const words =
      'The source returned no key at all; an empty source is never a company that everybody left. Check the query and its grants.';
    return { guard: 'population', tripped: true, measured: 0, limit: 1, words, final: true };
  }
  const fewerThan = (before: number | undefined, times: number, words: string, window?: 'day' | 'week'): GuardVerdict => {
    const shrunk = before === undefined ? 0 : Math.max(0, before - population);
    const verdict = judge('population', shrunk, limitOf(guards.population, before ?? population) * times, words);
    return window === undefined ? verdict : { ...verdict, window };
  };
  return worst([
    fewerThan(last, 1, 'keys fewer than in the last accepted run'),
    fewerThan(most?.day, 1, 'keys fewer than in an accepted run of the last 24 hours', 'day'),
    fewerThan(most?.week, guards.week, 'keys fewer than in an accepted run of the last 7 days', 'week'),
  ]);
}

/** A figure of this plan together with what was sent before: the window in which it comes closest to its limit. */
function judgeFlow(guard: string, { run, before }: Measure, limit: number, week: number, doing: string, done: string): GuardVerdict {
  const own = judge(guard, run, limit, doing);
  if (run === 0) return own;
  const within = (window: 'day' | 'week', span: string, most: number): GuardVerdict => {
    const what = `${doing} or ${done} in the last ${span}, ${String(run)} of them by this plan`;
    return { ...judge(guard, run + before[window], most, what), window };
  };
  return worst([
    own,
    ...(before.day === 0 ? [] : [within('day', '24 hours', limit)]),
    ...(before.week === 0 ? [] : [within('week', '7 days', limit * week)]),
  ]);
}

/** The first that tripped, else the one nearest to its limit. */
function worst(verdicts: readonly [GuardVerdict, ...GuardVerdict[]]): GuardVerdict {
  const [first] = verdicts;
  const share = ({ measured, limit }: GuardVerdict): number => measured / Math.max(1, limit);
  return (
    verdicts.find(({ tripped }) => tripped) ??
    verdicts.reduce((nearest, verdict) => (share(verdict) > share(nearest) ? verdict : nearest), first)
  );
}

function judge(guard: string, measured: number, limit: number, what: string): GuardVerdict {
  const tripped = measured > limit;
  const words = tripped
    ? `${String(measured)} ${what}, the limit is ${String(limit)}: nothing of this plan is sent. If this is right, have it approved with joinery approve --guard, or raise guards in the pipeline.`
    : `${String(measured)} ${what}, the limit is ${String(limit)}.`;
  return { guard, tripped, measured, limit, words };
}
