import type { Payload } from './payload.ts';
import type { Draft } from './verdict.ts';

/**
 * The values that were written down last, each with its text, for whoever writes them down next. In places that are used again: by weak keys it would cost the collector of garbage what is saved, and
 * held for longer, memory.
 */
class KeptTexts<T extends object> {
  readonly #values: (T | undefined)[];
  readonly #texts: string[];
  #next = 0;
  /** Values are asked for in the order in which they were kept. */
  #found = 0;

  /** @param most more than the values that are on their way together */
  constructor(most: number) {
    this.#values = Array.from({ length: most }, () => undefined);
    this.#texts = Array.from({ length: most }, () => '');
  }

  keep(value: T, text: string): void {
    this.#values[this.#next] = value;
    this.#texts[this.#next] = text;
    this.#next = (this.#next + 1) % this.#values.length;
  }

  find(value: T): string | undefined {
    const place = this.#placeOf(value);
    return place === undefined ? undefined : this.#texts[place];
  }

  /** `find`, and keeps it no longer. */
  take(value: T): string | undefined {
    const place = this.#placeOf(value);
    if (place === undefined) return undefined;
    const text = this.#texts[place];
    this.#values[place] = undefined;
    this.#texts[place] = '';
    return text;
  }

  #placeOf(value: T): number | undefined {
    const { length } = this.#values;
    for (let step = 0; step < length; step++) {
      const place = (this.#found + step) % length;
      if (this.#values[place] !== value) continue;
      this.#found = place;
      return place;
    }
    return undefined;
  }
}

const drafts = new KeptTexts<Draft>(128);

/** Says what `JSON.stringify` makes of a draft that changes no more. */
export function keepDraftText(draft: Draft, text: string): void {
  drafts.keep(draft, text);
}

/** `JSON.stringify` of a draft: the text that was kept, which is given once, or a new one. */
export function takeDraftText(draft: Draft): string {
  return drafts.take(draft) ?? JSON.stringify(draft);
}

/** Of twice the workers who are decided together. */
const payloads = new KeptTexts<Payload>(1024);

/** Says what JSON was made of a payload that changes no more, in whatever order of its members. */
export function keepPayloadText(payload: Payload, text: string): void {
  payloads.keep(payload, text);
}

/** A payload as JSON: the text that was kept, or a new one. */
export function payloadText(payload: Payload): string {
  return payloads.find(payload) ?? JSON.stringify(payload);
}

/** `payloadText`; what was kept is given for the last time. */
export function takePayloadText(payload: Payload): string {
  return payloads.take(payload) ?? JSON.stringify(payload);
}
