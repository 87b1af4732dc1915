import type { Instant } from '../domain/clock.ts';
import type { Change, ChangeCause } from '../domain/change.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { baselineKey, baselineOf, type LedgerEntry } from '../domain/ledger.ts';
import type { Payload } from '../domain/payload.ts';
import type { Draft } from '../domain/verdict.ts';
import { isDisable, isSentChange, type ChangeKind, type ExternalId } from '../domain/words.ts';
import type { LeaversDeclaration } from '../pipeline/pipeline.ts';
import { differences } from '../scim/index.ts';
import { hashPayload } from './batching.ts';
import { composePayload, disabledPayload, managerOf } from './compose.ts';
import { decisionTable, isLeavingRow, isUncertain, lastPayload, ledgerStateOf, type RowState } from './decision.ts';

/** One worker as the plan meets him. */
export interface Case {
  readonly externalId: ExternalId;
  readonly row: RowState;
  /** With `active`, `preHire` and `inactive`. */
  readonly draft?: Draft;
  readonly entry: LedgerEntry | undefined;
  readonly chosen: ReadonlyMap<string, string>;
  readonly renamed?: ReadonlyMap<string, string>;
  readonly managerKnown: boolean;
  readonly keepManager?: boolean;
  /** Somebody asked for him to be sent again: also what equals the baseline, or was refused before, becomes an operation. */
  readonly resend?: boolean;
  /** Of `resend`: a person named him, so that he goes also where he is off already, because somebody may have turned his account on. */
  readonly named?: boolean;
  readonly warnings: readonly Diagnostic[];
}

/**
 * The change of one worker: the decision table's cell, the payload that would be sent, and what it differs in from the baseline.
 * undefined: nothing is known and nothing is to be recorded (a worker who was never here and will not come).
 */
export function changeOf(worker: Case, leavers: LeaversDeclaration): Change | undefined {
  const { entry, externalId } = worker;
  const state = isDoubtfulDisable(worker) ? 'uncertainEnabled' : ledgerStateOf(entry);
  const last = lastPayload(entry);
  const cell = decisionTable[worker.row][state];
  const decided = policyOf(worker.row, cell === 'frozen' && worker.named === true ? 'leaver' : cell, leavers);
  const payload = payloadOf(worker, decided, last);
  if (payload === undefined) return undefined;
  const payloadHash = hashPayload(payload);
  const found = differences(last, payload);
  const uncertain = isUncertain(state);
  const again = worker.resend === true;
  const change = decided === 'mover' && found.length === 0 && !uncertain && !again ? 'none' : decided;
  const inFlight = entry?.sent !== undefined;
  const failedBefore = entry?.failed?.hash === payloadHash && !again;
  const waiting = inFlight && entry.sent.escrowed !== true && isSentChange(change) && !isDisable(change) && (found.length > 0 || again);
  const manager = managerOf(payload);
  return {
    externalId,
    change,
    cause: causeOf(worker, change, uncertain, entry, found.length),
    baseline: baselineKey(baselineOf(entry)),
    payload,
    payloadHash,
    differences: found,
    send: isSentChange(change) && (found.length > 0 || uncertain || again) && !waiting && !failedBefore,
    failedBefore,
    waiting,
    ...(manager === undefined ? {} : { manager }),
    warnings: worker.warnings,
  };
}

/**
 * The end of employment of a leaver, if it lies before the last accepted run although that run, or one before it, left him employed: the date came late. A rejected row counts,
 * because nobody acted on it; a worker who was off by then does not.
 */
export function backDatedEnd(
  { change, send, waiting }: Pick<Change, 'change' | 'send' | 'waiting'>,
  entry: LedgerEntry | undefined,
  endedAt: Instant | undefined,
  lastAccepted: Instant | undefined,
): Instant | undefined {
  if (endedAt === undefined || lastAccepted === undefined || endedAt >= lastAccepted) return undefined;
  if (!isSentChange(change) || !isDisable(change) || !(send || waiting)) return undefined;
  const before = entry?.evaluated?.verdict;
  return before === 'inactive' || before === 'outOfScope' ? undefined : endedAt;
}

/** A disable of which nobody knows whether it left is sent again at once: waiting for silence would leave the account on for hours. */
function isDoubtfulDisable({ row, entry }: Case): boolean {
  return entry?.sent?.unanswered === true && isDisable(entry.sent.change) && isLeavingRow(row);
}

/** `leavers:` of the pipeline may say that vanishing or leaving scope changes nothing. */
function policyOf(row: RowState, decided: ChangeKind, leavers: LeaversDeclaration): ChangeKind {
  const kept = (row === 'vanished' && leavers.vanished.action === 'keep') || (row === 'outOfScope' && leavers.outOfScope === 'keep');
  return kept && isSentChange(decided) ? 'none' : decided;
}

function payloadOf(worker: Case, change: ChangeKind, last: Payload | undefined): Payload | undefined {
  const { draft, entry } = worker;
  // A payload that an earlier run desired and did not send is taken back, or a follow-up would send it behind this run's decision.
  if (change === 'ignored') return entry?.desired === undefined ? undefined : disabledPayload(entry.desired.payload);
  if (draft !== undefined && change !== 'frozen') {
    const { chosen, renamed, managerKnown, keepManager = false } = worker;
    return composePayload(draft, {
      last: last ?? triedPayload(entry),
      chosen,
      managerKnown,
      keepManager,
      ...(renamed === undefined ? {} : { renamed }),
    });
  }
  // After a silent first upload the ledger knows only what was desired.
  // Of a leaver who was purged the ledger has names only; where a rehire of his was never confirmed, what it wished for is the complete record.
  const isCut = entry?.sent === undefined && entry?.confirmed?.erased !== undefined && isUncertain(ledgerStateOf(entry));
  const known = (isCut ? entry.desired?.payload : undefined) ?? last ?? entry?.desired?.payload;
  if (known === undefined) return undefined;
  return isSentChange(change) ? disabledPayload(known) : known;
}

/** A first upload that nobody confirmed: its chosen name stays, unless the service refused it. */
export function triedPayload(entry: LedgerEntry | undefined): Payload | undefined {
  return entry?.failed === undefined ? entry?.desired?.payload : undefined;
}

function causeOf(worker: Case, change: ChangeKind, uncertain: boolean, entry: LedgerEntry | undefined, differing: number): ChangeCause {
  if (worker.row === 'vanished' || worker.row === 'outOfScope' || worker.row === 'rejectedInactive') return worker.row;
  if (change === 'joiner' || change === 'pre-hire') return uncertain ? 'silence' : 'new';
  if (worker.named === true && differing === 0) return 'resend';
  if (change !== 'mover' && change !== 'none') return 'status';
  if (uncertain) return 'silence';
  if (differing === 0 && worker.resend === true) return 'resend';
  const unset = entry?.confirmed?.evidence.unset ?? [];
  return differing > 0 && unset.length > 0 && unset.length === differing ? 'manager' : 'attributes';
}
