import { scopeOf, type StageContext } from './context.ts';

/** Workers whose disable is without a good outcome for longer than `notify.disables`: their accounts may be on. */
export function lateDisables({ store, pipeline, clock }: StageContext): Promise<number> {
  return store.conditions.unconfirmedDisables(scopeOf(pipeline), pipeline.name, clock.now() - pipeline.notify.disables);
}
