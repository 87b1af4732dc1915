import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { Operation } from '../domain/operation.ts';
import type { Payload } from '../domain/payload.ts';
import type { DirectoryUser } from '../entra/directory.ts';
import { lookAtSilence, type SilenceFinding, type SilenceView } from './silence-look.ts';

const before: Payload = { schemas: [], externalId: 'W1', active: true, userName: 'anna', title: 'Clerk', nickName: 'Ann' };
const account: DirectoryUser = {
  id: 'a1',
  employeeId: 'W1',
  accountEnabled: true,
  userPrincipalName: 'Anna@contoso.example',
  jobTitle: 'Clerk',
};

function look(payload: object, view: Partial<SilenceView> = {}, confirmed: Payload | 'none' = before): SilenceFinding {
  const sent: Payload = { schemas: [], externalId: 'W1', active: true, ...payload };
  const operation: Operation = {
    id: 'o',
    run: 'r',
    batch: 'b',
    index: 0,
    externalId: 'W1',
    bulkId: 'x',
    change: 'mover',
    payload: sent,
    payloadHash: 'h',
    state: 'sent',
  };
  const entry: LedgerEntry = {
    externalId: 'W1',
    owner: 'p',
    baselineUnknown: true,
    everEnabled: true,
    ...(confirmed === 'none' ? {} : { confirmed: { payload: confirmed, hash: 'c', at: 1, evidence: { kind: 'log' as const } } }),
  };
  return lookAtSilence(operation, entry, { accounts: [account], scope: [], ...view });
}
const code = (finding: SilenceFinding): string => (finding.kind === 'shown' ? finding.outcome : finding.failure.code);

describe('an operation that has no row', () => {
  it('has done nothing or all where the account shows everything that was sent', () => {
    expect(look(before)).toEqual({ kind: 'shown', outcome: 'unchanged', account: 'a1', unknown: [] });
    expect(code(look({ ...before, title: 'Clerk' }, {}, { ...before, title: 'Trainee' }))).toBe('applied');
  });

  it('is not confirmed by what the directory cannot show', () => {
    expect(code(look({ ...before, nickName: 'Annie' }))).toBe('SilentUnseen');
    expect(code(look(before, {}, 'none'))).toBe('SilentUnseen');
  });

  it('that disables is not confirmed by an account that does not say whether it is on', () => {
    const { accountEnabled: _accountEnabled, ...silent } = account;
    for (const user of [silent, { ...silent, accountEnabled: null }])
      expect(code(look({ ...before, active: false }, { accounts: [user] }))).toBe('SilentUnseen');
    expect(code(look({ ...before, active: false }, { accounts: [{ ...silent, accountEnabled: false }] }))).toBe('applied');
  });

  it('that emptied an attribute is confirmed only where the account has none, or with a doubt where it was left out', () => {
    const { title: _title, ...without } = before;
    expect(code(look({ ...without, title: null }))).toBe('SilentNotWritten');
    expect(look(without)).toMatchObject({ kind: 'shown', outcome: 'applied', unknown: ['title'] });
    const { jobTitle: _jobTitle, ...cleared } = account;
    expect(look({ ...without, title: null }, { accounts: [cleared] })).toMatchObject({ kind: 'shown', unknown: [] });
  });

  it('is told by its cause: other values, no account, several, or a filter of the job that leaves the worker out', () => {
    expect(look({ ...before, title: 'Chief' })).toMatchObject({
      failure: { code: 'SilentNotWritten', reason: expect.stringContaining('title') },
    });
    expect(code(look({ ...before, active: false }))).toBe('SilentNotWritten');
    expect(code(look(before, { accounts: [] }))).toBe('SilentNoAccount');
    expect(code(look(before, { accounts: [account, account] }))).toBe('SilentAmbiguous');
    const scope = [[{ attribute: 'title', operator: 'EQUALS', values: ['Clerk'] }]];
    expect(code(look({ ...before, title: 'Chief' }, { scope }))).toBe('SilentOutOfScope');
    expect(code(look(before, { accounts: [], scope }))).toBe('SilentNoAccount');
  });
});
