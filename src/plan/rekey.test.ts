import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowGroup } from '../domain/row.ts';
import { identityOf } from './identity.ts';
import { findRekeys, type Newcomer, type Somebody } from './rekey.ts';

const nobody = new Map<string, readonly Somebody[]>();
const nobodyLeaves = new Map<string, Somebody>();

describe('rekey cases', () => {
  it('are a newcomer and an entry of the same identity, named from the one with the account to the new one', () => {
    const known = new Map([['i1', [{ externalId: 'OLD', identity: 'i1' }]]]);
    const cases = findRekeys([{ externalId: 'NEW', identity: 'i1' }], known, nobodyLeaves);
    const found = { old: 'OLD', new: 'NEW', by: 'identity', fresh: true };
    expect([...cases]).toEqual([
      ['NEW', found],
      ['OLD', found],
    ]);
  });

  it('stand from one run to the next, and are then not fresh', () => {
    const known = new Map([['i1', [{ externalId: 'OLD', identity: 'i1' }]]]);
    expect(findRekeys([{ externalId: 'NEW', identity: 'i1', before: 'OLD' }], known, nobodyLeaves).get('NEW')?.fresh).toBe(false);
  });

  it('are found by name only in somebody who leaves, and never against two known identities', () => {
    const leaving = new Map<string, Somebody>([['anna@x', { externalId: 'OLD', userName: 'anna@x', identity: 'i1' }]]);
    const by = (newcomer: Newcomer): string | undefined => findRekeys([newcomer], nobody, leaving).get('NEW')?.by;
    expect(by({ externalId: 'NEW', userName: 'anna@x' })).toBe('userName');
    expect(by({ externalId: 'NEW', userName: 'anna@x', identity: 'i2' })).toBeUndefined();
    expect(by({ externalId: 'NEW', userName: 'ben@x' })).toBeUndefined();
  });

  it('are none between those of whom a person said that they are different, whichever of them it was said of', () => {
    const pair = (one: Partial<Somebody>, other: Partial<Somebody>): number =>
      findRekeys(
        [{ externalId: 'NEW', identity: 'i1', ...one }],
        new Map([['i1', [{ externalId: 'OLD', identity: 'i1', ...other }]]]),
        nobodyLeaves,
      ).size;
    expect(pair({}, {})).toBe(2);
    expect(pair({ apart: ['OLD'] }, {})).toBe(0);
    expect(pair({}, { apart: ['NEW'] })).toBe(0);
    expect(pair({ apart: ['ELSE'] }, {})).toBe(2);
  });

  it('hold everybody who shares an identity, pair nobody with himself, and nobody else', () => {
    const identity = fc.option(fc.constantFrom('i1', 'i2', 'i3'), { nil: undefined });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(30), { maxLength: 12 }),
        fc.array(identity, { minLength: 31, maxLength: 31 }),
        (ids, identities) => {
          const everybody = ids.map((id) => {
            const own = identities[id];
            return { externalId: `W${String(id)}`, ...(own === undefined ? {} : { identity: own }) };
          });
          const [fresh, old] = [everybody.filter((_, index) => index % 2 === 0), everybody.filter((_, index) => index % 2 === 1)];
          const known = new Map<string, Somebody[]>();
          for (const one of old) if (one.identity !== undefined) known.set(one.identity, [...(known.get(one.identity) ?? []), one]);
          const cases = findRekeys(fresh, known, nobodyLeaves);
          for (const newcomer of fresh) {
            const twins = everybody.filter(
              (other) => other !== newcomer && newcomer.identity !== undefined && other.identity === newcomer.identity,
            );
            expect(cases.has(newcomer.externalId)).toBe(twins.length > 0);
          }
          for (const [key, found] of cases) {
            expect(found.old).not.toBe(found.new);
            expect([found.old, found.new]).toContain(key);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an identity', () => {
  const key = new Uint8Array(32).fill(7);
  const group = (...rows: readonly Readonly<Record<string, string | null>>[]): RowGroup => ({
    key: 'W1',
    fingerprint: 'f',
    rows: rows.map((values, index) => ({ key: 'W1', values, fingerprint: 'f', ordinal: index + 1 })),
  });

  it('is the same for the same values, however they are typed, and shows none of them', () => {
    const first = identityOf(group({ id: ' Müller ', born: '1985-01-02' }), ['id', 'born'], key);
    expect(identityOf(group({ id: 'mu\u0308LLER', born: '1985-01-02' }), ['id', 'born'], key)).toBe(first);
    expect(identityOf(group({ id: 'mueller', born: '1985-01-02' }), ['id', 'born'], key)).not.toBe(first);
    expect(identityOf(group({ id: 'Müller', born: '1985-01-02' }), ['id', 'born'], new Uint8Array(32))).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is unknown where a value is empty, or the rows of one key disagree', () => {
    expect(identityOf(group({ id: null }), ['id'], key)).toBeUndefined();
    expect(identityOf(group({ id: '  ' }), ['id'], key)).toBeUndefined();
    expect(identityOf(group({ id: 'a' }, { id: 'b' }), ['id'], key)).toBeUndefined();
    expect(identityOf(group({ id: 'a' }, { id: 'A' }), ['id'], key)).toBeDefined();
    expect(identityOf(group({ id: 'a' }), [], key)).toBeUndefined();
  });

  it('never joins values of two columns', () => {
    const of = (first: string, second: string): unknown => identityOf(group({ first, second }), ['first', 'second'], key);
    expect(of('a,b', 'c')).not.toBe(of('a', 'b,c'));
  });
});
