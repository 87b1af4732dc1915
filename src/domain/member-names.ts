/** Names of members as an object has them, and in order. */
interface Members {
  readonly found: readonly string[];
  readonly sorted: readonly string[];
}

/** By the first name: what a mapping makes has a few sets of members, a million times. The bounds keep what is foreign from filling memory, and from being searched for long. */
const known = new Map<string, Members[]>();
const [mostFirstNames, mostOfEach, mostNames, longestName] = [200, 8, 32, 200];

/** Names of the members of an object by UTF-16 code unit, as canonical JSON has them. */
export function sortedNames(value: object): readonly string[] {
  const found = Object.keys(value);
  const [first] = found;
  if (first === undefined || found.length > mostNames) return found.toSorted();
  const alike = known.get(first);
  const same = alike?.find((members) => areSame(members.found, found));
  if (same !== undefined) return same.sorted;
  const sorted = inOrder(found);
  if (alike === undefined ? known.size >= mostFirstNames : alike.length >= mostOfEach) return sorted;
  if (found.some((name) => name.length > longestName)) return sorted;
  if (alike === undefined) known.set(first, [{ found, sorted }]);
  else alike.push({ found, sorted });
  return sorted;
}

function areSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** The engine's sorting of a few names allocates more than the text that is made of them. */
function inOrder(found: readonly string[]): readonly string[] {
  const names = found.slice();
  for (let from = 1; from < names.length; from++) {
    const name = names[from] ?? '';
    let at = from;
    for (let before = names[at - 1]; at > 0 && before !== undefined && before > name; before = names[at - 1]) names[at--] = before;
    names[at] = name;
  }
  return names;
}
