import { withApprovals } from '../domain/approval.ts';
import type { GuardVerdict } from '../domain/change.ts';
import type { Run } from '../domain/run.ts';
import type { Sha256 } from '../domain/words.ts';
import { lastPayload } from '../plan/decision.ts';
import { readMark, type GuardMark } from '../plan/guard-marks.ts';
import { evaluateGuards, type GuardFigures, type SentBefore } from '../plan/guards.ts';
import { getAttribute } from '../scim/index.ts';
import { scopeOf, type StageContext } from './context.ts';
import { acceptedStates } from './previous-pass.ts';
import { dayMilliseconds, weekMilliseconds, type Repeats } from './repeats.ts';

interface PlanFigures extends Pick<GuardFigures, 'first' | 'marks' | 'population' | 'rejections' | 'keyless' | 'enabled'> {
  /** The last accepted run that left nothing out. */
  readonly last: Run | undefined;
  readonly repeats: Repeats;
  readonly hash: Sha256;
}

/** Every guard of one plan, with what was sent before it, and with the approvals that people gave for exactly this plan. */
export async function judgePlan(context: StageContext, figures: PlanFigures): Promise<GuardVerdict[]> {
  const { store, pipeline, clock } = context;
  const { last, repeats, hash, ...own } = figures;
  const before = await repeats.before();
  const verdicts = evaluateGuards(pipeline.guards, {
    ...own,
    before,
    groups: await groupSizes(context, own.marks, before),
    ...(last?.population === undefined ? {} : { lastPopulation: last.population }),
    mostPopulation: await mostPopulation(context),
  });
  return withApprovals(verdicts, await store.approvals.of(pipeline.name, hash), clock.now());
}

/** The most keys within the windows. What somebody approved as the new population is not compared with what was before it. */
async function mostPopulation({ store, pipeline, clock }: StageContext): Promise<SentBefore> {
  const approved = (await store.approvals.lastUse(pipeline.name, 'population')) ?? 0;
  const most = async (span: number): Promise<number> =>
    (await store.runs.mostPopulation(pipeline.name, acceptedStates, Math.max(approved, clock.now() - span))) ?? 0;
  return { day: await most(dayMilliseconds), week: await most(weekMilliseconds) };
}

/**
 * Enabled workers by group, of the groups of which enough changes to matter. The ledger is read for it only if there is one: in most runs too little changes for
 * any group that is large enough.
 */
async function groupSizes(
  { store, pipeline }: StageContext,
  marks: ReadonlyMap<GuardMark, number>,
  before: ReadonlyMap<GuardMark, SentBefore>,
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const { groups } = pipeline.guards.changes;
  if (groups === undefined) return sizes;
  for (const [mark, count] of marks) {
    const group = readMark(mark)?.group;
    if (group !== undefined && count + (before.get(mark)?.week ?? 0) > Math.floor(groups.share * groups.minimum)) sizes.set(group, 0);
  }
  if (sizes.size === 0) return sizes;
  for await (const chunk of store.ledger.streamEntries(scopeOf(pipeline), pipeline.name)) {
    for (const entry of chunk) {
      const payload = lastPayload(entry);
      if (payload?.active !== true) continue;
      const value = getAttribute(payload, groups.by);
      const group = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
      const size = group === undefined ? undefined : sizes.get(group);
      if (group !== undefined && size !== undefined) sizes.set(group, size + 1);
    }
  }
  return sizes;
}
