import { JoineryError } from '../domain/error.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { ExternalId } from '../domain/words.ts';
import { lastPayload } from '../plan/decision.ts';
import { getAttribute, parseAttributePath } from '../scim/index.ts';
import { scopeOf, type StageContext } from './context.ts';

/** Who is sent again. `attributes`: everybody whose last payload has one of them, since every upload is a complete record. */
export type ResendChoice =
  { readonly workers: readonly ExternalId[] } | { readonly attributes: readonly AttributePath[] } | { readonly all: true };

/** The workers of the ledger that a choice means. Errors: STG-106 for one who is unknown, or when nobody is meant. */
export async function chooseResent(
  context: Pick<StageContext, 'store' | 'pipeline'>,
  choice: ResendChoice,
): Promise<ReadonlySet<ExternalId>> {
  const { store, pipeline } = context;
  const chosen = new Set<ExternalId>();
  const scope = scopeOf(pipeline);
  if ('workers' in choice) {
    const entries = await store.ledger.getMany(scope, choice.workers);
    for (const worker of choice.workers) {
      if (entries.get(worker)?.owner !== pipeline.name)
        throw new JoineryError('STG-106', `pipeline ${pipeline.name} has no worker ${worker}`);
      chosen.add(worker);
    }
  } else {
    const paths = 'attributes' in choice ? choice.attributes.map((name) => pathOf(pipeline, name)) : undefined;
    for await (const chunk of store.ledger.streamEntries(scope, pipeline.name)) {
      for (const entry of chunk) {
        const last = lastPayload(entry) ?? entry.desired?.payload;
        if (last !== undefined && (paths === undefined || paths.some((path) => getAttribute(last, path) !== undefined)))
          chosen.add(entry.externalId);
      }
    }
  }
  if (chosen.size === 0) throw new JoineryError('STG-106', `no worker of ${pipeline.name} fits`);
  return chosen;
}

/** By the whole path, or by the last name if it is the only one: `department`. */
function pathOf(pipeline: StageContext['pipeline'], name: string): AttributePath {
  const paths = pipeline.transform.attributes.map(({ path }) => path);
  const found = paths.filter((path) => path === name || path.endsWith(`:${name}`) || path.endsWith(`.${name}`));
  const [path] = found;
  if (path === undefined || found.length > 1 || parseAttributePath(path) === undefined) {
    throw new JoineryError(
      'STG-106',
      `${name} is ${found.length > 1 ? 'more than one attribute' : 'no attribute'} of pipeline ${pipeline.name}`,
    );
  }
  return path;
}
