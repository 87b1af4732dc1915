import { JoineryError } from '../domain/error.ts';
import type { ExternalId } from '../domain/words.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { DirectoryView } from './directory-names.ts';
import { acceptedStates, isOfJob } from './previous-pass.ts';

/**
 * A state that knows nobody of the job, and a directory that has accounts of those whom the plan would create: the state is new or was lost, and the plan would be
 * made against nothing. So would it be for a job that the pipeline has only now: accounts that the job before made may be the ones it finds. A cursor in the logs means that this state has dealt with the job before. Where users may not be read, nothing is known and nothing refused:
 * the service then joins by employee id, or refuses a name that exists. Errors: PLN-204.
 */
export async function refuseUnknownHistory(
  context: StageContext,
  newcomers: ReadonlySet<ExternalId>,
  directory: DirectoryView,
): Promise<void> {
  const { store, pipeline } = context;
  const scope = scopeOf(pipeline);
  if (!(await store.ledger.isEmpty(scope)) || (await store.logs.cursor(scope)) !== undefined) return;
  const before = (await store.runs.list(pipeline.name, 50)).find((run) => acceptedStates.includes(run.state) && !isOfJob(run, scope));
  if (before !== undefined) {
    throw new JoineryError(
      'PLN-204',
      `pipeline ${pipeline.name} was run for job ${before.job} before, and the state knows no worker of job ${scope.job}`,
    );
  }
  if (newcomers.size === 0) return;
  const accounts = await directory.accounts([...newcomers]);
  const existing = [...(accounts?.values() ?? [])].filter((found) => found.length > 0).length;
  if (existing === 0) return;
  const plural = existing === 1 ? '1 worker of the source has an account' : `${String(existing)} workers of the source have accounts`;
  throw new JoineryError('PLN-204', `pipeline ${pipeline.name}: the state knows no worker of the job, but ${plural} already`);
}
