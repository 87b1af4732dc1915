import { JoineryError } from '../domain/error.ts';
import type { CallPace } from './call-pace.ts';
import type { Graph, GraphAnswer, GraphRequest } from './graph.ts';

export type Answered = Extract<GraphAnswer, { readonly kind: 'answered' }>;

export interface AskOptions {
  /** What is asked for, for messages: “the provisioning logs”. */
  readonly thing: string;
  /** Application role that the call needs, for the message of a 403. */
  readonly role: string;
  readonly pace?: CallPace;
  /** A 404 is an answer and not an error. */
  readonly mayBeMissing?: boolean;
  /** A 400 is an answer and not an error. */
  readonly mayBeRefused?: boolean;
  /** Asking twice does no harm, even if the first one did arrive. Default: true for GET only. */
  readonly repeatable?: boolean;
  /** Told before each wait, ms. */
  readonly onWait?: (reason: string, milliseconds: number) => void;
}

/** Tries of one question before the run stops. */
const tries = 6;
/** Longest wait that is asked for and still made, ms. */
const longestWait = 600_000;

/**
 * Asks Graph patiently: waits on 429 by `Retry-After` or with growing pauses, and repeats what was not answered if that is safe.
 * Answers 2xx (and 404 if it may be missing, 400 if it may be refused). Errors: ENT-202 to ENT-209, ENT-1xx, or the signal's reason.
 */
export async function ask(graph: Graph, request: GraphRequest, options: AskOptions): Promise<Answered> {
  const repeatable = options.repeatable ?? request.method === 'GET';
  for (let attempt = 1; ; attempt++) {
    const send = (): Promise<GraphAnswer> => graph.send(request);
    const answer = await (options.pace === undefined ? send() : options.pace.run(send, request.signal));
    request.signal?.throwIfAborted();
    if (answer.kind === 'answered' && answer.status >= 200 && answer.status < 300 && !answer.cut) return answer;
    if (answer.kind === 'answered' && answer.status === 404 && options.mayBeMissing === true) return answer;
    if (answer.kind === 'answered' && answer.status === 400 && options.mayBeRefused === true) return answer;
    const transient = isTransient(answer, repeatable);
    const wait = waitBefore(answer, attempt);
    if (!transient || attempt >= tries || wait > longestWait) throw refusal(answer, options, graph);
    options.onWait?.(describe(answer), wait);
    await graph.clock.sleep(wait, request.signal);
  }
}

function isTransient(answer: GraphAnswer, repeatable: boolean): boolean {
  if (answer.kind === 'notSent') return answer.error === undefined;
  if (answer.kind === 'unknown') return repeatable;
  if (answer.status === 429) return true;
  return repeatable && (answer.status >= 500 || answer.status === 408 || answer.cut);
}

function waitBefore(answer: GraphAnswer, attempt: number): number {
  const asked = answer.kind === 'answered' ? answer.retryAfter : undefined;
  if (asked !== undefined) return asked;
  const throttled = answer.kind === 'answered' && answer.status === 429;
  return Math.min((throttled ? 10_000 : 1_000) * 2 ** (attempt - 1), 120_000);
}

function describe(answer: GraphAnswer): string {
  return answer.kind === 'answered'
    ? `Graph answered ${String(answer.status)}${answer.cut ? ' with a body that broke off' : ''}`
    : answer.reason;
}

/** The error of an answer that ends the asking. */
function refusal(answer: GraphAnswer, { thing, role }: AskOptions, graph: Graph): JoineryError {
  if (answer.kind === 'notSent' && answer.error !== undefined) return answer.error;
  if (answer.kind !== 'answered') {
    return new JoineryError('ENT-202', `${graph.endpoints.graphOrigin} was asked for ${thing}: ${answer.reason}`);
  }
  const words = answer.error?.message ?? answer.excerpt;
  const ids = [
    ...(answer.requestId === undefined ? [] : [`request-id ${answer.requestId}`]),
    `client-request-id ${answer.clientRequestId}`,
  ].join(', ');
  const said = `${describe(answer)} when asked for ${thing}${words === '' ? '' : `: ${words}`} (${ids})`;
  const { status } = answer;
  if (status === 401) return new JoineryError('ENT-204', said);
  if (status === 403) return new JoineryError('ENT-205', `${said}; the application needs the role ${role}`);
  if (status === 404) return new JoineryError('ENT-206', said);
  if (status === 429) return new JoineryError('ENT-208', said);
  if (status >= 500 || status === 408) return new JoineryError('ENT-209', said);
  return new JoineryError(status < 400 ? 'ENT-203' : 'ENT-207', said);
}
