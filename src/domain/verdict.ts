import type { Json } from './canonical-json.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { AttributePath, Payload } from './payload.ts';
import type { ExternalId, Sha256 } from './words.ts';

/**
 * What a mapping made of the rows of one worker, before anything is known about the ledger: a closed union.
 * Pure: same rows, mapping and `asOf`, same verdict.
 */
export type Verdict = DraftVerdict | OutOfScopeVerdict | RejectedVerdict;

interface VerdictBase {
  readonly externalId: ExternalId;
  /** The first instant (ms) at which the verdict can change without the rows changing; undefined: never. */
  readonly nextDate?: number;
  /** Warnings about this worker: values masked. */
  readonly warnings: readonly Diagnostic[];
  /** What `protected.when` says; absent: there is none, or it has no answer for these rows. */
  readonly protected?: boolean;
  /** When employment ended (ms), if it has; of several rows the latest. */
  readonly endedAt?: number;
}

/** The rows became attributes. A draft, because emptiness and once-only names need the ledger. */
export interface DraftVerdict extends VerdictBase {
  readonly kind: 'draft';
  readonly draft: Draft;
}

/** `scope` said no. */
export interface OutOfScopeVerdict extends VerdictBase {
  readonly kind: 'outOfScope';
}

/** No valid payload: every reason at once. */
export interface RejectedVerdict extends VerdictBase {
  readonly kind: 'rejected';
  readonly reasons: readonly Diagnostic[];
  /** True only if every row of the key says inactive: then the confirmed payload goes out with `active: false`. */
  readonly saysInactive: boolean;
}

/** A payload that still lacks what only the ledger knows. */
export interface Draft {
  readonly active: boolean;
  /** Inactive now, but starts within `preHire`: to be created disabled. */
  readonly preHire: boolean;
  /** Complete but for `empty` and `once`; always holds `schemas`, `externalId`, `active`. */
  readonly payload: Payload;
  /** Attributes that came out empty: `keep` takes the confirmed value, `clear` sends null, `omit` leaves it out. */
  readonly empty: readonly { readonly path: AttributePath; readonly rule: 'keep' | 'clear' | 'omit' }[];
  /** Attributes that are computed once and kept for life: the candidates in order of preference. `renames`: kept only as long as the candidates stay. */
  readonly once: readonly { readonly path: AttributePath; readonly candidates: readonly string[]; readonly renames?: true }[];
  /** externalId of the manager that the payload names. */
  readonly manager?: ExternalId;
  /** Over payload, empty, once: equal hashes mean that nothing this mapping can express has changed. */
  readonly hash: Sha256;
}

/** The part of a verdict that the ledger keeps as `evaluated`. */
export type VerdictSummary = 'active' | 'inactive' | 'preHire' | 'outOfScope' | 'rejected';

export function summarise(verdict: Verdict): VerdictSummary {
  if (verdict.kind === 'outOfScope') return 'outOfScope';
  if (verdict.kind === 'rejected') return 'rejected';
  if (verdict.draft.active) return 'active';
  return verdict.draft.preHire ? 'preHire' : 'inactive';
}

/** One column, let or attribute of an explained evaluation. */
export interface Trace {
  readonly name: string;
  readonly expression: string;
  readonly value: Json | undefined;
  /** Names of the traces that its expression reads: columns, and lets, lookups and employment names with their `$`. */
  readonly reads: readonly string[];
  /** Why there is no value: it failed, or something that it reads did. Masked. */
  readonly problem?: string;
  /** What the parts of the expression came to, where that was asked for. */
  readonly steps?: readonly TraceStep[];
}

/** A part of an expression with its first values. Not masked. */
export interface TraceStep {
  readonly text: string;
  readonly values: readonly (Json | undefined)[];
  readonly times: number;
}
