import { hashJson, type Json } from '../../src/domain/canonical-json.ts';
import { JoineryError } from '../../src/domain/error.ts';
import type { LedgerEntry } from '../../src/domain/ledger.ts';
import type { Operation } from '../../src/domain/operation.ts';
import { isDisable, type JobScope } from '../../src/domain/words.ts';
import type { Emulator } from '../../src/emulator/index.ts';
import type { Store } from '../../src/store/contract.ts';
import type { WorkerHistory } from './expectation.ts';
import { StagingLaw } from './staging-law.ts';
import type { Watcher } from './world.ts';

const manager = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

interface Uploaded {
  readonly externalId: string;
  readonly active: unknown;
  readonly data: Readonly<Record<string, Json>>;
}

/** A law that a run broke. */
export class Violation extends Error {}

function fail(message: string): never {
  throw new Violation(message);
}

/** Follows every request with its own eyes: what left, what was answered, and what the store said about it before the bytes left. */
export class UploadWatch implements Watcher {
  /** The last payload of each worker that may have arrived, oldest first. */
  readonly last = new Map<string, Uploaded>();
  readonly staging = new StagingLaw();
  readonly #scope: JobScope;
  readonly #unconfirmed: number;
  /** Workers whose last upload was a creation without an answer, and when. */
  readonly #unanswered = new Map<string, number>();
  readonly #now: () => number;
  #counted = 0;
  violation: string | undefined;

  /** @param unconfirmed operations that may be without an outcome */
  constructor(scope: JobScope, unconfirmed: number, now: () => number) {
    this.#scope = scope;
    this.#unconfirmed = unconfirmed;
    this.#now = now;
  }

  readonly uploading = async (body: string, store: Store): Promise<void> => {
    try {
      await this.#before(operationsOf(body), store);
    } catch (error) {
      this.violation ??= error instanceof Error ? error.message : String(error);
    }
  };

  async #before(uploaded: readonly Uploaded[], store: Store): Promise<void> {
    const open = await store.operations.open(this.#scope);
    const entries = await store.ledger.getMany(
      this.#scope,
      uploaded.map(({ externalId }) => externalId),
    );
    for (const { externalId, active, data } of uploaded) {
      if (typeof active !== 'boolean') fail(`${externalId}: sent without active`);
      for (const name of ['userName', 'displayName', 'name']) if (data[name] === undefined) fail(`${externalId}: sent without ${name}`);
      const mine = open.filter((operation) => operation.externalId === externalId);
      if (!mine.some(({ state }) => state === 'sending')) fail(`${externalId}: leaves without being recorded as sending`);
      const unexcused = mine.filter(
        ({ overtakes, change, outcome }) => outcome !== 'escrowed' && (overtakes === undefined || !isDisable(change)),
      );
      if (unexcused.length > 1)
        fail(`${externalId}: ${String(unexcused.length)} versions in flight (${mine.map(({ change }) => change).join(', ')})`);
      const since = this.#unanswered.get(externalId);
      if (since === undefined || entries.get(externalId)?.confirmed !== undefined || !active) continue;
      // A row that says that the service keeps trying it shows as well that it arrived.
      const isKnown = (await store.operations.ofWorker(this.#scope, externalId)).some(
        ({ closedAt = -1, outcome }) => closedAt >= since || outcome === 'escrowed',
      );
      if (!isKnown) fail(`${externalId}: a creation without an answer was sent again without evidence`);
    }
    const leaving = new Set(uploaded.map(({ externalId }) => externalId));
    const sending = open.filter(({ externalId, state }) => state === 'sending' && leaving.has(externalId));
    const early = await this.staging.check(store, sending);
    if (early !== undefined) fail(early);
    this.#checkUnconfirmed(open, sending);
    const reserved = await store.operations.callsUsed(this.#scope.tenant, 0, this.#now() + 1);
    if (reserved <= this.#counted)
      fail(`a call leaves that was not reserved: ${String(reserved)} reserved, ${String(this.#counted)} were answered before`);
  }

  /** Beyond the limit nothing but disables leaves, unless nothing else is under way. */
  #checkUnconfirmed(open: readonly Operation[], sending: readonly Operation[]): void {
    if (sending.every(({ change }) => isDisable(change))) return;
    const without = open.filter(({ outcome }) => outcome === undefined).length;
    if (without > this.#unconfirmed && without > sending.length) {
      fail(`${String(without)} operations have no outcome, and no more than ${String(this.#unconfirmed)} may`);
    }
  }

  readonly uploaded = (body: string, answer: string): Promise<void> => {
    if (answer === 'accepted' || answer === 'unknown' || answer === 'unavailable') {
      this.#counted++;
      for (const one of operationsOf(body)) {
        this.last.set(one.externalId, one);
        if (answer === 'accepted') this.#unanswered.delete(one.externalId);
        else this.#unanswered.set(one.externalId, this.#now());
      }
    }
    return Promise.resolve();
  };
}

function operationsOf(body: string): Uploaded[] {
  const parsed: { readonly Operations: readonly { readonly data: Readonly<Record<string, Json>> & { readonly externalId: string } }[] } =
    JSON.parse(body);
  return parsed.Operations.map(({ data }) => ({ externalId: data.externalId, active: data['active'], data }));
}

/** Errors that are an end of their own: the service, the quota, an interruption. Anything else is a broken program. */
export function isExpectedError(error: unknown): boolean {
  if (!(error instanceof JoineryError)) return false;
  return /^(?:STG-20|ENT-)/.test(error.code);
}

/** After any run, however it ended: nobody is on or off without a reason that HR gave until now. */
export function checkDirectory(emulator: Emulator, histories: ReadonlyMap<string, WorkerHistory>): void {
  emulator.settle();
  const names = new Set<string>();
  for (const user of emulator.directory.users()) {
    const key = user.employeeId ?? '';
    if (key.startsWith('X')) continue;
    const history = histories.get(key) ?? fail(`${key}: an account of nobody`);
    if (!history.mayExist) fail(`${key}: has an account, and HR never said that he should`);
    if (user.accountEnabled && !history.mayBeOn) fail(`${key}: is enabled, and HR never said that he should be`);
    if (!user.accountEnabled && !history.mayBeOff) fail(`${key}: is disabled, and HR never said that he should be`);
    if (!history.userNames.has(user.userPrincipalName.toLowerCase())) fail(`${key}: has the name ${user.userPrincipalName}`);
    if (names.has(key)) fail(`${key}: has two accounts`);
    names.add(key);
  }
}

/** After a run that came to its end: whoever HR said is off was told so, whatever was in flight. */
export async function checkDisables(
  emulator: Emulator,
  watch: UploadWatch,
  histories: ReadonlyMap<string, WorkerHistory>,
  store: Store,
  scope: JobScope,
): Promise<void> {
  for (const [key, { last }] of histories) {
    if (last !== 'off' && last !== 'out' && last !== 'unclearOff') continue;
    const uploaded = watch.last.get(key);
    if (uploaded?.active !== true) continue;
    const entry = await store.ledger.get(scope, key);
    const accounts = emulator.directory.findByEmployeeId(key);
    // Created for nobody: the service refused the creation, or lost it without a trace, and nothing is under way.
    const noAccount = accounts.length === 0 && entry?.sent === undefined;
    // The service refused for good what would have turned him on: he is as off as he was.
    const refused =
      entry?.sent === undefined &&
      entry?.failed?.hash === hashJson(uploaded.data) &&
      accounts.every(({ accountEnabled }) => !accountEnabled);
    if (standsFailed(entry) || noAccount || refused) continue;
    fail(`${key}: HR says ${last}, and the last that was sent for him is active`);
  }
}

function standsFailed(entry: LedgerEntry | undefined): boolean {
  return entry?.failed !== undefined && entry.failed.hash === entry.desired?.hash;
}

/** After healing: directory, ledger and HR agree. */
export async function checkHealed(
  emulator: Emulator,
  histories: ReadonlyMap<string, WorkerHistory>,
  store: Store,
  scope: JobScope,
): Promise<void> {
  const open = await store.operations.open(scope);
  if (open.length > 0)
    fail(
      `${open[0]?.externalId ?? ''}: ${String(open.length)} operations are still open (${open[0]?.state ?? ''}, ${open[0]?.outcome ?? 'no outcome'})`,
    );
  const users = new Map(emulator.directory.users().map((user) => [user.employeeId ?? '', user]));
  const ids = new Map(emulator.directory.users().map((user) => [user.id, user.employeeId ?? '']));
  for (const [key, history] of histories) {
    const user = users.get(key);
    const entry = await store.ledger.get(scope, key);
    // A standing rejection has nothing that could be sent to find out what became of a silent operation.
    if (history.last === 'unclear' && entry?.baselineUnknown === true) continue;
    checkLedger(key, entry, user, ids);
    if (standsFailed(entry)) continue;
    const { last, lastRow } = history;
    if (last === 'on' && user?.accountEnabled !== true)
      fail(`${key}: HR says on, the directory ${user === undefined ? 'has nobody' : 'has him off'}`);
    if (last === 'pre' && user === undefined) fail(`${key}: HR says pre-hire, the directory has nobody`);
    if (['pre', 'off', 'out', 'absent', 'unclearOff'].includes(last) && user?.accountEnabled === true)
      fail(`${key}: HR says ${last}, the directory has him on`);
    if (user === undefined || lastRow === undefined || (last !== 'on' && last !== 'pre')) continue;
    // A leaver's account is frozen as it was, and a pre-hire of today may be one.
    if (last === 'pre' && history.mayBeOn) continue;
    const expected: Readonly<Record<string, readonly unknown[]>> = {
      givenName: [lastRow.first_name],
      surname: [lastRow.last_name],
      displayName: [`${lastRow.first_name ?? ''} ${lastRow.last_name}`],
      jobTitle: lastRow.job_title === null ? [null, undefined] : [lastRow.job_title],
      department: lastRow.department === null ? [null, undefined, ...history.departments] : [lastRow.department],
    };
    for (const [name, values] of Object.entries(expected)) {
      if (!values.includes(user[name]))
        fail(`${key}: ${name} is ${JSON.stringify(user[name])}, HR says ${values.map(String).join(' or ')}`);
    }
    const boss = user.managerId === null ? undefined : ids.get(user.managerId);
    const wanted = lastRow.manager_id;
    if (wanted === null ? boss !== undefined && !history.managers.has(boss) : users.has(wanted) && boss !== wanted) {
      fail(`${key}: the manager is ${String(boss)}, HR says ${String(wanted)}`);
    }
  }
}

type User = ReturnType<Emulator['directory']['users']>[number];

/** What the ledger holds for confirmed is what the directory has. */
function checkLedger(key: string, entry: LedgerEntry | undefined, user: User | undefined, ids: ReadonlyMap<string, string>): void {
  const payload = entry?.confirmed?.payload;
  if ((payload === undefined) !== (user === undefined))
    fail(
      `${key}: the ledger ${payload === undefined ? 'has nothing confirmed' : 'has a confirmed payload'}, the directory ${user === undefined ? 'nobody' : 'has him'}`,
    );
  if (entry?.sent !== undefined) fail(`${key}: the ledger has an operation in flight`);
  if (entry?.baselineUnknown === true && !standsFailed(entry))
    fail(`${key}: the ledger does not know the baseline ${JSON.stringify(entry)}`);
  // It says that it does not know: a silent operation may have come through, and what would have found out was refused for good.
  if (entry?.baselineUnknown === true) return;
  if (payload === undefined || user === undefined) return;
  const pairs: readonly [string, unknown, unknown][] = [
    ['active', payload.active, user.accountEnabled],
    ['userName', payload['userName'], user.userPrincipalName],
    ['displayName', payload['displayName'], user.displayName],
    ['title', payload['title'] ?? null, user['jobTitle'] ?? null],
    ['department', Reflect.get(Object(payload[manager]), 'department') ?? null, user['department'] ?? null],
  ];
  for (const [name, ledger, directory] of pairs) {
    if (ledger !== directory) fail(`${key}: the ledger says ${name} ${String(ledger)}, the directory ${String(directory)}`);
  }
  const boss: unknown = Reflect.get(Object(Reflect.get(Object(payload[manager]), 'manager')), 'value');
  const held = user.managerId === null ? undefined : ids.get(user.managerId);
  if (typeof boss === 'string' && boss !== held && entry?.confirmed?.evidence.unset === undefined) {
    fail(`${key}: the ledger says manager ${boss}, the directory ${String(held)}`);
  }
}
