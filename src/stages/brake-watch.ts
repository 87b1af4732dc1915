import { JoineryError } from '../domain/error.ts';
import type { Batch, Operation } from '../domain/operation.ts';
import type { Run } from '../domain/run.ts';
import type { BatchId, ExternalId } from '../domain/words.ts';
import { isSetUpFailure } from '../entra/outcome-codes.ts';
import { brakeVerdict } from './brake.ts';
import { scopeOf, type StageContext } from './context.ts';
import { pauseLoad, type PauseCode } from './pause.ts';
import { reconcile, type ReconcileOptions } from './reconcile.ts';
import type { Surroundings } from './surroundings.ts';

/** How often a long load looks at its first outcomes; rows take 5 to 10 minutes. */
const lookEvery = 300_000;

/** Watches the outcomes of a load while it goes on, and ends it, resumable, when going on would do harm. Disables do not come here. */
export class Brake {
  /** Workers of whom a look found that their operation never arrived. */
  readonly lost = new Set<ExternalId>();
  readonly #context: StageContext;
  readonly #run: Run;
  readonly #around: Surroundings;
  #nextLook: number;
  #looking: Promise<void> | undefined;
  #trouble: { readonly code: PauseCode; readonly words: string } | undefined;
  /** Never less than there are. */
  #unconfirmed: number | undefined;
  /** Batches that were given out and have not come to the end of their sending: the store may hold nothing of them yet, or nothing any more until they are tried again. */
  #inHand = 0;
  #whenNoneInHand: (() => void)[] = [];

  constructor(context: StageContext, run: Run, around: Surroundings) {
    this.#context = context;
    this.#run = run;
    this.#around = around;
    this.#nextLook = context.clock.now() + lookEvery;
  }

  /** The batches one after the other, each when it may leave. Errors: STG-204, STG-205, STG-207. */
  async *before(batches: readonly Batch[]): AsyncGenerator<Batch> {
    for (const batch of batches) {
      await this.#stopInTrouble();
      await this.#makeRoom(batch.operations);
      await this.#stopInTrouble();
      this.#inHand++;
      yield batch;
    }
  }

  /** Each batch that was given out, however its sending ended. */
  sent(): void {
    this.#inHand--;
    if (this.#inHand === 0) for (const wake of this.#whenNoneInHand.splice(0)) wake();
  }

  /** After a batch: a look at the outcomes now and then, while the other batches go on. */
  async after(): Promise<void> {
    if (this.#looking !== undefined || this.#context.clock.now() < this.#nextLook) return;
    // It only hurries what a later look finds as well: logs that cannot be read now do not end the load.
    await this.#look({ wait: 0 }).catch((error: unknown) => {
      if (!(error instanceof JoineryError) || !error.code.startsWith('ENT-')) throw error;
      this.#nextLook = this.#context.clock.now() + lookEvery;
    });
  }

  /** Waits for the outcomes of a stage. Errors: STG-204, STG-205, STG-207, DOM-002. */
  async afterStage(stage: number, batches: readonly BatchId[]): Promise<void> {
    const { wait } = this.#around;
    const members = new Set(batches);
    const isAwaited = ({ batch, outcome }: Operation): boolean => members.has(batch) && outcome !== 'escrowed';
    await this.#look({ wait, until: (open) => !open.some(isAwaited) });
    await this.#stopInTrouble();
    const outcomes: Record<string, number> = {};
    let open = 0;
    for (const id of batches) {
      for (const { state, outcome } of await this.#context.store.operations.ofBatch(id)) {
        if (outcome !== undefined) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        else if (state === 'sent' || state === 'unknown' || state === 'sending') open++;
      }
    }
    const { failed } = brakeVerdict(outcomes, this.#context.pipeline.load.pause);
    const name = `stage ${String(stage)}`;
    if (failed !== undefined) await pauseLoad(this.#context, this.#run, 'STG-204', `${name}: ${failed}`);
    if (open > 0) await pauseLoad(this.#context, this.#run, 'STG-205', `${name}: ${String(open)} operations have no outcome yet`);
  }

  async #makeRoom(operations: number): Promise<void> {
    const { store, pipeline, clock } = this.#context;
    const scope = scopeOf(pipeline);
    const most = pipeline.load.pause.unconfirmed;
    const end = clock.now() + this.#around.wait;
    this.#unconfirmed ??= await store.operations.unconfirmed(scope);
    if (this.#unconfirmed > 0 && this.#unconfirmed + operations > most) {
      if (this.#inHand > 0) await new Promise<void>((resolve) => this.#whenNoneInHand.push(resolve));
      this.#unconfirmed = await store.operations.unconfirmed(scope);
    }
    while (this.#unconfirmed > 0 && this.#unconfirmed + operations > most) {
      const waiting = this.#unconfirmed;
      await this.#look({ wait: Math.max(0, end - clock.now()), until: (open) => open.length + operations <= most });
      this.#unconfirmed = await store.operations.unconfirmed(scope);
      if (this.#trouble !== undefined) return;
      if (this.#unconfirmed + operations <= most) break;
      if (clock.now() >= end || this.#unconfirmed >= waiting) {
        const words = `${String(this.#unconfirmed)} operations of the job have no outcome yet, and no more than ${String(most)} may`;
        await pauseLoad(this.#context, this.#run, 'STG-205', words);
      }
    }
    this.#unconfirmed += operations;
  }

  /** One look at a time: two would judge the same operations. */
  async #look(options: ReconcileOptions): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
    this.#looking = this.#lookOnce(options).finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #lookOnce(options: ReconcileOptions): Promise<void> {
    const { store, pipeline, clock } = this.#context;
    const { lost, failures } = await reconcile(this.#context, this.#around.logs, options);
    for (const worker of lost) this.lost.add(worker);
    this.#nextLook = clock.now() + lookEvery;
    const setUp = [...failures.values()].find(({ code, reason }) => isSetUpFailure(code, reason));
    const { failed } = brakeVerdict(await store.operations.tally(this.#run.id), pipeline.load.pause);
    if (setUp !== undefined) this.#trouble ??= { code: 'STG-207', words: `${setUp.code}: ${setUp.reason}` };
    else if (failed !== undefined) this.#trouble ??= { code: 'STG-204', words: failed };
  }

  async #stopInTrouble(): Promise<void> {
    if (this.#trouble !== undefined) await pauseLoad(this.#context, this.#run, this.#trouble.code, this.#trouble.words);
  }
}
