import { JoineryError } from '../domain/error.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { ExternalId } from '../domain/words.ts';
import { lastPayload } from '../plan/decision.ts';
import { compileCondition, type Condition } from '../mapping/condition.ts';
import { getAttribute, parseAttributePath } from '../scim/index.ts';
import type { Source } from '../source/contract.ts';
import { groupRows } from '../source/groups.ts';
import type { PlanOptions } from './batch.ts';
import { dayOf, scopeOf, type StageContext } from './context.ts';

/** How many workers a message names. */
const named = 5;

/** Who is sent again. `attributes`: everybody whose last payload has one of them, since every upload is a complete record. */
export type ResendChoice =
  | { readonly workers: readonly ExternalId[] }
  | { readonly attributes: readonly AttributePath[] }
  /** JSONata over the columns of the row. */
  | { readonly where: string }
  | { readonly all: true };

/** As a plan takes it: whom a person named goes also where he is off. */
type Resent = Pick<PlanOptions, 'resend' | 'named'>;

/** The workers of the ledger that a choice means. Errors: STG-106 for one who is unknown, for an expression that is not right, or when nobody is meant. */
export async function chooseResent(
  context: Omit<StageContext, 'lease'>,
  choice: ResendChoice,
  withSource: <T>(work: (source: Source) => Promise<T>) => Promise<T>,
): Promise<Resent> {
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
  } else if ('where' in choice) {
    const condition = conditionOf(pipeline, choice.where);
    await withSource((source) => chooseWhere(context, source, condition, chosen));
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
  return { resend: chosen, ...('workers' in choice ? { named: chosen } : {}) };
}

/** Errors: STG-106 with what is wrong at its place in the expression. */
function conditionOf(pipeline: StageContext['pipeline'], text: string): Condition {
  const { condition, diagnostics } = compileCondition(pipeline, '--where', text);
  if (condition === undefined)
    throw new JoineryError('STG-106', '--where is not an expression over the rows of the source', { diagnostics });
  return condition;
}

/** Every row as it is now; of those who fit, the ones that the pipeline has something to send about again. */
async function chooseWhere(
  context: Omit<StageContext, 'lease'>,
  source: Source,
  condition: Condition,
  chosen: Set<ExternalId>,
): Promise<void> {
  const { store, pipeline, clock, signal, emit } = context;
  const asOf = clock.now();
  const undecided: ExternalId[] = [];
  let open = 0;
  const rows = source.read({ seed: store.identity.fingerprintSeed, signal, asOf: dayOf(pipeline, asOf) });
  for await (const { groups } of groupRows(rows, source.keyOrder)) {
    const fitting: ExternalId[] = [];
    for (const group of groups) {
      const fits = await condition.matches(group, asOf);
      if (fits === true) fitting.push(group.key);
      else if (fits === undefined && ++open <= named) undecided.push(group.key);
    }
    const entries = await store.ledger.getMany(scopeOf(pipeline), fitting);
    for (const entry of entries.values()) {
      if (entry.owner === pipeline.name && (lastPayload(entry) ?? entry.desired) !== undefined) chosen.add(entry.externalId);
    }
  }
  if (open === 0) return;
  const more = open > undecided.length ? ` and ${String(open - undecided.length)} more` : '';
  const message = `--where is neither true nor false for ${undecided.join(', ')}${more}: they are not sent again`;
  emit({ type: 'warning', diagnostic: { code: 'STG-407', severity: 'warning', message } });
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
