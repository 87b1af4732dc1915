import { Unsupported, isFunction } from './functions.ts';
import { createSequence, type Value } from './sequence.ts';
import { takeSteps } from './state.ts';

/** The built-in functions over regular expressions, or over functions that behave as one. */
type Focus = unknown;

function firstMatch(focus: Focus, matcher: Value, text: string | undefined): Value {
  if (typeof matcher?.apply !== 'function') throw new Unsupported('a matcher that cannot be applied');
  takeSteps(1);
  const found: Value = matcher.apply(focus, [text]);
  // The reference's test, its slip included: `end` is compared with a word.
  if (found && !(typeof found.start === 'number' || found.end === 'number' || Array.isArray(found.groups) || isFunction(found.next))) {
    throw new Unsupported('a matcher of another kind');
  }
  return found;
}

function nextMatch(focus: Focus, found: Value): Value {
  return firstMatch(focus, found.next, undefined);
}

function contains(this: Focus, text: Value, token: Value): Value {
  if (text === undefined || token === undefined) return undefined;
  return typeof token === 'string' ? text.includes(token) : firstMatch(this, token, text) !== undefined;
}

function match(this: Focus, text: Value, regex: Value, limit: Value): Value {
  if (text === undefined) return undefined;
  if (limit < 0) throw new Unsupported('a negative limit');
  const result = createSequence();
  const most = limit ?? Infinity;
  if (limit !== undefined && !(limit > 0)) return result;
  let found = firstMatch(this, regex, text);
  while (found !== undefined && result.length < most) {
    result.push({ match: found.match, index: found.start, groups: found.groups });
    found = nextMatch(this, found);
  }
  return result;
}

function split(this: Focus, text: Value, separator: Value, limit: Value): Value {
  if (text === undefined) return undefined;
  if (limit < 0) throw new Unsupported('a negative limit');
  if (limit !== undefined && !(limit > 0)) return [];
  if (typeof separator === 'string') return text.split(separator, limit);
  let found = firstMatch(this, separator, text);
  if (found === undefined) return [text];
  const result: Value[] = [];
  const most = limit ?? Infinity;
  let start = 0;
  while (found !== undefined && result.length < most) {
    result.push(text.substring(start, found.start));
    start = found.end;
    found = nextMatch(this, found);
  }
  if (result.length < most) result.push(text.substring(start));
  return result;
}

function replace(this: Focus, text: Value, pattern: Value, replacement: Value, limit: Value): Value {
  if (text === undefined) return undefined;
  if (pattern === '' || limit < 0) throw new Unsupported('an empty pattern or a negative limit');
  if (limit !== undefined && !(limit > 0)) return text;
  if (typeof pattern === 'string') return replaceText(text, pattern, replacement, limit);
  let found = firstMatch(this, pattern, text);
  if (found === undefined) return text;
  const most = limit ?? Infinity;
  let [result, position, count] = ['', 0, 0];
  while (found !== undefined && count < most) {
    result += text.substring(position, found.start);
    const inserted: Value = typeof replacement === 'string' ? substitute(replacement, found) : replacement.apply(this, [found]);
    if (typeof inserted !== 'string') throw new Unsupported('a replacement that is no text');
    result += inserted;
    position = found.start + found.match.length;
    count += 1;
    found = nextMatch(this, found);
  }
  return result + text.substring(position);
}

function replaceText(text: string, pattern: string, replacement: Value, limit: Value): string {
  if (typeof replacement !== 'string') throw new Unsupported('a replacement that is no text');
  const most = limit ?? Infinity;
  let [result, position, count] = ['', 0, 0];
  let index = text.indexOf(pattern);
  while (index !== -1 && count < most) {
    takeSteps(1);
    result += text.substring(position, index) + replacement;
    position = index + pattern.length;
    count += 1;
    index = text.indexOf(pattern, position);
  }
  return result + text.substring(position);
}

/** `$1` and the like in a replacement: as many digits as there can be groups, one fewer when that is too many. */
function substitute(replacement: string, found: Value): string {
  const groups: readonly Value[] = found.groups;
  let [text, position] = ['', 0];
  let index = replacement.indexOf('$');
  while (index !== -1 && position < replacement.length) {
    text += replacement.substring(position, index);
    position = index + 1;
    const mark = replacement.charAt(position);
    if (mark === '$') {
      text += '$';
      position += 1;
    } else if (mark === '0') {
      text += found.match;
      position += 1;
    } else {
      const digits = groups.length === 0 ? 1 : Math.floor(Math.log(groups.length) * Math.LOG10E) + 1;
      let group = Number.parseInt(replacement.substring(position, position + digits), 10);
      if (digits > 1 && group > groups.length) group = Number.parseInt(replacement.substring(position, position + digits - 1), 10);
      if (Number.isNaN(group)) text += '$';
      else {
        const member: Value = groups[group - 1];
        if (member !== undefined) text += member;
        position += String(group).length;
      }
    }
    index = replacement.indexOf('$', position);
  }
  return text + replacement.substring(position);
}

/** By name, called with the focus of the reference as `this`. */
export const matching = { contains, match, split, replace };
