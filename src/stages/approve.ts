import { stopsPlan, withApprovals, type Approval } from '../domain/approval.ts';
import type { GuardVerdict } from '../domain/change.ts';
import { formatInstant, type Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Store } from '../store/contract.ts';
import { readDocument, writeDocument } from '../store/run-files.ts';

/** A plan holds for a day, so longer would outlive what was looked at. */
const longestTerm = 7 * 86_400_000;

export interface ApproveInput {
  readonly run: Run;
  readonly guards: readonly string[];
  /** The account of the machine that the operating system authenticated. */
  readonly by: string;
  readonly reason: string;
  readonly until: Instant;
  readonly now: Instant;
  readonly uuid: () => string;
}

/**
 * Lets guards of one plan pass. Takes no lease, so that a run can go on meanwhile; sends nothing. Answers the verdicts of the plan as they are then.
 * Errors: PLN-301 (not an approver), PLN-302 (made the plan), PLN-303 (nothing to approve), PLN-304 (the plan was replaced), PLN-305 (term), PLN-306 (reason).
 */
export async function approve(store: Store, pipeline: Pipeline, input: ApproveInput): Promise<readonly GuardVerdict[]> {
  const { run, by, now, until } = input;
  const { approvers } = pipeline;
  if (!approvers.users.some((user) => user.toLowerCase() === by.toLowerCase())) {
    throw new JoineryError('PLN-301', `${by} is not among the approvers of pipeline ${pipeline.name}`);
  }
  if (approvers.runner === 'refused' && run.by?.toLowerCase() === by.toLowerCase()) {
    throw new JoineryError('PLN-302', `${by} made the plan of run ${run.id}`);
  }
  if (input.reason.trim().length < 8) throw new JoineryError('PLN-306', `the reason ${JSON.stringify(input.reason)} says nothing`);
  if (until <= now || until - now > longestTerm) {
    throw new JoineryError('PLN-305', `an approval until ${formatInstant(until)} is not within the next 7 days`);
  }
  const plan = await readDocument(store, run.id, 'plan.json');
  const newest = await store.runs.latest(pipeline.name);
  if (newest !== undefined && newest.id !== run.id && newest.planHash !== run.planHash) {
    throw new JoineryError('PLN-304', `run ${newest.id} was begun after run ${run.id}`);
  }
  // All are looked at before the first is granted.
  const verdicts = input.guards.map((guard) => {
    const verdict = plan.guards.find((one) => one.guard === guard);
    if (verdict === undefined || !verdict.tripped || verdict.final === true) throw nothingToApprove(run, guard, plan.guards);
    return verdict;
  });
  for (const verdict of verdicts) await store.approvals.grant(approvalOf(input, pipeline, plan.hash, verdict));
  const guards = withApprovals(plan.guards, await store.approvals.of(pipeline.name, plan.hash), now);
  await writeDocument(store, run.id, 'plan.json', { ...plan, guards });
  return guards;
}

function approvalOf(
  { run, by, reason, until, now, uuid }: ApproveInput,
  pipeline: Pipeline,
  planHash: string,
  verdict: GuardVerdict,
): Approval {
  const { guard, measured } = verdict;
  return { id: uuid(), pipeline: pipeline.name, planHash, guard, run: run.id, measured, by, reason: reason.trim(), at: now, until };
}

function nothingToApprove(run: Run, guard: string, verdicts: readonly GuardVerdict[]): JoineryError {
  const final = verdicts.some((one) => one.guard === guard && one.final === true);
  const open = verdicts.filter((one) => stopsPlan(one) && one.final !== true).map((one) => one.guard);
  const why = final ? 'can be approved by nobody' : 'did not stop it';
  const rest = open.length === 0 ? '' : `; what stopped it is ${open.join(', ')}`;
  return new JoineryError('PLN-303', `run ${run.id}: guard ${guard} ${why}${rest}`);
}
