import type { LedgerEntry } from '../domain/ledger.ts';
import { coreUserSchema, enterpriseUserSchema, type AttributePath, type Payload } from '../domain/payload.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Run } from '../domain/run.ts';
import type { Draft, Verdict } from '../domain/verdict.ts';
import { isSentChange, type ChangeKind, type ExternalId } from '../domain/words.ts';
import { isReadable, propertiesFor, readAttribute } from '../entra/default-mapping.ts';
import { listUsers, type DirectoryUser } from '../entra/directory.ts';
import type { Graph } from '../entra/graph.ts';
import { changeOf } from '../plan/change-of.ts';
import { rowStateOf } from '../plan/decision.ts';
import { managerPath, setAttribute } from '../scim/index.ts';
import { groupRows } from '../source/groups.ts';
import type { Source } from '../source/contract.ts';
import { hashJson } from '../domain/canonical-json.ts';
import { inChunks } from '../store/ndjson.ts';
import type { SeenAttribute, SeenInput } from '../store/contract-people.ts';
import { dayOf, scopeOf, type StageContext } from './context.ts';
import { accountOf } from './directory-names.ts';
import { foldName } from './user-names.ts';

/** What became of one key of the source, or of one account that no key of the source names. */
export type AdoptionKind =
  /** One account carries the key: its values are taken as confirmed. */
  | 'matched'
  /** Known to the ledger already, by a log row or an earlier adoption. */
  | 'known'
  /** Belongs to another pipeline. */
  | 'foreign'
  /** Several accounts carry the key: the service would refuse the match. */
  | 'ambiguous'
  /** The account is mastered on-premises: the service cannot write it. */
  | 'onPremises'
  /** No account carries the key, and the name that he would get belongs to an account: probably the same person without an employee id. */
  | 'nameTaken'
  /** No account: he would be created, or ignored if he is inactive. */
  | 'unmatchedWorker'
  /** An account that no key of the source names: left alone. */
  | 'unmatchedAccount';

export const adoptionKinds: readonly AdoptionKind[] = [
  'matched',
  'known',
  'foreign',
  'ambiguous',
  'onPremises',
  'nameTaken',
  'unmatchedWorker',
  'unmatchedAccount',
];

/** One line of the list that stands in the run's file `adopt.ndjson`. */
interface AdoptionLine {
  readonly kind: AdoptionKind;
  readonly externalId?: ExternalId;
  /** Object ids of the accounts it is about. */
  readonly accounts: readonly string[];
  readonly enabled?: boolean;
  /** What the first upload would be, and in which attributes it differs from the account. */
  readonly change?: ChangeKind;
  readonly differences?: readonly AttributePath[];
}

export interface AdoptionReport {
  readonly run: string;
  /** Accounts that the directory lists. */
  readonly accounts: number;
  /** Keys that the source returns. */
  readonly keys: number;
  readonly counts: Readonly<Record<AdoptionKind, number>>;
  /** Taken into the ledger now. */
  readonly adopted: number;
  /** Attributes of known workers that had been sent empty, and of which the directory shows now what the accounts have. */
  readonly settled: number;
  /** The first upload of the matched: how many by change. */
  readonly changes: Readonly<Partial<Record<ChangeKind, number>>>;
  /** The first upload of the matched: in how many workers an attribute differs. */
  readonly differences: Readonly<Record<AttributePath, number>>;
  /** Attributes of the pipeline that the directory cannot show under the default mapping: they count as different, and are sent once. */
  readonly notComparable: readonly AttributePath[];
}

export const adoptionFile = 'adopt.ndjson';

interface Listed {
  readonly byEmployeeId: ReadonlyMap<string, readonly DirectoryUser[]>;
  readonly byName: ReadonlyMap<string, DirectoryUser>;
  readonly count: number;
}

/**
 * Starting where users exist, and starting again after the state was lost: compares every key of the source with every account of the directory and takes
 * what is there as the baseline. Sends nothing. Writes the ledger's `confirmed` for workers with exactly one account that the service can write, whatever
 * their rows say now, so that leavers who are off stay frozen and leavers who are on are found by the next run. Errors: ENT-205 without the right to read users.
 */
export async function adopt(context: StageContext, run: Run, source: Source, graph: Graph): Promise<AdoptionReport> {
  const { store, pipeline, lease, clock } = context;
  const scope = scopeOf(pipeline);
  const paths = pipeline.transform.attributes
    .map(({ path }) => path)
    .filter((path) => !['active', 'userName', 'externalId'].includes(path));
  const readable = paths.filter(isReadable);
  const listed = await listDirectory(context, graph, readable);
  const lines: AdoptionLine[] = [];
  const seen = new Set<string>();
  const changes: Partial<Record<ChangeKind, number>> = {};
  const differing: Record<AttributePath, number> = {};
  let keys = 0;
  let adopted = 0;
  let settled = 0;
  for await (const chunk of inChunks(everyGroup(context, source, run), 500)) {
    const entries = await store.ledger.getMany(
      scope,
      chunk.map(({ key }) => key),
    );
    const workers: { externalId: ExternalId; payload: Payload; everEnabled: boolean }[] = [];
    const seenAgain: SeenInput['workers'][number][] = [];
    for (const group of chunk) {
      keys++;
      seen.add(group.key.toLowerCase());
      const verdict = await context.mapping.evaluate(group, run.asOf);
      const kind = kindOf(verdict, listed, entries.get(group.key), pipeline.name);
      const users = listed.byEmployeeId.get(group.key.toLowerCase()) ?? [];
      const [user] = users;
      const shown = kind === 'known' && users.length === 1 && user !== undefined ? shownOf(entries.get(group.key), user, readable) : [];
      if (shown.length > 0) seenAgain.push({ externalId: group.key, attributes: shown });
      const line: AdoptionLine = { kind, externalId: group.key, accounts: users.map((one) => accountOf(one).id) };
      if (kind !== 'matched' || user === undefined) {
        lines.push(line);
        continue;
      }
      const payload = adoptedPayload(verdict, user, readable);
      const everEnabled = payload.active || !(verdict.kind === 'draft' && verdict.draft.preHire);
      workers.push({ externalId: group.key, payload, everEnabled });
      const first = firstUpload(context, verdict, payload, everEnabled);
      changes[first.change] = (changes[first.change] ?? 0) + 1;
      for (const path of first.differences) differing[path] = (differing[path] ?? 0) + 1;
      lines.push({ ...line, enabled: payload.active, ...first });
    }
    if (workers.length > 0) adopted += (await store.ledger.adopt(lease, { scope, at: clock.now(), workers })).adopted;
    if (seenAgain.length > 0) settled += await store.ledger.settleUnknown(lease, { scope, at: clock.now(), workers: seenAgain });
  }
  for (const [employeeId, users] of listed.byEmployeeId) {
    if (employeeId !== '' && seen.has(employeeId)) continue;
    for (const user of users) {
      const { id, enabled } = accountOf(user);
      lines.push({ kind: 'unmatchedAccount', accounts: [id], enabled });
    }
  }
  await store.files.write({ run: run.id }, adoptionFile, textLines(lines));
  // From here on the state knows the job: a run is no longer a first run by accident.
  await store.logs.moveCursor(scope, clock.now());
  await store.runs.advance(lease, run.id, { state: 'abandoned', population: keys });
  const counts = Object.fromEntries(adoptionKinds.map((kind) => [kind, lines.filter((line) => line.kind === kind).length]));
  return {
    run: run.id,
    accounts: listed.count,
    keys,
    counts: { ...zero, ...counts },
    adopted,
    settled,
    changes,
    differences: differing,
    notComparable: paths.filter((path) => !isReadable(path)),
  };
}

const zero: Readonly<Record<AdoptionKind, number>> = {
  matched: 0,
  known: 0,
  foreign: 0,
  ambiguous: 0,
  onPremises: 0,
  nameTaken: 0,
  unmatchedWorker: 0,
  unmatchedAccount: 0,
};

async function listDirectory(context: StageContext, graph: Graph, readable: readonly AttributePath[]): Promise<Listed> {
  const byEmployeeId = new Map<string, DirectoryUser[]>();
  const byName = new Map<string, DirectoryUser>();
  let count = 0;
  const select = ['employeeId', 'userPrincipalName', 'accountEnabled', 'onPremisesSyncEnabled', ...propertiesFor(readable)];
  const expand = readable.includes(managerPath) ? { expand: 'manager($select=employeeId)' } : {};
  for await (const page of listUsers(graph, { select, signal: context.signal, ...expand })) {
    for (const user of page) {
      count++;
      const employeeId = typeof user['employeeId'] === 'string' ? user['employeeId'].toLowerCase() : '';
      const same = byEmployeeId.get(employeeId);
      if (same === undefined) byEmployeeId.set(employeeId, [user]);
      else same.push(user);
      byName.set(foldName(accountOf(user).userName), user);
    }
  }
  return { byEmployeeId, byName, count };
}

/** Everybody, whatever earlier runs saw. Rows without a key are about nobody who could be matched. */
async function* everyGroup(context: StageContext, source: Source, run: Run): AsyncGenerator<RowGroup> {
  const rows = source.read({
    seed: context.store.identity.fingerprintSeed,
    signal: context.signal,
    asOf: dayOf(context.pipeline, run.asOf),
  });
  for await (const { groups } of groupRows(rows, source.keyOrder)) yield* groups;
}

function kindOf(verdict: Verdict, listed: Listed, entry: LedgerEntry | undefined, pipeline: string): AdoptionKind {
  if (entry !== undefined && entry.owner !== pipeline) return 'foreign';
  if (entry?.sent !== undefined || (entry?.confirmed !== undefined && !entry.baselineUnknown)) return 'known';
  const users = listed.byEmployeeId.get(verdict.externalId.toLowerCase()) ?? [];
  const [user] = users;
  if (users.length > 1) return 'ambiguous';
  if (user !== undefined) return accountOf(user).onPremises ? 'onPremises' : 'matched';
  const name = verdict.kind === 'draft' ? firstName(verdict.draft) : undefined;
  return name !== undefined && listed.byName.has(foldName(name)) ? 'nameTaken' : 'unmatchedWorker';
}

function firstName(draft: Draft): string | undefined {
  const candidate = draft.once.find(({ path }) => path === 'userName')?.candidates[0];
  const written = draft.payload['userName'];
  return candidate ?? (typeof written === 'string' ? written : undefined);
}

/** What the account has, in the shape of the payload that the pipeline would send. */
function adoptedPayload(verdict: Verdict, user: DirectoryUser, readable: readonly AttributePath[]): Payload {
  const { enabled, userName } = accountOf(user);
  const schemas = verdict.kind === 'draft' ? verdict.draft.payload.schemas : [coreUserSchema, enterpriseUserSchema];
  let payload: Payload = { schemas, externalId: verdict.externalId, active: enabled };
  for (const path of readable) {
    const value = readAttribute(user, path);
    if (value !== undefined) payload = setAttribute(payload, path, value);
  }
  return setAttribute(payload, 'userName', sameName(verdict, userName));
}

/** What the account has of the attributes that were sent empty and are unknown since, as far as the directory can show it. */
function shownOf(
  entry: Pick<LedgerEntry, 'confirmed'> | undefined,
  user: DirectoryUser,
  readable: readonly AttributePath[],
): readonly SeenAttribute[] {
  const unknown = entry?.confirmed?.evidence.unknown ?? [];
  return unknown.filter((path) => readable.includes(path)).map((path) => ({ path, value: readAttribute(user, path) }));
}

/** A name without a domain is given the default one by the job's mapping, which is no difference. */
function sameName(verdict: Verdict, userPrincipalName: string): string {
  const written = verdict.kind === 'draft' ? verdict.draft.payload['userName'] : undefined;
  const bare = typeof written === 'string' && !written.includes('@') ? written : undefined;
  return bare !== undefined && foldName(userPrincipalName).startsWith(`${foldName(bare)}@`) ? bare : userPrincipalName;
}

function firstUpload(
  context: StageContext,
  verdict: Verdict,
  payload: Payload,
  everEnabled: boolean,
): { readonly change: ChangeKind; readonly differences: readonly AttributePath[] } {
  const entry: LedgerEntry = {
    externalId: verdict.externalId,
    owner: context.pipeline.name,
    confirmed: { payload, hash: hashJson(payload), at: 0, evidence: { kind: 'adopted' } },
    baselineUnknown: false,
    everEnabled,
  };
  const worker = {
    externalId: verdict.externalId,
    row: rowStateOf(verdict),
    ...(verdict.kind === 'draft' ? { draft: verdict.draft } : {}),
    entry,
    chosen: new Map<string, string>(),
    managerKnown: true,
    warnings: [],
  };
  const change = changeOf(worker, context.pipeline.leavers);
  if (change === undefined || !isSentChange(change.change)) return { change: change?.change ?? 'none', differences: [] };
  return { change: change.change, differences: change.differences.map(({ path }) => path) };
}

function* textLines(lines: readonly AdoptionLine[]): Generator<string> {
  for (const line of lines) yield `${JSON.stringify(line)}\n`;
}
