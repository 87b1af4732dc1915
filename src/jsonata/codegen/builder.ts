import { isSimple, type Code } from './code.ts';
import type { Environment, FunctionScope, Place } from './scope.ts';

/** Collects what the generated functions of one program share. */
export class Builder {
  readonly environment: Environment;
  readonly constants: unknown[] = [];
  readonly runtime = new Set<string>();
  /** Names of bindings that are read, in order of first use; the index is the local's. */
  readonly bindings: string[];
  readonly bindingsRead = new Set<number>();
  readonly columns: string[] = [];
  /** Lets that are read. */
  readonly lets = new Set<number>();
  /** The result may be large or hold functions: it is walked before it is given out. */
  walk = false;
  #count = 0;

  /** @param bindings names that other programs of the unit read; shared, so that each is looked up once per evaluation */
  constructor(environment: Environment, bindings: string[] = []) {
    this.environment = environment;
    this.bindings = bindings;
  }

  /** A name for a value that cannot be written as JSON. */
  constant(value: unknown): string {
    const known = this.constants.indexOf(value);
    const index = known === -1 ? this.constants.push(value) - 1 : known;
    return `k${String(index)}`;
  }

  /** The name of a function of the runtime. */
  use(name: string): string {
    this.runtime.add(name);
    return name;
  }

  binding(name: string): string {
    const known = this.bindings.indexOf(name);
    const index = known === -1 ? this.bindings.push(name) - 1 : known;
    this.bindingsRead.add(index);
    return `b${String(index)}`;
  }

  /** A column of the row, read once for the whole evaluation. */
  column(name: string): string {
    const known = this.columns.indexOf(name);
    return `r${String(known === -1 ? this.columns.push(name) - 1 : known)}`;
  }

  local(scope: FunctionScope): string {
    const name = this.parameter();
    scope.locals.push(name);
    return name;
  }

  parameter(): string {
    this.#count += 1;
    return `v${String(this.#count)}`;
  }

  /** A piece that can be written twice: `first` is evaluated once, in front. */
  hold(place: Place, piece: Code): { readonly first: string | undefined; readonly ref: string } {
    if (isSimple(piece.text)) return { first: undefined, ref: piece.text };
    const ref = this.local(place.scope);
    return { first: `${ref}=${piece.text}`, ref };
  }
}

/** Expressions one after the other, with the value of the last. */
export function sequenceOf(parts: readonly (string | undefined)[]): string {
  const present = parts.filter((part) => part !== undefined);
  return present.length === 1 ? (present[0] ?? '') : `(${present.join(',')})`;
}
