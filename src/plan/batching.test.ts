import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import type { Payload } from '../domain/payload.ts';
import { sentChangeKinds } from '../domain/words.ts';
import { bulkIdOf, hashPayload, operationBytes, placeOperations, renderBody, type Placed } from './batching.ts';
import { managerDepths, orderForSending } from './order.ts';

const kind = fc.constantFrom(...sentChangeKinds);
const placed = fc.array(fc.record({ externalId: fc.uuid(), change: kind, bytes: fc.integer({ min: 200, max: 60_000 }) }), {
  maxLength: 400,
});
const isDisabling = ({ change }: Placed): boolean => change === 'leaver' || change === 'cancelled';

function payload(externalId: string, text = ''): Payload {
  return { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], externalId, active: true, displayName: text };
}

const scope = { tenant: 't', job: 'j' };
/** Also halves of surrogate pairs, -0 and numbers with an exponent. */
const members = fc.dictionary(
  fc.string({ unit: 'grapheme' }),
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, '\ud800', '\u007f'),
  ),
);

describe('packing operations into requests', () => {
  it('keeps the order, fills every request and passes neither limit', () => {
    fc.assert(
      fc.property(placed, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 70_000, max: 300_000 }), (operations, most, bytes) => {
        const places = placeOperations(operations, { operations: most, bytes });
        const requests = new Map<number, Placed[]>();
        for (const [position, { sequence, index }] of places.entries()) {
          const request = requests.get(sequence) ?? [];
          expect(index).toBe(request.length);
          const operation = operations[position];
          if (operation !== undefined) request.push(operation);
          requests.set(sequence, request);
        }
        expect([...requests.values()].flat()).toEqual(operations);
        for (const request of requests.values()) {
          expect(request.length).toBeLessThanOrEqual(most);
          expect(request.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThan(bytes);
          expect(new Set(request.map(isDisabling)).size).toBe(1);
        }
      }),
    );
  });

  it('counts the bytes of a request as they are sent', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uuid(), members), { minLength: 1, maxLength: 20 }), (workers) => {
        const operations = workers.map(([id, values]) => ({ bulkId: bulkIdOf(scope, id, 'h'), payload: { ...payload(id), values } }));
        const sum = operations.reduce((bytes, { payload: user }) => bytes + operationBytes(user), 0);
        // As many whether or not the payload was written down before.
        for (const { payload: user } of operations) expect(hashPayload(user)).toBe(hashJson(user));
        expect(operations.reduce((bytes, { payload: user }) => bytes + operationBytes(user), 0)).toBe(sum);
        // The last operation has no comma.
        expect(Buffer.byteLength(renderBody(operations))).toBe(Buffer.byteLength(renderBody([])) + sum - 1);
      }),
    );
  });

  it('renders the documented request', () => {
    expect(JSON.parse(renderBody([{ bulkId: 'b1', payload: payload('W1') }]))).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'POST', bulkId: 'b1', path: '/Users', data: payload('W1') }],
      failOnErrors: null,
    });
  });

  it('names an operation by job, worker and payload, and by nothing else', () => {
    expect(bulkIdOf(scope, 'W1', 'h')).toBe(bulkIdOf(scope, 'W1', 'h'));
    expect(
      new Set([
        bulkIdOf(scope, 'W1', 'h'),
        bulkIdOf(scope, 'W2', 'h'),
        bulkIdOf(scope, 'W1', 'g'),
        bulkIdOf({ tenant: 't', job: 'k' }, 'W1', 'h'),
      ]).size,
    ).toBe(4);
  });
});

describe('the order of sending', () => {
  const worker = fc.record({
    externalId: fc.integer({ min: 0, max: 40 }).map(String),
    change: kind,
    manager: fc.option(fc.integer({ min: 0, max: 45 }).map(String), { nil: undefined }),
  });
  const changes = fc
    .uniqueArray(worker, { selector: ({ externalId }) => externalId, maxLength: 40 })
    .map((workers) => workers.map(({ manager, ...rest }) => (manager === undefined ? rest : { ...rest, manager })));

  it('puts disables first, then whoever gets an account, then movers', () => {
    fc.assert(
      fc.property(changes, (workers) => {
        const ranks = orderForSending(workers).map(({ change }) =>
          change === 'leaver' || change === 'cancelled' ? 0 : change === 'mover' ? 2 : 1,
        );
        expect(ranks).toEqual(ranks.toSorted((left, right) => left - right));
      }),
    );
  });

  it('does not depend on the order in which the workers come', () => {
    fc.assert(
      fc.property(changes, fc.infiniteStream(fc.nat()), (workers, noise) => {
        const shuffled = workers
          .map((one) => ({ one, at: noise.next().value ?? 0 }))
          .toSorted((left, right) => left.at - right.at)
          .map(({ one }) => one);
        const acyclic = [...managerDepths(workers).values()].every((depth) => depth < workers.length);
        expect(acyclic).toBe(true);
        const names = (list: readonly { externalId: string }[]): string[] => list.map(({ externalId }) => externalId).toSorted();
        expect(names(orderForSending(shuffled))).toEqual(names(orderForSending(workers)));
      }),
    );
  });

  it('puts a manager before the reports that get an account with him', () => {
    const chain = [
      { externalId: 'a', change: 'joiner' as const, manager: 'b' },
      { externalId: 'b', change: 'joiner' as const, manager: 'c' },
      { externalId: 'c', change: 'joiner' as const, manager: 'outside' },
    ];
    expect(orderForSending(chain).map(({ externalId }) => externalId)).toEqual(['c', 'b', 'a']);
  });

  it('cuts a circle of managers instead of going round in it', () => {
    const circle = [
      { externalId: 'a', change: 'joiner' as const, manager: 'b' },
      { externalId: 'b', change: 'joiner' as const, manager: 'a' },
    ];
    expect(orderForSending(circle)).toHaveLength(2);
  });
});
