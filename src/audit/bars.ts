import { html, nothing, type Html } from './html.ts';
import { count, ends, endWords, spaced, type End } from './words.ts';

/** Which fill an end has; the numbers stand beside every bar, so that no colour carries a meaning alone. */
const fills: Readonly<Record<End, string>> = {
  applied: 'fill-good',
  unchanged: 'fill-same',
  appliedWithWarning: 'fill-warn',
  skipped: 'fill-warn',
  superseded: 'fill-off',
  open: 'fill-wait',
  unsent: 'fill-wait',
  escrowed: 'fill-bad',
  silent: 'fill-bad',
  failed: 'fill-bad',
  refused: 'fill-bad',
  dropped: 'fill-off',
};

const width = 320;
const height = 14;

/** One bar of parts, as wide as its share of `of`. */
export function stackedBar(parts: Readonly<Partial<Record<End, number>>>, of: number): Html {
  const shown = ends.flatMap((end) => {
    const value = parts[end] ?? 0;
    return value === 0 ? [] : [{ end, value }];
  });
  if (of === 0 || shown.length === 0) return nothing;
  const label = shown.map(({ end, value }) => `${count(value)} ${spaced(end)}`).join(', ');
  let at = 0;
  const rects = shown.map(({ end, value }) => {
    const size = Math.max(1.5, (value / of) * width);
    const rect = html`<rect class="${fills[end]}" x="${at.toFixed(1)}" y="0" width="${size.toFixed(1)}" height="${height}" />`;
    at += size;
    return rect;
  });
  return html`<svg class="strip" role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">
    ${rects}
  </svg>`;
}

/** One plain bar against the largest value. */
export function bar(value: number, largest: number, label: string, fill = 'fill-accent'): Html {
  if (largest <= 0) return nothing;
  const size = value === 0 ? 0 : Math.max(1.5, (value / largest) * width);
  return html`<svg class="strip" role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">
    <rect class="track" width="${width}" height="${height}" />
    <rect class="${fill}" width="${size.toFixed(1)}" height="${height}" />
  </svg>`;
}

/** A swatch for each end that is shown, with its words. */
export function legend(shown: readonly End[]): Html {
  return html`<ul class="legend">${shown.map((end) => html`<li><svg role="img" aria-label="colour of ${spaced(end)}" width="11" height="11"><rect class="${fills[end]}" width="11" height="11" rx="2" /></svg><strong>${spaced(end)}</strong> <span class="soft">${endWords[end]}</span></li>`)}</ul>`; // prettier-ignore
}
