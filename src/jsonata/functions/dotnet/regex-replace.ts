import { compileRegex } from './regex.ts';

/**
 * Every match replaced, with .NET's replacement patterns: `$1`, `${1}`, `${name}`, `$$`, `$&`, `` $` ``, `$'`, `$+`, `$_`. A group that
 * does not exist is written as it stands.
 */
export function replaceMatches(source: string, pattern: string, replacement: string, functionName: string): string {
  const regex = compileRegex(pattern, functionName);
  let out = '';
  let from = 0;
  for (const match of source.matchAll(regex.expression)) {
    out += source.slice(from, match.index) + expandReplacement(replacement, match, source, regex.groupIndex);
    from = match.index + match[0].length;
  }
  return out + source.slice(from);
}

function expandReplacement(replacement: string, match: RegExpExecArray, source: string, groups: ReadonlyMap<string, number>): string {
  if (!replacement.includes('$')) return replacement;
  return replacement.replaceAll(/\$(?:\{(\w+)\}|(\d+)|([$&`'+_]))/g, (whole: string, braced: unknown, digits: unknown, sign: unknown) => {
    if (typeof sign === 'string') return expandSign(sign, match, source);
    const index = groups.get(typeof braced === 'string' ? braced : typeof digits === 'string' ? String(Number(digits)) : '');
    return index === undefined ? whole : (match[index] ?? '');
  });
}

function expandSign(sign: string, match: RegExpExecArray, source: string): string {
  if (sign === '$') return '$';
  if (sign === '&') return match[0];
  if (sign === '`') return source.slice(0, match.index);
  if (sign === "'") return source.slice(match.index + match[0].length);
  if (sign === '_') return source;
  return match.at(-1) ?? '';
}

/** In every match, the text of one group replaced by literal text; a match in which the group took no part stays. */
export function replaceGroup(source: string, pattern: string, group: string, replacement: string, functionName: string): string {
  const regex = compileRegex(pattern, functionName);
  const index = regex.groupIndex.get(group);
  if (index === undefined) return source;
  let out = '';
  let from = 0;
  for (const match of source.matchAll(regex.expression)) {
    const span = match.indices?.[index];
    if (span === undefined) continue;
    out += source.slice(from, span[0]) + replacement;
    from = span[1];
  }
  return out + source.slice(from);
}

/** The text of a group in the first match, or undefined. */
export function extractGroup(source: string, pattern: string, group: string, functionName: string): string | undefined {
  const regex = compileRegex(pattern, functionName);
  const index = regex.groupIndex.get(group);
  regex.expression.lastIndex = 0;
  const match = regex.expression.exec(source);
  return index === undefined ? undefined : match?.[index];
}
