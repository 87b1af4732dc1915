import { isDisable, type SentChangeKind } from '../domain/words.ts';
import { orderForSending, type Sendable } from './order.ts';

/**
 * Parts a plan's operations into disables, which are in no stage, and stages of the given sizes with the rest as the last. Every stage but the last takes of each kind
 * of change in turn, so that what is wrong with one kind shows before the rest of it is sent. Deterministic. A stage that would be empty is left out.
 * @param ordered in the order of sending
 * @param sizes operations of each stage but the last; none: one stage
 */
export function stagesOf<T extends Sendable>(
  ordered: readonly T[],
  sizes: readonly number[],
): { readonly disables: readonly T[]; readonly stages: readonly (readonly T[])[] } {
  const disables = ordered.filter(({ change }) => isDisable(change));
  const rest = ordered.filter(({ change }) => !isDisable(change));
  const turns = inTurns(rest);
  const stages: (readonly T[])[] = [];
  let from = 0;
  for (const size of sizes) {
    stages.push(orderForSending(turns.slice(from, from + size)));
    from += size;
  }
  stages.push(sizes.length === 0 ? rest : orderForSending(turns.slice(from)));
  return { disables, stages: stages.filter(({ length }) => length > 0) };
}

/** The first of each kind, the second of each kind, and so on. */
function inTurns<T extends Sendable>(ordered: readonly T[]): readonly T[] {
  const places = new Map<SentChangeKind, number>();
  const turns = ordered.map((one, index) => {
    const turn = places.get(one.change) ?? 0;
    places.set(one.change, turn + 1);
    return { one, turn, index };
  });
  return turns.toSorted((left, right) => left.turn - right.turn || left.index - right.index).map(({ one }) => one);
}
