import type { Instant } from './clock.ts';
import type { JobScope, PipelineName, RunId, Sha256 } from './words.ts';

/**
 * `extracted` → `transformed` → `planned` → `accepted` → `loaded` → `finished`; from the first three also `abandoned` (nothing was
 * changed), from `accepted` also `superseded` (a newer run took its unsent work over). `stopped`: a guard tripped.
 */
export type RunState =
  'started' | 'extracted' | 'transformed' | 'planned' | 'stopped' | 'accepted' | 'loaded' | 'finished' | 'abandoned' | 'superseded';

export interface Run extends JobScope {
  readonly id: RunId;
  readonly pipeline: PipelineName;
  /** The one instant that every expression and date comparison of the run sees. */
  readonly asOf: Instant;
  readonly startedAt: Instant;
  readonly state: RunState;
  readonly mappingId: Sha256;
  readonly planHash?: Sha256;
  /** Keys read from the source, rejected or not; undefined until the extract has ended. */
  readonly population?: number;
  readonly finishedAt?: Instant;
  /** The account that began it, as the operating system authenticated it. */
  readonly by?: string;
  /** Its plan leaves out a part of what it saw, which stays the work of the next run. */
  readonly partial?: true;
}
