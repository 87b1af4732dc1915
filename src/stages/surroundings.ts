import type { DirectoryView } from './directory-names.ts';
import type { LogSource } from './reconcile.ts';
import type { Chance, Sink } from './send-batch.ts';

/** The outside world of a run, each part behind what the stages need of it. */
export interface Surroundings {
  readonly sink: Sink;
  readonly logs: LogSource;
  readonly directory: DirectoryView;
  readonly chance: Chance;
  /** How long outcomes are waited for, by reconcile and by each stage of a load; ms. */
  readonly wait: number;
}
