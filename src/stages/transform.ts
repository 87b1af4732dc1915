import type { Run } from '../domain/run.ts';
import { summarise, type Verdict } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import { identityOf } from '../plan/identity.ts';
import type { KnownEvaluation } from '../store/contract.ts';
import type { ExtractItem, TransformItem } from '../store/run-files.ts';
import { scopeOf, type StageContext } from './context.ts';
import type { KeepRows } from './keep-rows.ts';
import { candidatesHash } from './name-seekers.ts';

type GroupItem = Extract<ExtractItem, { readonly kind: 'group' }>;
type VerdictItem = Extract<TransformItem, { readonly kind: 'verdict' }>;

/**
 * Second stage: every group of rows becomes a verdict. What an accepted run found already, under whatever mapping, ends here: a mapping that was edited lets everybody be evaluated, and
 * few come out otherwise. Counts also expressions that the reference engine answered, and those that both engines did.
 * Pure but for its counting: same rows, mapping, `asOf` and ledger, same verdicts, in the same order. `keep` is told of what goes on.
 */
export async function* transform(
  context: StageContext,
  run: Run,
  chunks: AsyncIterable<readonly ExtractItem[]>,
  keep: KeepRows = () => Promise.resolve(),
): AsyncGenerator<readonly TransformItem[]> {
  const { mapping, emit, clock, store, pipeline } = context;
  const started = clock.now();
  emit({ type: 'stage.started', stage: 'transform' });
  const counts = { drafts: 0, outOfScope: 0, rejected: 0 };
  const before = mapping.stats();
  const columns = pipeline.source.identity ?? [];
  const scope = scopeOf(pipeline);
  for await (const chunk of chunks) {
    const keys = chunk.flatMap((item) => (item.kind === 'group' && mayBeKnown(item) ? [item.group.key] : []));
    const known: ReadonlyMap<ExternalId, KnownEvaluation> = keys.length === 0 ? new Map() : await store.ledger.evaluations(scope, keys);
    const kept: ExtractItem[] = [];
    const found: TransformItem[] = [];
    for (const item of chunk) {
      if (item.kind !== 'group') {
        kept.push(item);
        found.push(item);
        continue;
      }
      const evaluated = mapping.evaluate(item.group, run.asOf);
      const verdict = evaluated instanceof Promise ? await evaluated : evaluated;
      if (verdict.kind === 'draft') counts.drafts++;
      else if (verdict.kind === 'outOfScope') counts.outOfScope++;
      else counts.rejected++;
      const identity = identityOf(item.group, columns, store.identity.hashKey);
      if (isKnown(known.get(item.group.key), item, verdict, identity, pipeline.name)) continue;
      kept.push(item);
      found.push(verdictItem(item, verdict, identity));
    }
    if (keys.length + found.length > 0) emit({ type: 'stage.progress', stage: 'transform', counts });
    if (found.length === 0) continue;
    await keep(kept);
    yield found;
  }
  const after = mapping.stats();
  const engine = { answeredByReference: after.fallbacks - before.fallbacks, answeredByBothEngines: after.verified - before.verified };
  emit({ type: 'stage.finished', stage: 'transform', counts: { ...counts, ...engine }, milliseconds: clock.now() - started });
}

/** Of rows that moved the new fingerprint has to be recorded, whatever they come to. */
function mayBeKnown({ same, again }: GroupItem): boolean {
  return same === true && again !== true;
}

function verdictItem({ group }: GroupItem, verdict: Verdict, identity: string | undefined): VerdictItem {
  return {
    kind: 'verdict',
    verdict,
    fingerprint: group.fingerprint,
    ordinals: group.rows.map(({ ordinal }) => ordinal),
    ...(identity === undefined ? {} : { identity }),
  };
}

/**
 * Nothing of what accept would record is new, so nothing would be planned either, as for a row that is the same under a mapping that is. Rejections and warnings go on: people
 * read their words.
 */
function isKnown(
  known: KnownEvaluation | undefined,
  item: GroupItem,
  verdict: Verdict,
  identity: string | undefined,
  pipeline: string,
): boolean {
  if (known === undefined || !mayBeKnown(item) || known.owner !== pipeline || known.isMissing) return false;
  if (verdict.kind === 'rejected' || verdict.warnings.length > 0) return false;
  const draft = verdict.kind === 'draft' ? verdict.draft : undefined;
  return (
    known.fingerprint === item.group.fingerprint &&
    known.verdict === summarise(verdict) &&
    known.draftHash === draft?.hash &&
    known.nextDate === verdict.nextDate &&
    known.identity === identity &&
    known.candidates === (draft === undefined ? undefined : candidatesHash(draft)) &&
    (verdict.protected ?? known.isProtected) === known.isProtected
  );
}
