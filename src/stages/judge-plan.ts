import { withApprovals } from '../domain/approval.ts';
import type { GuardVerdict } from '../domain/change.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { Run } from '../domain/run.ts';
import type { ExternalId, JobScope, PipelineName, Sha256 } from '../domain/words.ts';
import { countGroups, suspectGroups, type EnabledMember } from '../plan/group-sizes.ts';
import type { GuardMark } from '../plan/guard-marks.ts';
import { evaluateGuards, type GuardFigures, type SentBefore } from '../plan/guards.ts';
import { getAttribute, isObject, parseAttributePath } from '../scim/index.ts';
import type { Store } from '../store/contract.ts';
import { scopeOf, type StageContext } from './context.ts';
import { acceptedStates } from './previous-pass.ts';
import { dayMilliseconds, weekMilliseconds, type Repeats } from './repeats.ts';

interface PlanFigures extends Pick<GuardFigures, 'first' | 'marks' | 'population' | 'rejections' | 'keyless' | 'enabled'> {
  /** The last accepted run that left nothing out. */
  readonly last: Run | undefined;
  readonly repeats: Repeats;
  /** Enabled workers of the plan by their groups. */
  readonly planned: ReadonlyMap<ExternalId, string>;
  readonly hash: Sha256;
}

/** Every guard of one plan, with what was sent before it, and with the approvals that people gave for exactly this plan. */
export async function judgePlan(context: StageContext, figures: PlanFigures): Promise<GuardVerdict[]> {
  const { store, pipeline, clock } = context;
  const { last, repeats, hash, planned, ...own } = figures;
  const before = await repeats.before();
  const verdicts = evaluateGuards(pipeline.guards, {
    ...own,
    before,
    groups: await groupSizes(context, own.marks, before, planned),
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

/** Enabled workers by group; the ledger is read only for groups of which enough changes to matter, and only as far as it takes. */
async function groupSizes(
  { store, pipeline }: StageContext,
  marks: ReadonlyMap<GuardMark, number>,
  before: ReadonlyMap<GuardMark, SentBefore>,
  planned: ReadonlyMap<ExternalId, string>,
): Promise<ReadonlyMap<string, number>> {
  const { groups } = pipeline.guards.changes;
  if (groups === undefined) return new Map();
  const enabled = enabledMembers(store, scopeOf(pipeline), pipeline.name, groups.by);
  return countGroups(enabled, suspectGroups(pipeline.guards, marks, before), planned);
}

/** What everybody who is enabled has at a path. The store finds members by name; of an attribute with several elements it is asked for the payload. */
async function* enabledMembers(
  { ledger }: Store,
  scope: JobScope,
  owner: PipelineName,
  path: AttributePath,
): AsyncGenerator<readonly EnabledMember[]> {
  const parsed = parseAttributePath(path);
  if (parsed !== undefined && parsed.type === undefined) {
    yield* ledger.streamEnabled(
      scope,
      owner,
      [parsed.urn, parsed.name, parsed.sub].filter((name) => name !== undefined),
    );
    return;
  }
  for await (const payloads of ledger.streamEnabled(scope, owner, []))
    yield payloads.map(({ externalId, member }) => ({ externalId, member: isObject(member) ? getAttribute(member, path) : undefined }));
}
