import type { ErrorCode } from '../domain/errors/registry.ts';
import type { SentChangeKind } from '../domain/words.ts';
import type { UploadAnswer } from './upload.ts';

type UploadAnswerKind = UploadAnswer['kind'];

/**
 * What a batch holds, as far as a replay is concerned. Sending updates and disables twice ends in the same state; two creations
 * of one worker may end in two accounts, or in a conflict.
 */
export type OperationsKind = 'creations' | 'updates';

/** A batch with one worker who is not known yet is one of creations. */
export function operationsKindOf(changes: Iterable<SentChangeKind>): OperationsKind {
  for (const change of changes) if (change === 'joiner' || change === 'pre-hire') return 'creations';
  return 'updates';
}

/** How long to wait before the bytes go again, ms: `first`, doubled each time up to `most`, half of it by chance. */
interface Backoff {
  readonly first: number;
  readonly most: number;
}

/** One line of the table. `docs/reference/retry-rules.md` is made from it. */
export interface RetryRule {
  readonly answer: UploadAnswerKind;
  /** How a person recognises it. */
  readonly seenAs: string;
  /** Did the service stage the call? */
  readonly staged: 'yes' | 'no' | 'unknown';
  /** What load does, in words. */
  readonly does: string;
  /**
   * - `done`: the batch is sent.
   * - `again`: the same bytes go again; that is no replay, because nothing was staged.
   * - `replay`: the outcome is unknown: identical bytes once more for batches of updates, evidence from the logs first for creations.
   * - `stop`: sending the same again does not help.
   */
  readonly act: 'done' | 'again' | 'replay' | 'stop';
  readonly backoff?: Backoff;
  /** Answers of this kind in a row before the run stops, resumable. */
  readonly tries?: number;
  /** Look at the job before the bytes go again. */
  readonly checkJob?: boolean;
  /** The reason of the stop. */
  readonly code?: ErrorCode;
}

/** A wait that the service asks for and a run still makes, ms; beyond it the run ends resumable and says when it can go on. */
export const longestWait = 900_000;
/** How often the bytes of one batch whose outcome is unknown may leave in all. */
export const mostUnknownSends = 2;

/** Sources: graph-contract 1.4, 2.1, 2.2 (a client that is too fast should pause 5 to 10 minutes) and 6. */
export const retryRules: readonly RetryRule[] = [
  {
    answer: 'accepted',
    seenAs: '202',
    staged: 'yes',
    act: 'done',
    does: 'Records the service’s time and request-id and goes on. 202 is no outcome: reconcile finds that.',
  },
  {
    answer: 'throttled',
    seenAs: '429',
    staged: 'no',
    act: 'again',
    backoff: { first: 10_000, most: 300_000 },
    tries: 8,
    code: 'ENT-208',
    does: 'Waits as long as `Retry-After` says; without it 5 to 10 s, doubled each time up to 5 minutes. Load keeps to the window by itself, so a 429 points to another sender, and is reported as that.',
  },
  {
    answer: 'bucketFull',
    seenAs: '500 “The bucket that stores the ingested data is full …”',
    staged: 'no',
    act: 'again',
    backoff: { first: 600_000, most: 600_000 },
    tries: 6,
    checkJob: true,
    code: 'ENT-304',
    does: 'Pauses 5 to 10 minutes and looks at the job first: a paused, stopped or quarantined job stops the run, because its queue does not drain.',
  },
  {
    answer: 'unavailable',
    seenAs: '408, and 5xx without that text',
    staged: 'unknown',
    act: 'replay',
    backoff: { first: 20_000, most: 120_000 },
    code: 'ENT-305',
    does: 'A gateway may answer so although the call was staged. Updates and disables: identical bytes at most once more, after `Retry-After`, or 10 to 20 s. Creations: not sent again until logs or directory tell.',
  },
  {
    answer: 'unauthorized',
    seenAs: '401',
    staged: 'no',
    act: 'again',
    tries: 2,
    code: 'ENT-204',
    does: 'Asks for a new token and sends once more; a second 401 stops the run.',
  },
  {
    answer: 'refused',
    seenAs: '400, 403, 404, 413, other 4xx, redirects',
    staged: 'no',
    act: 'stop',
    does: 'Stops with the cause: form, role, service principal, job or tenant, size.',
  },
  {
    answer: 'unknown',
    seenAs: 'connection reset, no answer in time, or aborted after bytes had left; a 2xx other than 202',
    staged: 'unknown',
    act: 'replay',
    backoff: { first: 20_000, most: 120_000 },
    code: 'ENT-305',
    does: 'Updates and disables: identical bytes at most once more, marked as a replay. Creations: not sent again until logs or directory tell.',
  },
  {
    answer: 'notSent',
    seenAs: 'no name, no connection, no TLS, no token; aborted before a byte left',
    staged: 'no',
    act: 'again',
    backoff: { first: 1_000, most: 60_000 },
    tries: 8,
    code: 'ENT-202',
    does: 'Waits up to 1 s, doubled each time up to a minute. Without a token, or when the run was interrupted, it stops at once.',
  },
];

/** What is known about the batch when an answer has come; the answer is counted in. */
export interface Attempt {
  /** Answers of this kind in a row, from 1. */
  readonly sameInARow: number;
  /** Sends of the batch whose outcome nobody knows, in this run or an earlier one. */
  readonly unknownSends: number;
}

export type RetryDecision =
  | { readonly act: 'done' }
  /** Nothing was staged: the same bytes again. */
  | { readonly act: 'again'; readonly waitMilliseconds: number; readonly checkJob: boolean }
  /** The outcome is unknown: identical bytes, marked as a replay, if no newer version of a worker is in flight by then. */
  | { readonly act: 'replay'; readonly waitMilliseconds: number }
  /** The outcome is unknown and the bytes stay here: reconcile looks for evidence. The run goes on with other batches. */
  | { readonly act: 'leave'; readonly code: ErrorCode; readonly reason: string }
  /** The run ends, resumable; `waitMilliseconds` says when trying again makes sense. */
  | { readonly act: 'stop'; readonly code: ErrorCode; readonly reason: string; readonly waitMilliseconds?: number };

function retryRuleOf(kind: UploadAnswerKind): RetryRule {
  const rule = retryRules.find((candidate) => candidate.answer === kind);
  if (rule === undefined) throw new TypeError(`no retry rule for ${kind}`);
  return rule;
}

/**
 * What load does after an answer. Pure.
 * @param random number from 0 (inclusive) to 1 (exclusive), spreads the waits of several processes
 */
export function decideRetry(answer: UploadAnswer, attempt: Attempt, operations: OperationsKind, random: number): RetryDecision {
  const rule = retryRuleOf(answer.kind);
  const code = rule.code ?? 'ENT-207';
  switch (answer.kind) {
    case 'accepted': {
      return { act: 'done' };
    }
    case 'refused': {
      return { act: 'stop', code: answer.code, reason: answer.message };
    }
    case 'unknown':
    case 'unavailable': {
      const reason = answer.kind === 'unknown' ? answer.reason : `Graph answered ${String(answer.status)}`;
      // An abort is the end of the run: what is unknown then is for the next one to find out.
      const over = answer.kind === 'unknown' && answer.aborted;
      if (operations === 'creations' || over || attempt.unknownSends >= mostUnknownSends) return { act: 'leave', code, reason };
      const wait = waitFor(rule, 1, random, answer.kind === 'unavailable' ? answer.retryAfter : undefined);
      return wait > longestWait ? { act: 'leave', code, reason } : { act: 'replay', waitMilliseconds: wait };
    }
    case 'notSent': {
      if (answer.error !== undefined) return { act: 'stop', code: answer.error.code, reason: answer.reason };
      if (answer.aborted) return { act: 'stop', code: 'DOM-002', reason: answer.reason };
      return againOrStop(rule, code, attempt, random, answer.reason);
    }
    case 'unauthorized': {
      return againOrStop(rule, code, attempt, random, answer.message);
    }
    case 'throttled': {
      return againOrStop(rule, code, attempt, random, 'Graph answered 429', answer.retryAfter);
    }
    case 'bucketFull': {
      return againOrStop(rule, code, attempt, random, 'the job’s queue is full', answer.retryAfter);
    }
    default: {
      return answer satisfies never;
    }
  }
}

function againOrStop(
  rule: RetryRule,
  code: ErrorCode,
  attempt: Attempt,
  random: number,
  reason: string,
  retryAfter?: number,
): RetryDecision {
  const waitMilliseconds = waitFor(rule, attempt.sameInARow, random, retryAfter);
  if (attempt.sameInARow >= (rule.tries ?? 1) || waitMilliseconds > longestWait) return { act: 'stop', code, reason, waitMilliseconds };
  return { act: 'again', waitMilliseconds, checkJob: rule.checkJob === true };
}

/** Never shorter than the service asks for; chance only ever adds to that. */
function waitFor(rule: RetryRule, attempt: number, random: number, retryAfter: number | undefined): number {
  if (retryAfter !== undefined) return Math.ceil(retryAfter + random * 1_000);
  if (rule.backoff === undefined) return 0;
  const { first, most } = rule.backoff;
  return Math.round(Math.min(first * 2 ** (attempt - 1), most) * (0.5 + random / 2));
}
