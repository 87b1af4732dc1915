import { randomUUID } from 'node:crypto';
import type { Instant } from '../../domain/clock.ts';
import { JoineryError } from '../../domain/error.ts';
import type { Graph } from '../graph.ts';
import { upload, type UploadAnswer } from '../upload.ts';
import { uploadIn, type ProbeProgress, type Queries, type UploadRecord } from './progress.ts';
import { uploadOf, type ProbeUpload, type UploadName } from './script.ts';
import { bulkBytes, externalIdOf, parts, type Cast, type Part } from './throwaways.ts';
import { openWatch, timeOf, type SeenRow, type Watch } from './watch.ts';

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** Pause between two looks, ms. */
  readonly every: number;
  /** Rows of one change become visible one by one: so long none came, ms. */
  readonly quiet: number;
  /** After so long without a row there will be none, ms. */
  readonly patience: number;
  /** Ask nothing more, only disable who was made. */
  readonly abandon: boolean;
  /** Called before a call leaves and after everything that cannot be learned twice. */
  readonly keep: (progress: ProbeProgress) => void;
  readonly tell: (words: string) => void;
}

/** What a probe found out, for `observe`. */
export interface Evidence {
  readonly cast: Cast;
  readonly progress: ProbeProgress;
  readonly rows: readonly SeenRow[];
}

export interface ProbeEnd extends Evidence {
  /** Whose account was there and is not known to be disabled. */
  readonly left: readonly string[];
}

/** Pages that are tried, the largest first. */
const pageSizes = [1_000, 999, 500, 100, 50] as const;
const logs = 'auditLogs/provisioning';

/**
 * The script, from where `progress` stands. Waits on the Graph's clock. Errors: ENT-2xx, ENT-3xx, ENT-623 when the fate of a call is unknown (everybody
 * was disabled then), or the signal's reason: `progress` was kept, and the next run goes on.
 */
export async function runProbe(graph: Graph, progress: ProbeProgress, options: ProbeOptions): Promise<ProbeEnd> {
  const cast: Cast = { suffix: progress.suffix, ...(progress.domain === undefined ? {} : { domain: progress.domain }) };
  const watch = openWatch(graph, cast, () => progress.queries?.logPageSize ?? pageSizes[0]);
  const probe = new Probe(graph, watch, cast, progress, options);
  if (progress.queries === undefined) await probe.askQueries();
  for (const name of ['create', 'change', 'coreOnly', 'tooMany'] as const) {
    const begun = uploadIn(progress, name) !== undefined;
    if (begun || !(options.abandon || probe.isSpoilt)) await probe.send(name);
  }
  const rows = await probe.rows();
  const left = await probe.disable(rows);
  if (probe.isSpoilt)
    throw new JoineryError('ENT-623', `nobody knows what became of a call of the probe; ${String(left.length)} throwaways are left`);
  return { cast, progress, rows, left };
}

class Probe {
  readonly #graph: Graph;
  readonly #watch: Watch;
  readonly #cast: Cast;
  readonly #progress: ProbeProgress;
  readonly #options: ProbeOptions;

  constructor(graph: Graph, watch: Watch, cast: Cast, progress: ProbeProgress, options: ProbeOptions) {
    this.#graph = graph;
    this.#watch = watch;
    this.#cast = cast;
    this.#progress = progress;
    this.#options = options;
  }

  /** The evidence of a call that may have arrived and may not is worth nothing. */
  get isSpoilt(): boolean {
    return this.#progress.uploads.some(({ state, name }) => name !== 'disable' && (state === 'unknown' || state === 'sending'));
  }

  async askQueries(): Promise<void> {
    const { signal, tell } = this.#options;
    tell('ask which queries the logs take');
    const filtered = (version: string, property: string): string =>
      `/${version}/${logs}?$filter=${encodeURIComponent(`${property} eq 'success'`)}&$top=1`;
    let logPageSize = 0;
    for (const size of pageSizes) {
      if (!(await this.#watch.takes(`/v1.0/${logs}?$top=${String(size)}`, signal))) continue;
      logPageSize = size;
      break;
    }
    const queries: Queries = {
      logPageSize: logPageSize === 0 ? 1 : logPageSize,
      statusInfoBeta: await this.#watch.takes(filtered('beta', 'statusInfo/status'), signal),
      statusInfoV1: await this.#watch.takes(filtered('v1.0', 'statusInfo/status'), signal),
      provisioningStatusInfo: await this.#watch.takes(filtered('v1.0', 'provisioningStatusInfo/status'), signal),
    };
    this.#progress.queries = queries;
    this.#options.keep(this.#progress);
  }

  /** Sends one call of the script unless it was sent, and waits for its rows. */
  async send(name: UploadName, created?: readonly Part[]): Promise<void> {
    const call = uploadOf(name, this.#cast, created);
    let record = uploadIn(this.#progress, name);
    if (record?.settled === true) return;
    if (record === undefined || (record.state === 'sending' && name === 'disable')) record = await this.#call(call);
    // A call that may have arrived is waited for as well: its operations would overtake the disable.
    if (record.state !== 'refused') await this.#settle(call, record.at);
    record.settled = true;
    this.#options.keep(this.#progress);
  }

  async #call(call: ProbeUpload): Promise<UploadRecord> {
    const { keep, tell } = this.#options;
    tell(call.words);
    const record: UploadRecord = { name: call.name, state: 'sending', at: this.#graph.clock.now(), settled: false };
    this.#progress.uploads = [...this.#progress.uploads.filter(({ name }) => name !== call.name), record];
    keep(this.#progress);
    const answer = await this.#upload(call);
    if (answer.kind === 'accepted') {
      record.state = 'accepted';
      record.at = answer.at;
      const version = /\/(v1\.0|beta)\//.exec(answer.location ?? '')?.[1];
      if (version === 'v1.0' || version === 'beta') record.location = version;
    } else if (answer.kind === 'refused') {
      record.state = 'refused';
      record.code = answer.graphCode;
    } else record.state = 'unknown';
    keep(this.#progress);
    return record;
  }

  /** Repeats what certainly did not arrive. Errors: ENT-202, ENT-204, ENT-208, and what a refusal means. */
  async #upload(call: ProbeUpload): Promise<UploadAnswer> {
    const { signal } = this.#options;
    const forget = (error: JoineryError): JoineryError => {
      this.#progress.uploads = this.#progress.uploads.filter(({ name }) => name !== call.name);
      this.#options.keep(this.#progress);
      return error;
    };
    for (let attempt = 1; ; attempt++) {
      const answer = await upload(this.#graph, bulkBytes(call.records), randomUUID(), signal);
      if (answer.kind === 'accepted' || answer.kind === 'unknown' || answer.kind === 'unavailable') return answer;
      if (answer.kind === 'refused') {
        if (answer.status === 400 && call.mayBeRefused) return answer;
        throw forget(new JoineryError(answer.code, answer.message));
      }
      if (attempt >= 10) {
        const reasons = { throttled: 'ENT-208', bucketFull: 'ENT-209', unauthorized: 'ENT-204', notSent: 'ENT-202' } as const;
        throw forget(new JoineryError(reasons[answer.kind], `the probe’s call was not taken after ${String(attempt)} tries`));
      }
      if (answer.kind === 'notSent' && answer.error !== undefined) throw forget(answer.error);
      const asked = 'retryAfter' in answer ? answer.retryAfter : undefined;
      await this.#graph.clock.sleep(asked ?? 10_000 * attempt, signal);
    }
  }

  /** Until everybody of the call has a row and no new one came for a while, or patience ends. */
  async #settle(call: ProbeUpload, at: Instant): Promise<void> {
    const { signal, every, quiet, patience, keep, tell } = this.#options;
    tell(`wait for the rows of ${String(call.awaited.length)} workers`);
    const awaited = call.awaited.map((part) => externalIdOf(this.#cast, part));
    let [known, newest] = [-1, at];
    for (;;) {
      const now = this.#graph.clock.now();
      const rows = (await this.rows()).filter((seen) => timeOf(seen) >= at - 1_000);
      const seen = new Set(rows.map(({ row }) => row.sourceIdentity?.id ?? ''));
      const complete = call.name === 'create' ? await this.#sight(rows, at) : true;
      if (rows.length !== known) [known, newest] = [rows.length, now];
      keep(this.#progress);
      if (now - at >= patience) return;
      if (complete && awaited.every((id) => seen.has(id)) && now - newest >= quiet) return;
      await this.#graph.clock.sleep(every, signal);
    }
  }

  /** Whether the directory shows a created account before its row does, with it, or after it. True: all have been seen. */
  async #sight(before: readonly SeenRow[], at: Instant): Promise<boolean> {
    const { signal } = this.#options;
    const users = await this.#watch.users(signal);
    if (users === undefined) return true;
    const createdIn = (rows: readonly SeenRow[]): ReadonlySet<string> =>
      idsOf(rows.filter(({ row }) => row.provisioningAction === 'create'));
    // The account is looked for between two looks at the log, so that nothing depends on how long the looks take.
    const rowsBefore = createdIn(before);
    const early = [...users].filter((id) => !rowsBefore.has(id));
    const rowsAfter = early.length === 0 ? rowsBefore : createdIn(await this.rows());
    const now = this.#graph.clock.now() - at;
    const { sightings } = this.#progress;
    for (const id of new Set([...rowsBefore, ...users])) {
      const sighting = (sightings[id] ??= {});
      if (rowsBefore.has(id)) sighting.row ??= now;
      if (users.has(id)) sighting.user ??= now;
      if (users.has(id) && !rowsAfter.has(id)) sighting.before ??= 'user';
      if (rowsBefore.has(id) && !users.has(id)) sighting.before ??= 'row';
    }
    return [...rowsBefore].every((id) => users.has(id));
  }

  rows(): Promise<readonly SeenRow[]> {
    const first = this.#progress.uploads[0]?.at ?? this.#graph.clock.now();
    return this.#watch.rows(first, this.#options.signal);
  }

  /** Disables everybody who may be there; answers with those who are not known to be disabled. */
  async disable(rows: readonly SeenRow[]): Promise<readonly string[]> {
    const sent = this.#progress.uploads.filter(mayHaveArrived).flatMap(({ name }) => uploadOf(name, this.#cast).records);
    const asked = new Set(sent.map((record) => record['externalId']));
    const [skipped, made] = [idsOf(rows.filter(isSkipped)), idsOf(rows.filter(isCreated))];
    // Whoever was looked at and skipped is not there; sending him would make him.
    const people = parts.filter((part) => {
      const id = externalIdOf(this.#cast, part);
      return asked.has(id) && (made.has(id) || !skipped.has(id));
    });
    if (people.length === 0) return [];
    await this.send('disable', people);
    const at = uploadIn(this.#progress, 'disable')?.at ?? 0;
    const done = idsOf((await this.rows()).filter((seen) => timeOf(seen) >= at - 1_000 && isApplied(seen)));
    return people.map((part) => externalIdOf(this.#cast, part)).filter((id) => !done.has(id));
  }
}

function mayHaveArrived({ name, state }: UploadRecord): boolean {
  return state !== 'refused' && name !== 'disable';
}

function idsOf(rows: readonly SeenRow[]): ReadonlySet<string> {
  return new Set(rows.map(({ row }) => row.sourceIdentity?.id ?? ''));
}

function isCreated({ row }: SeenRow): boolean {
  return row.provisioningAction === 'create' && row.provisioningStatusInfo.status === 'success';
}

function isSkipped({ row }: SeenRow): boolean {
  return row.provisioningStatusInfo.status === 'skipped';
}

/** The row of the last record’s title, or of the disable itself. */
function isApplied({ row }: SeenRow): boolean {
  return row.provisioningStatusInfo.status === 'success' && (row.modifiedProperties ?? []).length > 0;
}
