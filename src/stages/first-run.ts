import { JoineryError } from '../domain/error.ts';
import type { ExternalId } from '../domain/words.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { Account, DirectoryView } from './directory-names.ts';
import { inChunks } from '../store/ndjson.ts';
import { acceptedStates, isOfJob } from './previous-pass.ts';

/** So many unknown workers with accounts, and no fewer than half of those whom a plan would create, are no accident. */
const manyStrangers = 10;

/**
 * A state that knows nobody of the job, and a directory that has accounts of those whom the plan would create: the state is new or was lost, and the plan would be
 * made against nothing. So would it be for a job that the pipeline has only now: accounts that the job before made may be the ones it finds. A cursor in the logs means that this state has dealt with the job before;
 * then single accounts were made by hand, but many mean that the state was restored and is older than what the service did, or that a pipeline starts where users exist. Where users may not be read, nothing is known
 * and nothing refused: the service then joins by employee id, or refuses a name that exists. Errors: PLN-204.
 */
export async function refuseUnknownHistory(
  context: StageContext,
  newcomers: ReadonlySet<ExternalId>,
  directory: DirectoryView,
): Promise<void> {
  const { store, pipeline } = context;
  const scope = scopeOf(pipeline);
  const knowsJob = !(await store.ledger.isEmpty(scope)) || (await store.logs.cursor(scope)) !== undefined;
  const before = knowsJob
    ? undefined
    : (await store.runs.list(pipeline.name, 50)).find((run) => acceptedStates.includes(run.state) && !isOfJob(run, scope));
  if (before !== undefined) {
    throw new JoineryError(
      'PLN-204',
      `pipeline ${pipeline.name} was run for job ${before.job} before, and the state knows no worker of job ${scope.job}`,
    );
  }
  if (newcomers.size < (knowsJob ? manyStrangers : 1)) return;
  const strangers = knowsJob ? await neverWished(context, newcomers) : [...newcomers];
  const accounts = strangers.length === 0 ? undefined : await directory.accounts(strangers);
  // What adopt cannot take is asked of nobody twice.
  const isStranger = (found: readonly Account[]): boolean =>
    knowsJob ? found.length === 1 && found[0]?.onPremises === false : found.length > 0;
  const existing = [...(accounts?.values() ?? [])].filter(isStranger).length;
  if (existing < (knowsJob ? Math.max(manyStrangers, newcomers.size / 2) : 1)) return;
  const plural = existing === 1 ? '1 worker of the source has an account' : `${String(existing)} workers of the source have accounts`;
  const whom = knowsJob ? `none of the ${String(newcomers.size)} workers who would be created` : 'no worker of the job';
  throw new JoineryError('PLN-204', `pipeline ${pipeline.name}: the state knows ${whom}, but ${plural} already`);
}

/** About whom this state never wished for anything: what it sent, and has no outcome of, may be what made the account. */
async function neverWished({ store, pipeline }: StageContext, workers: ReadonlySet<ExternalId>): Promise<ExternalId[]> {
  const unknown: ExternalId[] = [];
  for await (const chunk of inChunks(workers, 500)) {
    const entries = await store.ledger.getMany(scopeOf(pipeline), chunk);
    unknown.push(...chunk.filter((worker) => entries.get(worker)?.desired === undefined));
  }
  return unknown;
}
