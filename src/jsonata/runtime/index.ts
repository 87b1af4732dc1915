import {
  formatPicture,
  joinTexts,
  lengthOfText,
  parseDate,
  parsePicture,
  substringText,
  textAfter,
  textBefore,
  trimText,
} from './builtins.ts';
import { appendTo, groupBy, joinedContext, markConstructed } from './constructors.ts';
import {
  applyPartially,
  applyTo,
  callApplied,
  callInTail,
  callNamed,
  callPiped,
  callValue,
  functionMark,
  isFunction,
  Lambda,
  lambdaMark,
  open,
  registeredResult,
  TailCall,
} from './functions.ts';
import {
  add,
  differs,
  divide,
  equals,
  greater,
  greaterOrEqual,
  includes,
  isTruthy,
  less,
  lessOrEqual,
  multiply,
  negate,
  range,
  remainder,
  subtract,
  textOf,
} from './operators.ts';
import { descendantsOf, filtered, lookupKey, lookupName, namesFrom, namesOf, pathOf, wildcardOf } from './paths.ts';
import { regexOf } from './regex.ts';
import { contextOf, finish, finishKeeping, finishMember } from './sequence.ts';
import { transformOf } from './transform.ts';
import type { Value } from './sequence.ts';

/** The mark of a variable that is not bound yet: nothing is a value it can have. */
const unbound = Symbol('unbound');

/** An object whose members can be read: no array, no function. */
function isPlainObject(value: Value): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && value[lambdaMark] !== true && value[functionMark] !== true;
}

/** Everything that generated code can call, by name; nothing else is within its reach. */
export const runtime: Readonly<Record<string, unknown>> = {
  add,
  appendTo,
  applyPartially,
  applyTo,
  callApplied,
  callInTail,
  callNamed,
  callPiped,
  callValue,
  contextOf,
  descendantsOf,
  differs,
  divide,
  equals,
  filtered,
  finish,
  finishKeeping,
  finishMember,
  formatPicture,
  greater,
  greaterOrEqual,
  groupBy,
  includes,
  isFunction,
  isTruthy,
  joinedContext,
  joinTexts,
  Lambda,
  lengthOfText,
  less,
  lessOrEqual,
  lookupKey,
  lookupName,
  markConstructed,
  multiply,
  namesFrom,
  namesOf,
  negate,
  open,
  parseDate,
  parsePicture,
  pathOf,
  range,
  regexOf,
  registeredResult,
  remainder,
  substringText,
  subtract,
  TailCall,
  textAfter,
  textBefore,
  textOf,
  transformOf,
  trimText,
  wildcardOf,
  hasOwn: Object.hasOwn,
  isPlainObject,
  unbound,
};
