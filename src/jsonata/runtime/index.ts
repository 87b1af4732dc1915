import * as builtins from './builtins.ts';
import * as constructors from './constructors.ts';
import * as functions from './functions.ts';
import * as operators from './operators.ts';
import * as paths from './paths.ts';
import * as regex from './regex.ts';
import * as sequence from './sequence.ts';
import * as transform from './transform.ts';
import type { Value } from './sequence.ts';

/** The mark of a variable that is not bound yet: nothing is a value it can have. */
const unbound = Symbol('unbound');

/** An object whose members can be read: no array, no function. */
function isPlainObject(value: Value): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    value[functions.lambdaMark] !== true &&
    value[functions.functionMark] !== true
  );
}

/** Everything that generated code can call, by name. */
export const runtime: Readonly<Record<string, unknown>> = {
  ...builtins,
  ...constructors,
  ...functions,
  ...operators,
  ...paths,
  ...regex,
  ...sequence,
  ...transform,
  hasOwn: Object.hasOwn,
  isPlainObject,
  unbound,
};
