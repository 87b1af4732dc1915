import { createHash } from 'node:crypto';
import { canonicalBytes } from '../domain/canonical-bytes.ts';
import type { Change } from '../domain/change.ts';
import type { GuardsDeclaration, SinkDeclaration } from '../pipeline/pipeline.ts';
import type { Sha256 } from '../domain/words.ts';

/** What a plan hash covers besides its changes. */
export interface HashedGround {
  readonly mappingId: Sha256;
  readonly guards: GuardsDeclaration;
  readonly sink: SinkDeclaration;
  /** `YYYY-MM-DD`, only where the mapping reads the clock. */
  readonly date?: string;
  /** What the plan is confined to: it is another plan than the whole one, even where both change the same. */
  readonly only?: readonly string[];
}

/**
 * Hashes a plan while it streams by: mapping, guards, sink, date, then (externalId, baseline, payload hash, change, sent or not) of every change in key order.
 * The same rows against the same ledger give the same hash, in one process or stage by stage.
 */
export class PlanHash {
  readonly #hash = createHash('sha256');

  constructor(ground: HashedGround) {
    const { sink } = ground;
    const identity = { tenant: sink.tenant, servicePrincipal: sink.servicePrincipal, job: sink.job, clearing: sink.clearing };
    this.#line([ground.mappingId, ground.guards, identity, ground.date ?? null, ...(ground.only === undefined ? [] : [ground.only])]);
  }

  add(change: Change): void {
    this.#line([change.externalId, change.baseline, change.payloadHash, change.change, change.send]);
  }

  digest(): Sha256 {
    return this.#hash.digest('hex');
  }

  #line(value: unknown): void {
    this.#hash.update(canonicalBytes(value)).update('\n');
  }
}
