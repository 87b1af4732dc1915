import type { NativeFunction } from '../engine/definitions.ts';
import { Unsupported } from './functions.ts';
import { setMember } from './constructors.ts';
import { stringOf } from './operators.ts';
import type { Closure } from './paths.ts';
import type { Value } from './sequence.ts';
import { takeSteps } from './state.ts';

/** `| pattern | update, deletion |`: a function that changes a copy. */
export function transformOf(template: NativeFunction, pattern: Closure, update: Closure, deletion: Closure | undefined): NativeFunction {
  const implementation = (value: Value): Value => {
    if (value === undefined) return undefined;
    const copy: Value = JSON.parse(stringOf(value));
    const found = pattern(copy);
    for (const match of Array.isArray(found) ? found : found === undefined ? [] : [found]) {
      takeSteps(1);
      change(match, update(match));
      if (deletion !== undefined) remove(match, deletion(match));
    }
    return copy;
  };
  return { _jsonata_function: true, implementation, ...(template.signature === undefined ? {} : { signature: template.signature }) };
}

function change(match: Value, update: Value): void {
  if (update === undefined) return;
  if (typeof update !== 'object' || update === null || Array.isArray(update)) throw new Unsupported('an update that is no object');
  if (typeof match !== 'object' || match === null) {
    // Writing a member of a text fails, and one of nothing: only an update without members passes.
    if (Object.keys(update).length > 0) throw new Unsupported('an update of something that is no object');
    return;
  }
  for (const name of Object.keys(update)) setMember(match, name, update[name]);
}

function remove(match: Value, deletions: Value): void {
  if (deletions === undefined) return;
  const names: readonly Value[] = Array.isArray(deletions) ? deletions : [deletions];
  if (names.some((name) => typeof name !== 'string')) throw new Unsupported('a deletion that is no name');
  if (typeof match !== 'object' || match === null) return;
  for (const name of names) Reflect.deleteProperty(match, name);
}
