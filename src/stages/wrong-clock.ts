import { JoineryError } from '../domain/error.ts';
import type { Graph } from '../entra/graph.ts';
import type { StageContext } from './context.ts';

/** From so far off on nobody is planned for by this clock; ms. Less moves the beginning of a day by minutes, which HR does not notice. */
const tolerated = 60 * 60_000;

/**
 * A machine whose clock is wrong takes people for employed who are not, and the other way round: a day ahead, everybody whose last day is today is disabled. The service's clock is the one at hand; where it gave no
 * answer nothing is known, and nothing could be sent either. Only a pipeline with dates cares. Errors: STG-110.
 */
export function refuseWrongClock({ mapping, pipeline }: Pick<StageContext, 'mapping' | 'pipeline'>, graph: Pick<Graph, 'skew'>): void {
  const skew = graph.skew();
  const hasDates = mapping.readsClock || pipeline.transform.employment !== undefined;
  if (!hasDates || skew === undefined || Math.abs(skew) < tolerated) return;
  const minutes = String(Math.round(Math.abs(skew) / 60_000));
  throw new JoineryError('STG-110', `The clock of this machine is ${minutes} minutes ${skew > 0 ? 'behind' : 'ahead of'} the service’s.`);
}
