import type { Run } from '../domain/run.ts';
import { identityOf } from '../plan/identity.ts';
import type { StageContext } from './context.ts';
import type { ExtractItem, TransformItem } from '../store/run-files.ts';

/**
 * Second stage: every group of rows becomes a verdict. Counts also expressions that the reference engine answered, and those that both engines did.
 * Pure but for its counting: same rows, mapping and `asOf`, same verdicts, in the same order.
 */
export async function* transform(context: StageContext, run: Run, items: AsyncIterable<ExtractItem>): AsyncGenerator<TransformItem> {
  const { mapping, emit, clock } = context;
  const started = clock.now();
  emit({ type: 'stage.started', stage: 'transform' });
  const counts = { drafts: 0, outOfScope: 0, rejected: 0 };
  const before = mapping.stats();
  const columns = context.pipeline.source.identity ?? [];
  let seen = 0;
  for await (const item of items) {
    if (item.kind !== 'group') {
      yield item;
      continue;
    }
    const verdict = await mapping.evaluate(item.group, run.asOf);
    if (verdict.kind === 'draft') counts.drafts++;
    else if (verdict.kind === 'outOfScope') counts.outOfScope++;
    else counts.rejected++;
    if (++seen % 1_000 === 0) emit({ type: 'stage.progress', stage: 'transform', counts });
    const identity = identityOf(item.group, columns, context.store.identity.hashKey);
    yield {
      kind: 'verdict',
      verdict,
      fingerprint: item.group.fingerprint,
      ordinals: item.group.rows.map(({ ordinal }) => ordinal),
      ...(identity === undefined ? {} : { identity }),
    };
  }
  const after = mapping.stats();
  const engine = { answeredByReference: after.fallbacks - before.fallbacks, answeredByBothEngines: after.verified - before.verified };
  emit({ type: 'stage.finished', stage: 'transform', counts: { ...counts, ...engine }, milliseconds: clock.now() - started });
}
