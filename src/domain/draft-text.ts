import type { Draft } from './verdict.ts';

/** More than the workers who are on their way together between evaluation and the file. */
const mostKept = 128;

/**
 * The drafts that were written down last, each with its text. In places that are used again: by weak keys it would cost the collector of garbage what is saved, and held for longer, memory.
 */
const drafts: (Draft | undefined)[] = Array.from({ length: mostKept }, () => undefined);
const texts: string[] = Array.from({ length: mostKept }, () => '');
let nextPlace = 0;
/** They are asked for in the order in which they were kept. */
let nextTaken = 0;

/** Says what `JSON.stringify` makes of a draft that changes no more, for whoever writes it down next. */
export function keepDraftText(draft: Draft, text: string): void {
  drafts[nextPlace] = draft;
  texts[nextPlace] = text;
  nextPlace = (nextPlace + 1) % mostKept;
}

/** `JSON.stringify` of a draft: the text that was kept, which is given once, or a new one. */
export function takeDraftText(draft: Draft): string {
  for (let step = 0; step < mostKept; step++) {
    const place = (nextTaken + step) % mostKept;
    if (drafts[place] !== draft) continue;
    const text = texts[place] ?? '';
    drafts[place] = undefined;
    texts[place] = '';
    nextTaken = (place + 1) % mostKept;
    return text;
  }
  return JSON.stringify(draft);
}
