/** Paths, found by what they begin with: a payload may have thousands, and each is asked about all before it. */
export class AttributePaths {
  readonly all: string[] = [];
  readonly #byPath = new Map<string, number[]>();
  /** By what stands before a `.` or `[` of theirs. */
  readonly #below = new Map<string, number[]>();

  /** Which paths overlap with it: the same path, `name` and `name.givenName`, `emails` and `emails[type eq "work"].value`; in the order in which they were added. */
  add(path: string): readonly string[] {
    const heads = headsOf(path);
    const found = [path, ...heads].flatMap((head) => this.#byPath.get(head) ?? []).concat(this.#below.get(path) ?? []);
    const index = this.all.push(path) - 1;
    keep(this.#byPath, path, index);
    for (const head of heads) keep(this.#below, head, index);
    return found.toSorted((left, right) => left - right).map((each) => this.all[each] ?? '');
  }
}

function headsOf(path: string): readonly string[] {
  return [...path.matchAll(/[.[]/g)].map(({ index }) => path.slice(0, index));
}

function keep(map: Map<string, number[]>, key: string, index: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [index]);
  else known.push(index);
}
