import { hashJson } from '../domain/canonical-json.ts';
import type { PlanGround } from '../domain/change.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

type Deciding = Pick<Pipeline, 'source' | 'leavers' | 'holds' | 'protected' | 'guards' | 'sink'>;

/**
 * The sections of a pipeline that decide what a plan holds and whether it may go, each as a hash. The mapping has an id of its own. Not among them: what is used as it is at the moment of
 * sending (`load`, `plan.maxAge`, `approvers`), secrets, and where in the file something stands.
 */
export function groundOf({ source, leavers, holds, protected: shielded, guards, sink }: Deciding): PlanGround {
  const { tenant, servicePrincipal, job, clearing, extensions, quota } = sink;
  return {
    source: hashJson(withoutPlaces(source)),
    leavers: hashJson(leavers),
    holds: hashJson(withoutPlaces(holds)),
    protected: hashJson(withoutPlaces(shielded)),
    guards: hashJson(guards),
    sink: hashJson({ tenant, servicePrincipal, job, clearing, extensions, quota }),
  };
}

/** Sections that are other than when the plan was made; those that the plan does not know are not compared. */
export function movedGround(planned: PlanGround, present: PlanGround): readonly string[] {
  return Object.keys(present).filter((section) => planned[section] !== undefined && planned[section] !== present[section]);
}

/** Names of members that say where something stands, or how it is reached. */
const placing = new Set(['place', 'firstLine', 'connection', 'statementTimeout']);

function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => !placing.has(name) && typeof member !== 'function')
      .map(([name, member]) => [name, withoutPlaces(member)]),
  );
}
