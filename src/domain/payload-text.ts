import type { Payload } from './payload.ts';

/** More than the workers who are on their way together between evaluation and the file. */
const mostKept = 128;

/**
 * The payloads that were written down last, each with its text. In places that are used again: by weak keys it would cost the collector of garbage what is saved, and held for longer, memory.
 */
const payloads: (Payload | undefined)[] = Array.from({ length: mostKept }, () => undefined);
const texts: string[] = Array.from({ length: mostKept }, () => '');
let nextPlace = 0;
/** They are asked for in the order in which they were kept. */
let nextTaken = 0;

/** Says what `JSON.stringify` makes of a payload that changes no more, for whoever writes it down next. */
export function keepPayloadText(payload: Payload, text: string): void {
  payloads[nextPlace] = payload;
  texts[nextPlace] = text;
  nextPlace = (nextPlace + 1) % mostKept;
}

/** `JSON.stringify` of a payload: the text that was kept, which is given once, or a new one. */
export function takePayloadText(payload: Payload): string {
  for (let step = 0; step < mostKept; step++) {
    const place = (nextTaken + step) % mostKept;
    if (payloads[place] !== payload) continue;
    const text = texts[place] ?? '';
    payloads[place] = undefined;
    texts[place] = '';
    nextTaken = (place + 1) % mostKept;
    return text;
  }
  return JSON.stringify(payload);
}
