import type { Evaluated } from '../domain/ledger.ts';
import type { ExternalId, JobScope, PipelineName } from '../domain/words.ts';

/** What a run asks of many workers at once and can do without their payloads, which are most of what the ledger holds. */
export interface Brief {
  /** Which of these workers have an account as far as is known: the service was told of them, or is being told. */
  known(scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlySet<ExternalId>>;
  /** Those of these workers, whoever owns them, whose account is confirmed and whole, with nothing in flight and nothing else desired. */
  settled(scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlySet<ExternalId>>;
  /** Those of these workers whom the pipeline owns and who are known to have an account, and by which name. Not whose payload a purge cut down. */
  accountNames(scope: JobScope, owner: PipelineName, externalIds: readonly ExternalId[]): Promise<ReadonlyMap<ExternalId, AccountName>>;
  /** What accepted runs found about these workers; only those who were evaluated. */
  evaluations(scope: JobScope, externalIds: readonly ExternalId[]): Promise<ReadonlyMap<ExternalId, KnownEvaluation>>;
}

/** Of the payload that the service was told last, or is being told. */
export interface AccountName {
  /** As `foldUserName` has it; undefined: the payload has none. */
  readonly userName?: string;
  /** Nothing is desired, or the very same payload. */
  readonly isSettled: boolean;
}

/** `evaluated` as far as a new verdict is compared with it. */
export type KnownEvaluation = Pick<Evaluated, 'fingerprint' | 'verdict' | 'draftHash' | 'nextDate' | 'identity' | 'candidates'> & {
  readonly owner: PipelineName;
  readonly isProtected: boolean;
  readonly isMissing: boolean;
};
