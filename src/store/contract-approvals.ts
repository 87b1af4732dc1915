import type { Approval } from '../domain/approval.ts';
import type { Instant } from '../domain/clock.ts';
import type { PipelineName, Sha256 } from '../domain/words.ts';

/** What people let pass. Needs no lease: the one who approves is not the one who executes. */
export interface Approvals {
  /** Errors: STO-301 for a run that is not there or another pipeline's. */
  grant(approval: Approval): Promise<void>;
  /** Of a plan, oldest first; expired ones too. */
  of(pipeline: PipelineName, planHash: Sha256): Promise<readonly Approval[]>;
  /** When the last run began that was accepted with an approval of this guard. */
  lastUse(pipeline: PipelineName, guard: string): Promise<Instant | undefined>;
}
