import type { Clock } from '../domain/clock.ts';
import type { Chance } from '../stages/send-batch.ts';

/** Everything that the command line takes from the process, so that tests give their own. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, warnings, errors. */
  readonly err: (text: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** stderr is a terminal: progress may rewrite its line. */
  readonly isTerminal: boolean;
  /** stdout is a terminal, or colour was asked for. */
  readonly colour: boolean;
  readonly columns: number;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** The account that the operating system authenticated; absent: it has no name for it. */
  readonly user?: string;
  /** Called before the work that is long. Absent: the process and its heap belong to somebody else, whom settings of V8, which are never taken back, would slow down. */
  readonly keepHeapSmall?: () => void;
}

/**
 * Who acts, for the journal: releases, rekeys, transfers, forgetting and revealing are told of the same person as approvals, the account that the operating system authenticated. No
 * variable of the environment counts, because whoever types a command can set it.
 */
export function personOf(io: Pick<Io, 'user'>): string {
  return io.user ?? 'unknown';
}
