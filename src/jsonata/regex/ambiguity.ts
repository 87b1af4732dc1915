import { intersects, type Charset } from './charset.ts';
import { parsePattern, type Pattern } from './parse.ts';

/**
 * Whether a backtracking matcher can need time exponential in the text. It can when some loop of the pattern can match one
 * text in two ways (the automaton is exponentially ambiguous) and what follows the loop can fail, so that all ways are tried.
 * Decided on the position automaton: two walks side by side that start in one state, part, and meet in that state again.
 * Polynomial blow-up (`a*a*b`) is not reported.
 */
export function isExponential(regex: RegExp): boolean {
  return ambiguous(parsePattern(regex.source, regex.ignoreCase));
}

/** A loop of more characters than this is not analysed, and counts as exponential. */
const largestLoop = 150;
/** Bounded repetitions above this are taken as unbounded: they behave like it on texts of that length. */
const unrolled = 4;

/** Positions with the number of ways to reach them without a character between, counted up to two. */
type Ways = Map<number, number>;

interface Fragment {
  readonly first: Ways;
  readonly last: Ways;
  /** Last positions from which the end is reached without any test: nothing behind them can fail. */
  readonly free: ReadonlySet<number>;
  /** Ways to match the empty text; tests count as passing. */
  readonly empty: number;
  /** The empty text matches without a test. */
  readonly skippable: boolean;
}

class Automaton {
  readonly sets: Charset[] = [];
  readonly follow: Ways[] = [];
  ambiguousInside = false;

  add(set: Charset): number {
    this.follow.push(new Map());
    return this.sets.push(set) - 1;
  }

  connect(from: Ways, to: Ways): void {
    for (const [position, ways] of from) {
      const targets = this.follow[position];
      if (targets !== undefined) for (const [target, more] of to) addWays(targets, target, ways * more);
    }
  }

  build(pattern: Pattern): Fragment {
    switch (pattern.kind) {
      case 'set': {
        const position = this.add(pattern.set);
        return { first: new Map([[position, 1]]), last: new Map([[position, 1]]), free: new Set([position]), empty: 0, skippable: false };
      }
      case 'test':
        if (pattern.inner !== undefined && ambiguous(pattern.inner)) this.ambiguousInside = true;
        return { first: new Map(), last: new Map(), free: new Set(), empty: 1, skippable: false };
      case 'sequence':
        return pattern.parts.map((part) => this.build(part)).reduce((left, right) => this.#join(left, right), nothingFragment);
      case 'choice':
        return pattern.branches.map((branch) => this.build(branch)).reduce((left, right) => either(left, right));
      case 'repeat':
        return this.#repeat(pattern.body, pattern.least, pattern.most);
      default:
        return nothingFragment;
    }
  }

  #join(left: Fragment, right: Fragment): Fragment {
    this.connect(left.last, right.first);
    return {
      first: merge(left.first, scale(right.first, left.empty)),
      last: merge(right.last, scale(left.last, right.empty)),
      free: right.skippable ? new Set([...left.free, ...right.free]) : right.free,
      empty: Math.min(2, left.empty * right.empty),
      skippable: left.skippable && right.skippable,
    };
  }

  #repeat(body: Pattern, least: number, most: number): Fragment {
    if (most === 0) return nothingFragment;
    if (most > unrolled || least > unrolled) return this.#loop(body, least);
    let result = nothingFragment;
    for (let copy = 0; copy < least; copy += 1) result = this.#join(result, this.build(body));
    // x{2,4} is xx(x(x)?)?: an optional copy only behind the one before it.
    let tail: Fragment | undefined;
    for (let copy = least; copy < most; copy += 1) {
      const one = this.build(body);
      tail = optional(tail === undefined ? one : this.#join(one, tail));
    }
    return tail === undefined ? result : this.#join(result, tail);
  }

  #loop(body: Pattern, least: number): Fragment {
    const one = this.build(body);
    this.connect(one.last, one.first);
    return least === 0 ? optional({ ...one, empty: 0 }) : one;
  }
}

const nothingFragment: Fragment = { first: new Map(), last: new Map(), free: new Set(), empty: 1, skippable: true };

function optional(fragment: Fragment): Fragment {
  return { ...fragment, empty: Math.min(2, fragment.empty + 1), skippable: true };
}

function either(left: Fragment, right: Fragment): Fragment {
  return {
    first: merge(left.first, right.first),
    last: merge(left.last, right.last),
    free: new Set([...left.free, ...right.free]),
    empty: Math.min(2, left.empty + right.empty),
    skippable: left.skippable || right.skippable,
  };
}

function addWays(ways: Ways, position: number, count: number): void {
  if (count > 0) ways.set(position, Math.min(2, (ways.get(position) ?? 0) + count));
}

function merge(left: Ways, right: Ways): Ways {
  const merged = new Map(left);
  for (const [position, count] of right) addWays(merged, position, count);
  return merged;
}

function scale(ways: Ways, factor: number): Ways {
  return factor === 0 ? new Map() : new Map([...ways].map(([position, count]) => [position, Math.min(2, count * factor)]));
}

function ambiguous(pattern: Pattern): boolean {
  const automaton = new Automaton();
  const whole = automaton.build(pattern);
  if (automaton.ambiguousInside) return true;
  const successors = automaton.follow.map((ways) => [...ways.keys()]);
  return components(automaton.sets.length, (position) => successors[position] ?? []).some((loop) => {
    const inside = new Set(loop);
    const cyclic = loop.length > 1 || (successors[loop[0] ?? 0] ?? []).includes(loop[0] ?? 0);
    // Where the end can be reached from every state of the loop without a test, the first way always succeeds.
    if (!cyclic || loop.every((position) => whole.free.has(position))) return false;
    if (loop.length > largestLoop) return true;
    return loopIsAmbiguous(automaton, loop, inside);
  });
}

function loopIsAmbiguous(automaton: Automaton, loop: readonly number[], inside: ReadonlySet<number>): boolean {
  const next = loop.map((position) => [...(automaton.follow[position] ?? [])].filter(([target]) => inside.has(target)));
  if (next.some((targets) => targets.some(([, ways]) => ways > 1))) return true;
  const index = new Map(loop.map((position, at) => [position, at]));
  const size = loop.length;
  const pairs = components(size * size, (pair) => {
    const [left, right] = [next[Math.floor(pair / size)] ?? [], next[pair % size] ?? []];
    return left.flatMap(([a]) =>
      right.flatMap(([b]) => {
        const meet = a === b || intersects(automaton.sets[a] ?? [], automaton.sets[b] ?? []);
        return meet ? [(index.get(a) ?? 0) * size + (index.get(b) ?? 0)] : [];
      }),
    );
  });
  return pairs.some((component) => {
    const same = component.some((pair) => Math.floor(pair / size) === pair % size);
    return same && component.some((pair) => Math.floor(pair / size) !== pair % size);
  });
}

/** Strongly connected components, by Tarjan's algorithm with a stack of its own. */
function components(count: number, successorsOf: (node: number) => readonly number[]): number[][] {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const found: number[][] = [];
  for (let root = 0; root < count; root += 1) {
    if (order.has(root)) continue;
    const work: { readonly node: number; readonly successors: readonly number[]; at: number }[] = [];
    const open = (node: number): void => {
      order.set(node, order.size);
      low.set(node, order.get(node) ?? 0);
      stack.push(node);
      onStack.add(node);
      work.push({ node, successors: successorsOf(node), at: 0 });
    };
    open(root);
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const { node } = frame;
      const successor = frame.successors[frame.at];
      frame.at += 1;
      if (successor !== undefined) {
        if (!order.has(successor)) open(successor);
        else if (onStack.has(successor)) low.set(node, Math.min(low.get(node) ?? 0, order.get(successor) ?? 0));
        continue;
      }
      work.pop();
      const above = work.at(-1)?.node;
      if (above !== undefined) low.set(above, Math.min(low.get(above) ?? 0, low.get(node) ?? 0));
      if (low.get(node) !== order.get(node)) continue;
      const component: number[] = [];
      for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
        onStack.delete(member);
        component.push(member);
        if (member === node) break;
      }
      found.push(component);
    }
  }
  return found;
}
