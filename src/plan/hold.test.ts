import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { HoldCause } from '../domain/change.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import { coreUserSchema, type Payload } from '../domain/payload.ts';
import {
  accountStateOf,
  accountStates,
  holdBack,
  holdTable,
  lastWordOf,
  lastWords,
  releaseStands,
  type AccountState,
  type LastWord,
} from './hold.ts';

/** Written from the words, not from the table. */
const expectations: readonly (readonly [AccountState, LastWord, HoldCause | 'free', string])[] = [
  ['off', 'nothing', 'directory', 'an account that we never wrote was disabled by somebody else'],
  ['off', 'on', 'directory', 'we said on, somebody else turned it off'],
  ['off', 'off', 'free', 'we turned it off, and may turn it on again'],
  ['off', 'foundOff', 'directory', 'it was off before we came'],
  ['off', 'released', 'free', 'a person decided'],
  ...lastWords.map((word) => ['on', word, 'free', 'it is on already'] as const),
  ...lastWords.map((word) => ['none', word, 'free', 'there is no account to be held'] as const),
  ...lastWords.map((word) => ['unread', word, 'free', 'the pipeline says unchecked'] as const),
  ...lastWords.map((word) => ['several', word, 'ambiguous', 'the service could not match him, released or not'] as const),
  ...lastWords.map((word) => ['onPremises', word, 'onPremises', 'the service could not write him, released or not'] as const),
];

const payload = (active: boolean): Payload => ({ schemas: [coreUserSchema], externalId: 'w1', active });
const entry = (members: Partial<LedgerEntry>): LedgerEntry => ({
  externalId: 'w1',
  owner: 'contoso',
  baselineUnknown: false,
  everEnabled: true,
  ...members,
});
const confirmed = (active: boolean, kind: 'log' | 'adopted' = 'log'): NonNullable<LedgerEntry['confirmed']> => ({
  payload: payload(active),
  hash: 'h',
  at: 1,
  evidence: { kind },
});

describe('the table of holds', () => {
  test.each(expectations)('an account that is %s, after our word %s: %s, because %s', (account, word, cause) => {
    expect(holdTable[account][word]).toBe(cause);
  });

  it('has one expectation for each of its cells', () => {
    expect(expectations).toHaveLength(accountStates.length * lastWords.length);
    expect(new Set(expectations.map(([account, word]) => `${account} ${word}`)).size).toBe(expectations.length);
    expect(Object.keys(holdTable).toSorted()).toEqual([...accountStates].toSorted());
  });

  it('knows our last word of every entry', () => {
    const flying = { operation: 'o', hash: 'h', at: 1 } as const;
    expect(lastWordOf(undefined, 9)).toBe('nothing');
    expect(lastWordOf(entry({}), 9)).toBe('nothing');
    expect(lastWordOf(entry({ confirmed: confirmed(true) }), 9)).toBe('on');
    expect(lastWordOf(entry({ confirmed: confirmed(false) }), 9)).toBe('off');
    expect(lastWordOf(entry({ confirmed: confirmed(true, 'adopted') }), 9)).toBe('on');
    expect(lastWordOf(entry({ confirmed: confirmed(false, 'adopted') }), 9)).toBe('foundOff');
    expect(lastWordOf(entry({ confirmed: confirmed(false, 'adopted'), everEnabled: false }), 9)).toBe('off');
    expect(lastWordOf(entry({ confirmed: confirmed(true), sent: { ...flying, payload: payload(false), change: 'leaver' } }), 9)).toBe(
      'off',
    );
    expect(lastWordOf(entry({ confirmed: confirmed(false), sent: { ...flying, payload: payload(true), change: 'rehire' } }), 9)).toBe('on');
    expect(lastWordOf(entry({ confirmed: confirmed(false, 'adopted'), released: 5 }), 9)).toBe('released');
    expect(lastWordOf(entry({ confirmed: confirmed(true), released: 5 }), 5 + releaseStands)).toBe('on');
    const silentLeaver = { payload: payload(false), hash: 'h', change: 'leaver', run: 'r' } as const;
    expect(lastWordOf(entry({ confirmed: confirmed(true), baselineUnknown: true, desired: silentLeaver }), 9)).toBe('off');
  });

  it('reads accounts as they are', () => {
    const account = { enabled: true, onPremises: false };
    expect(accountStateOf(undefined)).toBe('unread');
    expect(accountStateOf([])).toBe('none');
    expect(accountStateOf([account])).toBe('on');
    expect(accountStateOf([{ ...account, enabled: false }])).toBe('off');
    expect(accountStateOf([{ ...account, onPremises: true }])).toBe('onPremises');
    expect(accountStateOf([account, account])).toBe('several');
  });

  it('never stops a disable unless the worker is protected or half of a rekey case, and stops all else of whom is held', () => {
    const causes = fc.option(fc.constantFrom<HoldCause>('directory', 'list', 'ambiguous', 'onPremises', 'exists', 'protected', 'rekey'), {
      nil: undefined,
    });
    const kinds = fc.constantFrom(
      ...(['joiner', 'enable', 'rehire', 'mover'] as const).map((change) => ({ change, active: true })),
      ...(['pre-hire', 'leaver', 'cancelled', 'mover'] as const).map((change) => ({ change, active: false })),
    );
    const changes = fc.record({ kind: kinds, send: fc.boolean(), waiting: fc.boolean() });
    fc.assert(
      fc.property(changes, causes, ({ kind, send, waiting }, cause) => {
        const before = { change: kind.change, payload: payload(kind.active), send, waiting };
        const after = holdBack(before, cause);
        const whole = cause === 'protected' || cause === 'rekey';
        const stopped = cause !== undefined && (whole || kind.active || kind.change === 'pre-hire');
        expect(after.send).toBe(send && !stopped);
        expect(after.waiting).toBe(waiting && !stopped);
        expect(after.held).toBe(stopped && (send || waiting) ? cause : undefined);
        expect(after.payload).toBe(before.payload);
      }),
    );
  });
});
