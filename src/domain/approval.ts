import type { Instant } from './clock.ts';
import type { GuardVerdict } from './change.ts';
import type { PipelineName, RunId, Sha256 } from './words.ts';

/** A person let one guard of one plan pass. It is for that plan alone: a plan with another hash, or a larger figure, is not what was looked at. */
export interface Approval {
  readonly id: string;
  readonly pipeline: PipelineName;
  readonly planHash: Sha256;
  /** As in the verdict: `leavers`, `emptied.department`. */
  readonly guard: string;
  /** The run whose plan was looked at. */
  readonly run: RunId;
  /** The figure that was looked at. */
  readonly measured: number;
  /** The account of the machine that the operating system authenticated. */
  readonly by: string;
  readonly reason: string;
  readonly at: Instant;
  readonly until: Instant;
  /** The run that was accepted with it. */
  readonly usedBy?: RunId;
}

/** Verdicts with the approval that lets each tripped one pass at this moment; an older approval that a verdict carries is forgotten. */
export function withApprovals(verdicts: readonly GuardVerdict[], approvals: readonly Approval[], now: Instant): GuardVerdict[] {
  return verdicts.map((judged) => {
    const { approved: _approved, ...verdict } = judged;
    if (!verdict.tripped || verdict.final === true) return verdict;
    const found = approvals.find(({ guard, measured, until }) => guard === verdict.guard && verdict.measured <= measured && now < until);
    if (found === undefined) return verdict;
    const { id, by, reason, at, until } = found;
    return { ...verdict, approved: { id, by, reason, at, until } };
  });
}

/** The verdict stops the plan: its guard tripped, and nobody let it pass. */
export function stopsPlan(verdict: GuardVerdict): boolean {
  return verdict.tripped && verdict.approved === undefined;
}
