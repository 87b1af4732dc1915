/**
 * The words of the house. Code, messages and documents use these and no synonyms.
 *
 * - **pipeline**: one YAML definition: source, transform, guards, sink.
 * - **run**: one pass of a pipeline, with an id and one fixed `asOf` instant; made of the five stages.
 * - **row**: what the source returned, columns as named in the database.
 * - **worker**: the person a row is about, known by the pipeline's key = SCIM `externalId`.
 * - **payload**: the complete SCIM user that a row was mapped to.
 * - **rejection**: a row that could not become a valid payload, with its reasons; it stands until row, mapping or date moves.
 * - **change**: what a payload would do to the worker; see `ChangeKind`.
 * - **plan**: the changes of a run with old → new, guard verdicts, price in calls, and a hash.
 * - **operation**: one payload in a bulk request.
 * - **batch**: one bulk request: the exact bytes that are sent.
 * - **outcome**: what became of an operation; see `Outcome`.
 * - **ledger**: per (tenant, job, externalId): owner pipeline, `evaluated`, `desired`, `sent`, `confirmed`.
 * - **waiting**: a worker behind an operation in flight.
 * - **held**: a worker that must not be enabled: security hold, hold list.
 * - **guard**: a limit that stops a plan before the first call.
 */

/** The pipeline's key of a worker: SCIM `externalId`, always text. */
export type ExternalId = string;
/** `pipeline:` of the YAML file. */
export type PipelineName = string;
/** Sortable by start: `20261122T080000Z-1f3a07`. Safe as a file name. */
export type RunId = string;
export type OperationId = string;
export type BatchId = string;
/** 64 hex digits, SHA-256 over canonical JSON. */
export type Sha256 = string;

/** One provisioning job of one tenant: what a ledger, a quota and open operations belong to. */
export interface JobScope {
  /** Tenant id, lower-case GUID. */
  readonly tenant: string;
  /** `API2AAD.<32 hex>.<guid>` */
  readonly job: string;
}

export const stages = ['extract', 'transform', 'batch', 'load', 'reconcile'] as const;
export type Stage = (typeof stages)[number];

/**
 * What a payload would do to the worker.
 * - `joiner`: unknown, will be created enabled. `pre-hire`: unknown, created disabled because the start date is near.
 * - `enable`: first activation of a pre-hire. `rehire`: a leaver becomes active again.
 * - `mover`: attributes differ, activity does not. `leaver`: an enabled worker becomes disabled.
 * - `cancelled`: a pre-hire whose start was rescinded.
 * - `none`: nothing differs. `ignored`: inactive and unknown, never sent. `frozen`: confirmed disabled, still inactive, never sent.
 */
export const changeKinds = ['joiner', 'pre-hire', 'enable', 'mover', 'leaver', 'rehire', 'cancelled', 'none', 'ignored', 'frozen'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** The kinds that become operations, in the order in which they are sent: disables, then joiners and enables, then movers. */
export const sentChangeKinds = ['leaver', 'cancelled', 'joiner', 'pre-hire', 'enable', 'rehire', 'mover'] as const;
export type SentChangeKind = (typeof sentChangeKinds)[number];

export function isSentChange(kind: ChangeKind): kind is SentChangeKind {
  return (sentChangeKinds as readonly ChangeKind[]).includes(kind);
}

/** A kind that turns an account off. A disable never waits. */
export function isDisable(kind: ChangeKind): boolean {
  return kind === 'leaver' || kind === 'cancelled';
}

/**
 * What became of an operation.
 * - `applied`, `appliedWithWarning` (but for the named attribute), `unchanged` (the service saw nothing to do), `skipped` (by the job's scope)
 * - `failed`; `escrowed` (failed, the service retries by itself); `silent` (no row in time); `superseded` (a newer version overtook it)
 */
export const outcomes = ['applied', 'appliedWithWarning', 'unchanged', 'skipped', 'failed', 'escrowed', 'silent', 'superseded'] as const;
export type Outcome = (typeof outcomes)[number];
