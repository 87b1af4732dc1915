import { canonicalBytes } from '../domain/canonical-bytes.ts';
import { canonicalJson, hashJson, hashText } from '../domain/canonical-json.ts';
import { keepPayloadText, payloadText } from '../domain/kept-texts.ts';
import { bulkRequestSchema, type Payload } from '../domain/payload.ts';
import type { ExternalId, JobScope, SentChangeKind, Sha256 } from '../domain/words.ts';

/** At most 50 user operations a request. Source: graph-contract 1.3. */
const maximumOperations = 50;

/** The service documents no byte limit; 1 MiB is well under every limit seen in front of Graph. Source: graph-contract section 8. */
const maximumBytes = 1_048_576;

const envelopeBytes = Buffer.byteLength(renderBody([]));

/** What batching needs to know of an operation; the payload itself may stay in a file. */
export interface Placed {
  readonly externalId: ExternalId;
  readonly change: SentChangeKind;
  /** `operationBytes` of the operation. */
  readonly bytes: number;
}

export interface Placement {
  readonly sequence: number;
  readonly index: number;
}

/** Hex digits of every `bulkId`. */
const bulkIdLength = 32;

/** Names an operation to support; equal for equal job, worker and payload, so a replay carries the same bytes. 32 hex digits. */
export function bulkIdOf(scope: JobScope, externalId: ExternalId, payloadHash: Sha256): string {
  return hashJson([scope.tenant, scope.job, externalId, payloadHash]).slice(0, bulkIdLength);
}

/** The exact bytes of a bulk request, as text. */
export function renderBody(operations: readonly { readonly bulkId: string; readonly payload: Payload }[]): string {
  const rendered = operations.map(({ bulkId, payload }) => renderOperation(bulkId, canonicalJson(payload)));
  return `{"schemas":["${bulkRequestSchema}"],"Operations":[${rendered.join(',')}],"failOnErrors":null}`;
}

function renderOperation(bulkId: string, data: string): string {
  return `{"method":"POST","bulkId":${JSON.stringify(bulkId)},"path":"/Users","data":${data}}`;
}

const operationFrameBytes = Buffer.byteLength(renderOperation('0'.repeat(bulkIdLength), '')) + 1;

/** `hashJson` of a payload. Its text is kept for `operationBytes` and for the plan's line. */
export function hashPayload(payload: Payload): Sha256 {
  const bytes = canonicalBytes(payload);
  keepPayloadText(payload, bytes.toString('utf8'));
  return hashText(bytes);
}

/** UTF-8 bytes that an operation adds to a request, its comma included. Neither the name nor the order of members, which have no say in it, are found. */
export function operationBytes(payload: Payload): number {
  return operationFrameBytes + Buffer.byteLength(payloadText(payload));
}

/**
 * Packs operations, already in the order of sending, into requests: full ones, because the day's quota counts calls. A disable never
 * shares a request with anything else, so that a request refused for another worker's data cannot hold it up.
 * An operation larger than the byte limit stands alone; it is the only request that exceeds it.
 */
export function placeOperations(ordered: readonly Placed[], limits = { operations: maximumOperations, bytes: maximumBytes }): Placement[] {
  let sequence = -1;
  let index = 0;
  let bytes = 0;
  let disables: boolean | undefined;
  return ordered.map((operation) => {
    const disable = isDisabling(operation.change);
    const full = index >= limits.operations || bytes + operation.bytes > limits.bytes;
    if (sequence === -1 || full || disable !== disables) {
      sequence++;
      index = 0;
      bytes = envelopeBytes;
      disables = disable;
    }
    bytes += operation.bytes;
    return { sequence, index: index++ };
  });
}

/** At least so many requests for so many operations that share them. */
export function callsFor(operations: number): number {
  return Math.ceil(operations / maximumOperations);
}

function isDisabling(change: SentChangeKind): boolean {
  return change === 'leaver' || change === 'cancelled';
}
