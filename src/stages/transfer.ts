import { JoineryError } from '../domain/error.ts';
import type { ExternalId } from '../domain/words.ts';
import type { Lease } from '../store/contract.ts';
import { scopeOf, type StageContext } from './context.ts';

export interface TransferRequest {
  readonly workers: readonly ExternalId[];
  readonly reason: string;
  readonly by: string;
}

/** Takes workers over from another pipeline, under the leases of both. Sends nothing. Errors: STG-108 for a worker whom the other does not own; then nobody is moved. */
export async function transferWorkers(
  { store, pipeline, lease, clock }: StageContext,
  { workers, reason, by }: TransferRequest,
  other: Lease,
): Promise<void> {
  const scope = scopeOf(pipeline);
  const entries = await store.ledger.getMany(scope, workers);
  for (const worker of workers) {
    const owner = entries.get(worker)?.owner;
    if (owner === other.pipeline) continue;
    throw new JoineryError(
      'STG-108',
      owner === undefined
        ? `no pipeline of this state knows worker ${worker}`
        : `worker ${worker} belongs to pipeline ${owner}, not to ${other.pipeline}`,
    );
  }
  await store.ledger.transfer(lease, { scope, workers, reason, by, at: clock.now() }, other);
}
