import { Unsupported } from './functions.ts';
import type { Value } from './sequence.ts';

export interface RegexMatch {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: Value[];
  readonly next: () => RegexMatch | undefined;
}

/** A regular expression as a value: a function from a text to its first match, which knows the next one. */
export function regexOf(pattern: RegExp): (text: string, from?: number) => RegexMatch | undefined {
  const regex = new RegExp(pattern);
  const matcher = (text: string, from?: number): RegexMatch | undefined => {
    regex.lastIndex = from ?? 0;
    const found = regex.exec(text);
    if (found === null) return undefined;
    const [match] = found;
    const next = (): RegexMatch | undefined => {
      if (regex.lastIndex >= text.length) return undefined;
      const following = matcher(text, regex.lastIndex);
      if (following?.match === '') throw new Unsupported('a match of no characters');
      return following;
    };
    return { match, start: found.index, end: found.index + match.length, groups: found.slice(1), next };
  };
  return matcher;
}
