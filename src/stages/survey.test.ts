import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashJson } from '../domain/canonical-json.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { Payload } from '../domain/payload.ts';
import type { Verdict } from '../domain/verdict.ts';
import { lastPayload } from '../plan/decision.ts';
import type { AccountName } from '../store/contract.ts';
import { foldUserName } from '../store/entry.ts';
import type { TransformItem } from '../store/run-files.ts';
import type { StageContext } from './context.ts';
import { Surveyor } from './survey.ts';

const keys = ['w1', 'w2', 'w3', 'w4'];
/** The last two fold to letters of ASCII, and not both by their case alone. */
const names = ['anna@x', 'Anna@x', 'ann@x', 'zoë@x', 'zoe\u0308@x', '\u212Aim@x', 'k\u1FEF@x'];
const name = fc.oneof({ weight: 3, arbitrary: fc.constant('anna@x') }, { weight: 2, arbitrary: fc.constantFrom(...names) });
const payload = fc.record({ active: fc.boolean(), userName: fc.option(name, { nil: undefined }) });
type Told = { readonly active: boolean; readonly userName: string | undefined };

const entry = fc.record({
  desired: fc.option(payload, { nil: undefined }),
  sent: fc.option(payload, { nil: undefined, freq: 1 }),
  confirmed: fc.option(payload, { nil: undefined, freq: 8 }),
  isSame: fc.boolean(),
  failed: fc.boolean(),
  unknown: fc.boolean(),
  owner: fc.constantFrom('contoso', 'contoso', 'contoso', 'fabrikam'),
  identity: fc.option(fc.constantFrom('i1', 'i2'), { nil: undefined, freq: 1 }),
  candidates: fc.option(fc.constant('c'), { nil: undefined }),
  erased: fc.constantFrom(false, false, false, true),
});

const verdict = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('draft'),
      active: fc.boolean(),
      preHire: fc.constantFrom(false, false, true),
      userName: fc.option(name, { nil: undefined, freq: 8 }),
      once: fc.array(fc.uniqueArray(name, { minLength: 1, maxLength: 2 }), { maxLength: 1 }),
      renames: fc.boolean(),
      identity: fc.option(fc.constantFrom('i1', 'i2'), { nil: undefined, freq: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('vanished', 'outOfScope') }) },
);
const worker = fc.record({ entry: fc.option(entry, { nil: undefined, freq: 2 }), verdict, asked: fc.boolean() });

test('what is told of workers without their payloads changes nothing in a survey', async () => {
  let calm = 0;
  await fc.assert(
    fc.asyncProperty(fc.tuple(worker, worker, worker, worker), async (workers) => {
      const entries = new Map(
        workers.flatMap((one, index) => (one.entry === undefined ? [] : [[keys[index] ?? '', entryOf(keys[index] ?? '', one.entry)]])),
      );
      const items = workers.map((one, index) => itemOf(keys[index] ?? '', one.verdict));
      const asked = new Map(workers.flatMap((one, index) => (one.asked && index === 0 ? [[keys[index] ?? '', undefined]] : [])));
      const [whole, brief] = [new Set<string>(), new Set<string>()];
      const slow = await surveyOf(items, entries, asked, false, whole);
      expect(await surveyOf(items, entries, asked, true, brief)).toEqual(slow);
      calm += whole.size - brief.size;
    }),
    { numRuns: 400 },
  );
  // Else nothing was compared.
  expect(calm).toBeGreaterThan(0);
});

function payloadOf(externalId: string, { active, userName }: Told): Payload {
  return { schemas: [], externalId, active, ...(userName === undefined ? {} : { userName }) };
}

function entryOf(externalId: string, made: Parameters<Parameters<typeof entry.map>[0]>[0]): LedgerEntry {
  const told = (of: Told): { payload: Payload; hash: string } => ({
    payload: payloadOf(externalId, of),
    hash: hashJson(payloadOf(externalId, of)),
  });
  const { sent, confirmed, identity, candidates } = made;
  const last = sent ?? confirmed;
  const wish = made.isSame ? last : made.desired;
  const desired = wish === undefined ? undefined : told(wish);
  return {
    externalId,
    owner: made.owner,
    baselineUnknown: made.unknown,
    everEnabled: false,
    evaluated: {
      fingerprint: 'f',
      mappingId: 'm',
      verdict: 'active',
      run: 'r0',
      ...(identity === undefined ? {} : { identity }),
      ...(candidates === undefined ? {} : { candidates }),
    },
    ...(desired === undefined ? {} : { desired: { ...desired, change: 'mover', run: 'r0' } }),
    ...(sent === undefined ? {} : { sent: { ...told(sent), operation: 'o', change: 'mover', at: 1 } }),
    ...(confirmed === undefined
      ? {}
      : { confirmed: { ...told(confirmed), at: 1, evidence: { kind: 'log' }, ...(made.erased ? { erased: 'h' } : {}) } }),
    ...(made.failed && desired !== undefined ? { failed: { hash: desired.hash, code: 'c', at: 1 } } : {}),
  };
}

function itemOf(externalId: string, made: Parameters<Parameters<typeof verdict.map>[0]>[0]): TransformItem {
  if (made.kind === 'vanished') return { kind: 'vanished', externalId };
  if (!('once' in made))
    return { kind: 'verdict', verdict: { kind: 'outOfScope', externalId, warnings: [] }, fingerprint: 'f', ordinals: [1] };
  const { active, preHire, userName, once, renames, identity } = made;
  const found: Verdict = {
    kind: 'draft',
    externalId,
    warnings: [],
    draft: {
      active,
      preHire: preHire && !active,
      payload: payloadOf(externalId, { active, userName: once.length > 0 ? undefined : userName }),
      empty: [],
      once: once.map((candidates) => ({ path: 'userName', candidates, ...(renames ? { renames } : {}) })),
      hash: 'h',
    },
  };
  return { kind: 'verdict', verdict: found, fingerprint: 'f', ordinals: [1], ...(identity === undefined ? {} : { identity }) };
}

/** As the store tells it, which its own law holds it to; `tells`: false for a ledger that knows of nobody without his payload. */
function accountName(of: LedgerEntry | undefined): AccountName | undefined {
  const last = of?.sent ?? of?.confirmed;
  if (of === undefined || last === undefined || of.owner !== 'contoso' || of.confirmed?.erased !== undefined) return undefined;
  const userName = last.payload['userName'];
  return {
    ...(typeof userName === 'string' ? { userName: foldUserName(userName) } : {}),
    isSettled: of.desired === undefined || of.desired.hash === last.hash,
  };
}

/** The same, whoever owns him. */
function isSettled({ confirmed, sent, desired }: Partial<LedgerEntry> = {}): boolean {
  if (confirmed === undefined || confirmed.erased !== undefined || sent !== undefined) return false;
  return desired === undefined || desired.hash === confirmed.hash;
}

async function surveyOf(
  items: readonly TransformItem[],
  entries: ReadonlyMap<string, LedgerEntry>,
  asked: ReadonlyMap<string, string | undefined>,
  tells: boolean,
  read: Set<string>,
): Promise<unknown> {
  const ledger = {
    settled: (_scope: unknown, ids: readonly string[]) => Promise.resolve(new Set(ids.filter((id) => tells && isSettled(entries.get(id))))),
    accountNames: (_scope: unknown, _owner: string, ids: readonly string[]) =>
      Promise.resolve(
        new Map(ids.flatMap((id) => (!tells || accountName(entries.get(id)) === undefined ? [] : [[id, accountName(entries.get(id))]]))),
      ),
    getMany: (_scope: unknown, ids: readonly string[]) => {
      for (const id of ids) read.add(id);
      return Promise.resolve(entries);
    },
    userNamesTaken: () => Promise.resolve(new Map([['ann@x', ['w9']]])),
    sharingIdentity: (_scope: unknown, identities: readonly string[]) =>
      Promise.resolve(
        new Map(
          identities.map((identity) => [
            identity,
            [...entries.values()].filter((one) => one.evaluated?.identity === identity && lastPayload(one) !== undefined),
          ]),
        ),
      ),
    openRekeys: () => Promise.resolve([{ externalId: 'w3', other: 'w8' }]),
    isEmpty: () => Promise.resolve(entries.size === 0),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a survey uses of a context
  const context = {
    pipeline: { name: 'contoso', sink: { tenant: 't', job: 'j' } },
    store: { ledger },
  } as unknown as StageContext;
  const surveyor = new Surveyor(context, { of: () => Promise.resolve(new Map()) }, asked);
  for (const item of items) await surveyor.add([item]);
  const { names: chosen, newcomers, rekeys } = await surveyor.finish();
  return { names: keys.map((key) => [chosen.chosen(key), chosen.renamed(key), chosen.rejection(key)]), newcomers, rekeys };
}
