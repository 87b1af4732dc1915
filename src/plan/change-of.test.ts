import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import type { Change } from '../domain/change.ts';
import type { Confirmed, Desired, LedgerEntry, Sent } from '../domain/ledger.ts';
import { coreUserSchema, type Payload } from '../domain/payload.ts';
import type { Draft } from '../domain/verdict.ts';
import { isDisable, isSentChange } from '../domain/words.ts';
import type { LeaversDeclaration } from '../pipeline/pipeline.ts';
import { backDatedEnd, changeOf, type Case } from './change-of.ts';
import { ledgerStateOf, rowStates, type RowState } from './decision.ts';

const leavers: LeaversDeclaration = { vanished: { action: 'disable', fullPasses: 2, hours: 24 }, outOfScope: 'disable' };
const withoutDraft: readonly RowState[] = ['outOfScope', 'vanished', 'rejectedInactive', 'rejected'];

const words = fc.constantFrom('Anna', 'Berta', 'Cara');
const payloads = fc
  .record({
    displayName: fc.option(words, { nil: undefined }),
    title: fc.option(words, { nil: undefined }),
    userName: words,
    active: fc.boolean(),
  })
  .map((members): Payload => payload(members.active, members));

function payload(active: boolean, members: Readonly<Record<string, string | boolean | undefined>>): Payload {
  const attributes = Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => (value === undefined || name === 'active' ? [] : [[name, value] as const])),
  );
  return { schemas: [coreUserSchema], externalId: 'w1', ...attributes, active };
}

const confirmed = (value: Payload): Confirmed => ({ payload: value, hash: hashJson(value), at: 1, evidence: { kind: 'log' } });
const desired = (value: Payload): Desired => ({
  payload: value,
  hash: hashJson(value),
  change: value.active ? 'mover' : 'leaver',
  run: 'r0',
});
const sent = (value: Payload): Sent => ({
  operation: 'o1',
  payload: value,
  hash: hashJson(value),
  change: value.active ? 'mover' : 'leaver',
  at: 1,
});

/** Every shape that the store can hold: never sent, in flight, confirmed, after silence, refused. */
const entries: fc.Arbitrary<LedgerEntry | undefined> = fc
  .record({
    known: fc.boolean(),
    confirmed: fc.option(payloads, { nil: undefined }),
    sent: fc.option(payloads, { nil: undefined }),
    desired: fc.option(payloads, { nil: undefined }),
    baselineUnknown: fc.boolean(),
    everEnabled: fc.boolean(),
    failed: fc.boolean(),
  })
  .map((parts) => {
    if (!parts.known) return undefined;
    return {
      externalId: 'w1',
      owner: 'contoso',
      ...(parts.confirmed === undefined ? {} : { confirmed: confirmed(parts.confirmed) }),
      ...(parts.sent === undefined ? {} : { sent: sent(parts.sent) }),
      ...(parts.desired === undefined ? {} : { desired: desired(parts.desired) }),
      ...(parts.failed && parts.desired !== undefined ? { failed: { hash: hashJson(parts.desired), code: 'X', at: 1 } } : {}),
      baselineUnknown: parts.baselineUnknown && parts.sent === undefined,
      everEnabled: parts.everEnabled || parts.confirmed?.active === true,
    };
  });

/** A draft as mappings make them: what came out empty is not in the payload. */
const drafts = fc
  .record({
    // Half of them empty, so that laws about what came out empty do not throw most cases away.
    display: fc.option(words, { nil: undefined, freq: 1 }),
    rule: fc.constantFrom('keep' as const, 'clear' as const, 'omit' as const),
    title: words,
  })
  .map(({ display, rule, title }) => (active: boolean, preHire: boolean): Draft => {
    const value = payload(active, { title, ...(display === undefined ? {} : { displayName: display }) });
    return {
      active,
      preHire,
      payload: value,
      empty: display === undefined ? [{ path: 'displayName', rule }] : [],
      once: [{ path: 'userName', candidates: ['Dora'] }],
      hash: hashJson(value),
    };
  });

const cases: fc.Arbitrary<Case> = fc
  .record({ row: fc.constantFrom(...rowStates), entry: entries, draft: drafts })
  .map(({ row, entry, draft }) => ({
    externalId: 'w1',
    row,
    ...(withoutDraft.includes(row) ? {} : { draft: draft(row === 'active', row === 'preHire') }),
    entry,
    chosen: new Map([['userName', 'Dora']]),
    managerKnown: true,
    warnings: [],
  }));

/** In flight, else confirmed, else what was tried and not refused: written anew here, not taken from the code. */
function known(entry: LedgerEntry | undefined): Payload | undefined {
  return entry?.sent?.payload ?? entry?.confirmed?.payload;
}

/** Cases of which something becomes, and that the law is about. */
function decided(
  about: (one: { readonly worker: Case; readonly change: Change }) => boolean,
): fc.Arbitrary<{ worker: Case; change: Change }> {
  return cases
    .map((worker) => ({ worker, change: changeOf(worker, leavers) }))
    .filter(
      (one): one is { worker: Case; change: Change } => one.change !== undefined && about({ worker: one.worker, change: one.change }),
    );
}

describe('the change of a worker', () => {
  it('never turns an account on unless the row is active', () => {
    const sentOnes = decided(({ change }) => isSentChange(change.change));
    fc.assert(
      fc.property(sentOnes, ({ worker, change }) => {
        expect(change.payload.active).toBe(worker.row === 'active');
      }),
      { numRuns: 1000 },
    );
  });

  it('never lets a disable wait, and sends it wherever the account may be on', () => {
    fc.assert(
      fc.property(
        decided(({ change }) => isDisable(change.change)),
        ({ change }) => {
          expect(change.waiting).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
    const mayBeOn = decided(
      ({ worker, change }) =>
        isDisable(change.change) &&
        !change.failedBefore &&
        (known(worker.entry)?.active !== false || ledgerStateOf(worker.entry).startsWith('uncertain')),
    );
    fc.assert(
      fc.property(mayBeOn, ({ change }) => {
        expect(change).toMatchObject({ send: true, payload: { active: false } });
      }),
      { numRuns: 500 },
    );
  });

  it('does not let a corrected payload wait behind one that the service keeps retrying', () => {
    const refused = payload(true, { userName: 'Anna', displayName: 'Ana' });
    const draft: Draft = {
      active: true,
      preHire: false,
      payload: payload(true, { userName: 'Anna', displayName: 'Anna' }),
      empty: [],
      once: [],
      hash: 'h',
    };
    const base = { externalId: 'w1', row: 'active' as const, draft, chosen: new Map<string, string>(), managerKnown: true, warnings: [] };
    const entry: LedgerEntry = { externalId: 'w1', owner: 'contoso', sent: sent(refused), baselineUnknown: false, everEnabled: false };
    expect(changeOf({ ...base, entry }, leavers)).toMatchObject({ waiting: true, send: false });
    expect(changeOf({ ...base, entry: { ...entry, sent: { ...sent(refused), escrowed: true } } }, leavers)).toMatchObject({
      waiting: false,
      send: true,
    });
  });

  it('sends a disable again of which nobody knows whether it left, and no other', () => {
    const off = payload(false, { userName: 'Anna' });
    const entry: LedgerEntry = { externalId: 'w1', owner: 'contoso', sent: sent(off), baselineUnknown: false, everEnabled: true };
    const base = { externalId: 'w1', row: 'vanished' as const, chosen: new Map<string, string>(), managerKnown: true, warnings: [] };
    expect(changeOf({ ...base, entry }, leavers)).toMatchObject({ change: 'frozen', send: false });
    const doubtful: LedgerEntry = { ...entry, sent: { ...sent(off), unanswered: true } };
    expect(changeOf({ ...base, entry: doubtful }, leavers)).toMatchObject({ change: 'leaver', send: true, payload: off });
  });

  it('never sends what is none, ignored or frozen', () => {
    fc.assert(
      fc.property(
        decided(({ change }) => !isSentChange(change.change)),
        ({ change }) => {
          expect([change.send, change.waiting]).toEqual([false, false]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('sends nothing but a disable behind an operation in flight, and nothing twice', () => {
    fc.assert(
      fc.property(
        decided(({ worker, change }) => worker.entry?.sent !== undefined && change.send),
        ({ change }) => {
          expect(isDisable(change.change)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        decided(({ change }) => change.waiting),
        ({ change }) => {
          expect(change.send).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is always a complete record with externalId, schemas and active', () => {
    fc.assert(
      fc.property(
        decided(() => true),
        ({ change }) => {
          expect(typeof change.payload.active).toBe('boolean');
          expect(change.payload).toMatchObject({ externalId: 'w1', schemas: [coreUserSchema] });
          expect(change.payloadHash).toBe(hashJson(change.payload));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives leavers by vanishing, scope or rejection the payload that the service has, with active false', () => {
    const evaluatedNot = decided(({ worker }) => withoutDraft.includes(worker.row));
    fc.assert(
      fc.property(evaluatedNot, ({ worker, change }) => {
        const last = known(worker.entry) ?? worker.entry?.desired?.payload;
        expect(last).toBeDefined();
        const off = isSentChange(change.change) || change.change === 'ignored';
        expect(change.payload).toEqual(off ? { ...last, active: false } : last);
      }),
      { numRuns: 1000 },
    );
  });

  it('sends again, clears or leaves out what came out empty, as its rule says', () => {
    const emptied = decided(
      ({ worker, change }) => (worker.draft?.empty.length ?? 0) > 0 && !['frozen', 'ignored'].includes(change.change),
    );
    fc.assert(
      fc.property(emptied, ({ worker, change }) => {
        const tried = worker.entry?.failed === undefined ? worker.entry?.desired?.payload : undefined;
        const before = (known(worker.entry) ?? tried)?.['displayName'];
        const expected = { keep: before, clear: null, omit: undefined }[worker.draft?.empty[0]?.rule ?? 'keep'];
        expect(change.payload['displayName']).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a name that was computed once for life', () => {
    fc.assert(
      fc.property(
        decided(({ worker }) => known(worker.entry) !== undefined),
        ({ worker, change }) => {
          expect(change.payload['userName']).toBe(known(worker.entry)?.['userName']);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('gives another name only to whom the plan renames', () => {
    fc.assert(
      fc.property(
        decided(({ worker }) => known(worker.entry) !== undefined && worker.draft !== undefined && worker.row === 'active'),
        ({ worker }) => {
          const change = changeOf({ ...worker, renamed: new Map([['userName', 'new@contoso.example']]) }, leavers);
          const wants = worker.draft?.once.some(({ path }) => path === 'userName') === true;
          expect(change?.payload['userName']).toBe(wants ? 'new@contoso.example' : known(worker.entry)?.['userName']);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes the chosen name where the service has none', () => {
    const draft: Draft = {
      active: true,
      preHire: false,
      payload: payload(true, {}),
      empty: [],
      once: [{ path: 'userName', candidates: ['Dora'] }],
      hash: 'h',
    };
    const chosen = new Map([['userName', 'Dora2']]);
    const change = changeOf(
      { externalId: 'w1', row: 'active', draft, entry: undefined, chosen, managerKnown: true, warnings: [] },
      leavers,
    );
    expect(change).toMatchObject({ change: 'joiner', send: true, payload: { userName: 'Dora2' } });
  });

  it('takes back what an earlier run desired and did not send, once the worker is ignored', () => {
    const wanted = payload(true, { userName: 'Anna' });
    const entry: LedgerEntry = { externalId: 'w1', owner: 'contoso', desired: desired(wanted), baselineUnknown: false, everEnabled: false };
    const base = { externalId: 'w1', chosen: new Map<string, string>(), managerKnown: true, warnings: [] };
    for (const row of ['outOfScope', 'vanished', 'rejectedInactive'] as const) {
      expect(changeOf({ ...base, row, entry }, leavers)).toMatchObject({ change: 'ignored', send: false, payload: { active: false } });
      expect(changeOf({ ...base, row, entry: undefined }, leavers)).toBeUndefined();
    }
  });

  it('sends again who was asked for, though nothing differs or the same was refused, but never who is frozen', () => {
    const on = payload(true, { userName: 'Anna' });
    const draft: Draft = { active: true, preHire: false, payload: on, empty: [], once: [], hash: 'h' };
    const base = { externalId: 'w1', chosen: new Map<string, string>(), managerKnown: true, warnings: [] };
    const entry: LedgerEntry = { externalId: 'w1', owner: 'contoso', confirmed: confirmed(on), baselineUnknown: false, everEnabled: true };
    const refused: LedgerEntry = { ...entry, failed: { hash: hashJson(on), code: 'X', at: 1 } };
    for (const before of [entry, refused]) {
      expect(changeOf({ ...base, row: 'active', draft, entry: before }, leavers)).toMatchObject({ change: 'none', send: false });
      expect(changeOf({ ...base, row: 'active', draft, entry: before, resend: true }, leavers)).toMatchObject({
        change: 'mover',
        cause: 'resend',
        send: true,
        differences: [],
      });
    }
    const off: LedgerEntry = { ...entry, confirmed: confirmed({ ...on, active: false }) };
    expect(changeOf({ ...base, row: 'vanished', entry: off, resend: true }, leavers)).toMatchObject({ change: 'frozen', send: false });
  });

  it('leaves the vanished and the out of scope alone where the pipeline says keep', () => {
    const entry: LedgerEntry = {
      externalId: 'w1',
      owner: 'contoso',
      confirmed: confirmed(payload(true, { userName: 'Anna' })),
      baselineUnknown: false,
      everEnabled: true,
    };
    const kept: LeaversDeclaration = { vanished: { action: 'keep', fullPasses: 2, hours: 24 }, outOfScope: 'keep' };
    const base = { externalId: 'w1', entry, chosen: new Map<string, string>(), managerKnown: true, warnings: [] };
    for (const row of ['vanished', 'outOfScope'] as const) {
      expect(changeOf({ ...base, row }, kept)).toMatchObject({ change: 'none', send: false, payload: { active: true } });
      expect(changeOf({ ...base, row }, leavers)).toMatchObject({ change: 'leaver', send: true, payload: { active: false } });
    }
    expect(changeOf({ ...base, row: 'rejectedInactive' }, kept)).toMatchObject({ change: 'leaver', send: true });
  });
});

it('an end is back-dated only if an accepted run after it left the worker employed, and he is disabled now', () => {
  const evaluated = (verdict: 'active' | 'inactive' | 'rejected'): LedgerEntry => ({
    externalId: 'w1',
    owner: 'p',
    baselineUnknown: false,
    everEnabled: true,
    evaluated: { fingerprint: '', mappingId: '', verdict, run: 'r0' },
  });
  const leaver = { change: 'leaver', send: true, waiting: false } as const;
  expect(backDatedEnd(leaver, evaluated('active'), 5, 10)).toBe(5);
  expect(backDatedEnd(leaver, evaluated('rejected'), 5, 10)).toBe(5);
  expect(backDatedEnd({ ...leaver, change: 'cancelled', send: false, waiting: true }, evaluated('active'), 5, 10)).toBe(5);
  // It came due since; he was off by then; nothing is sent; nobody ever ran.
  expect(backDatedEnd(leaver, evaluated('active'), 10, 10)).toBeUndefined();
  expect(backDatedEnd(leaver, evaluated('inactive'), 5, 10)).toBeUndefined();
  expect(backDatedEnd({ ...leaver, send: false }, evaluated('active'), 5, 10)).toBeUndefined();
  expect(backDatedEnd({ ...leaver, change: 'frozen' }, evaluated('active'), 5, 10)).toBeUndefined();
  expect(backDatedEnd(leaver, evaluated('active'), 5, undefined)).toBeUndefined();
});
