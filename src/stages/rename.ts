import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import type { ExternalId } from '../domain/words.ts';
import { lastPayload } from '../plan/decision.ts';
import { readHandoff } from '../store/run-files.ts';
import { scopeOf, type StageContext } from './context.ts';
import { foldName } from './user-names.ts';

/** Before anything is read: whether there is a name to change at all. Errors: STG-109. */
export async function checkRename({ store, pipeline }: StageContext, worker: ExternalId, to: string | undefined): Promise<void> {
  const entry = await store.ledger.get(scopeOf(pipeline), worker);
  if (entry?.owner !== pipeline.name) throw new JoineryError('STG-109', `pipeline ${pipeline.name} has no worker ${worker}`);
  const last = lastPayload(entry);
  if (last === undefined) throw new JoineryError('STG-109', `worker ${worker} has no account yet`);
  const userName = pipeline.transform.attributes.find(({ path }) => path === 'userName');
  if (userName?.once !== true) {
    throw new JoineryError('STG-109', 'userName of this pipeline follows the row: correct the row, or compute userName once');
  }
  const name = last['userName'];
  if (to !== undefined && typeof name === 'string' && foldName(name) === foldName(to)) {
    throw new JoineryError('STG-109', `worker ${worker} has that user name already`);
  }
}

/** After the plan was made: whether it renames him. Errors: STG-109 with the reason. */
export async function checkRenamed({ store }: StageContext, run: Run, worker: ExternalId): Promise<void> {
  for await (const rejection of readHandoff(store, run.id, 'rejections.ndjson', [JSON.stringify(worker)])) {
    if (rejection.externalId !== worker) continue;
    throw new JoineryError('STG-109', rejection.reasons.map(({ message }) => message).join('; '));
  }
  for await (const { externalId, change } of readHandoff(store, run.id, 'plan.ndjson', [JSON.stringify(worker)])) {
    if (externalId !== worker || change === undefined) continue;
    if (change.differences.some(({ path }) => path === 'userName')) return;
    throw new JoineryError(
      'STG-109',
      change.change === 'mover' || change.change === 'none'
        ? `the first free candidate of worker ${worker} is the user name that he has: give another with --to`
        : `worker ${worker} is ${change.change}: his account is not touched`,
    );
  }
  throw new JoineryError('STG-109', `the source returns no row of worker ${worker}`);
}
