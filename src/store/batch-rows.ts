import type { BatchId, RunId } from '../domain/words.ts';
import { columnsOf, type Transaction } from './database.ts';

/** Batches as they are planned: without operations yet. */
export async function insertBatches(
  transaction: Transaction,
  run: RunId,
  batches: readonly { readonly id: BatchId; readonly sequence: number }[],
): Promise<void> {
  await transaction.insert(
    {
      name: 'insert_batches',
      table: 'batches',
      columns: [
        ...columnsOf('text', 'id', 'run'),
        ...columnsOf('integer', 'sequence'),
        ...columnsOf('text', 'state'),
        ...columnsOf('integer', 'operations'),
      ],
      tail: '',
    },
    batches.map(({ id, sequence }) => [id, run, sequence, 'planned', 0]),
  );
}

/** Once all operations are there. */
export async function countOperations(transaction: Transaction, run: RunId): Promise<void> {
  await transaction.run({
    sql: `UPDATE batches SET operations = (SELECT COUNT(*) FROM operations o WHERE o.batch = batches.id) WHERE run = ? AND state = 'planned'`,
    bindings: [run],
  });
}

/** A batch of which nothing is left to send is dropped like its operations. */
export async function dropEmptyBatches(transaction: Transaction, run: RunId): Promise<void> {
  await transaction.run({
    sql: `UPDATE batches SET state = 'dropped' WHERE run = ? AND state = 'planned'
            AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.batch = batches.id AND o.state = 'planned')`,
    bindings: [run],
  });
}
