import type { LogRow } from '../domain/log-row.ts';
import type { Operation } from '../domain/operation.ts';
import type { ExternalId, JobScope } from '../domain/words.ts';
import { inChunks } from '../store/ndjson.ts';
import type { StageContext } from './context.ts';
import { byWorker, judgeWorker, managerGivenUp, type Judgement } from './judge.ts';

/** A worker is judged early once so many pages came without a row of his. */
const pagesWithout = 2;
const workersPerStep = 500;

/**
 * What operations come to, worked out while the logs' throttle lets no page be read: of a hundred thousand it would take as long after the last page as many pages do. Nothing is
 * closed by it. Of whom a later page shows a row, the judgement is thrown away and made again after the last page, so that the result is that of judging everybody then; and only
 * those are judged early whose judgement depends on nothing but their rows: one open operation, of our own pipeline, which nothing overtook, with an end that time does not change.
 */
export class EarlyJudgements {
  readonly #context: StageContext;
  readonly #scope: JobScope;
  readonly #open: ReadonlyMap<ExternalId, readonly Operation[]>;
  readonly #judged = new Map<ExternalId, readonly Judgement[]>();
  /** Whose rows each of the last pages showed first; who is seen again moves to the newest. */
  readonly #pages: Set<ExternalId>[] = [];

  constructor(context: StageContext, scope: JobScope, open: readonly Operation[]) {
    this.#context = context;
    this.#scope = scope;
    this.#open = byWorker(open);
  }

  /** undefined: he is still to be judged. */
  of(worker: ExternalId): readonly Judgement[] | undefined {
    return this.#judged.get(worker);
  }

  /** A page was read and its rows are in the store. */
  async pageRead(rows: readonly LogRow[]): Promise<void> {
    const seen = new Set(rows.flatMap((row) => row.sourceIdentity?.id ?? []));
    for (const worker of seen) {
      this.#judged.delete(worker);
      for (const page of this.#pages) page.delete(worker);
    }
    this.#pages.push(seen);
    if (this.#pages.length <= pagesWithout) return;
    for await (const workers of inChunks(this.#pages.shift() ?? [], workersPerStep)) await this.#judge(workers);
  }

  async #judge(workers: readonly ExternalId[]): Promise<void> {
    const { store, pipeline, clock } = this.#context;
    const alone = workers.filter((worker) => this.#open.get(worker)?.length === 1);
    if (alone.length === 0) return;
    const [entries, rows] = await Promise.all([store.ledger.getMany(this.#scope, alone), store.logs.about(this.#scope, alone)]);
    for (const worker of alone) {
      const [operation] = this.#open.get(worker) ?? [];
      const entry = entries.get(worker);
      const isOrdinary = operation?.overtakes === undefined && entry?.owner === pipeline.name && entry.sent?.operation === operation?.id;
      if (operation === undefined || !isOrdinary) continue;
      const known = { entry, open: [operation], rows: rows.get(worker) ?? [], overtakers: new Map(), overtaken: new Map() };
      const judged = judgeWorker(known, clock.now());
      if (judged.every((one) => one.kind === 'close' && managerGivenUp(one) === undefined)) this.#judged.set(worker, judged);
    }
  }
}
