import type { AttributeClass } from '../domain/payload.ts';
import type { Lineage } from './dictionary.ts';
import { html, type Html } from './html.ts';
import { shortPath } from './words.ts';

const rowHeight = 24;
const boxWidth = 216;
const gap = 214;
const top = 34;

/** The picture column → let → attribute, coloured by the class of the attribute, which stands in words below. Placed by the order of the file alone: the same pipeline gives the same bytes. */
export function lineagePicture(
  { columns, lets, attributes, edges }: Lineage,
  shades: ReadonlyMap<string, AttributeClass> = new Map(),
): Html {
  const ranks = [columns, lets, attributes];
  const rows = Math.max(...ranks.map((rank) => rank.length), 1);
  const height = top + rows * rowHeight + 8;
  const width = 3 * boxWidth + 2 * gap;
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  for (const [rank, names] of ranks.entries()) {
    // A short list is spread over the height of the longest one.
    const step = (rows * rowHeight) / Math.max(names.length, 1);
    for (const [index, name] of names.entries())
      places.set(`${String(rank)} ${name}`, { x: rank * (boxWidth + gap), y: top + step * (index + 0.5) });
  }
  const placeOf = (name: string, last: boolean): { readonly x: number; readonly y: number } | undefined =>
    last ? (places.get(`2 ${name}`) ?? places.get(`1 ${name}`)) : (places.get(`1 ${name}`) ?? places.get(`0 ${name}`));
  const lines = edges.flatMap(([from, to]) => {
    const start = placeOf(from, false);
    const end = placeOf(to, true);
    if (start === undefined || end === undefined) return [];
    const shade = shades.get(to) ?? 'personal';
    if (start.x === end.x) {
      // From one interim value to another: out to the right and back.
      const [x, out] = [start.x + boxWidth, start.x + boxWidth + 46];
      const arc = `M${String(x)} ${start.y.toFixed(1)}C${String(out)} ${start.y.toFixed(1)} ${String(out)} ${end.y.toFixed(1)} ${String(x)} ${end.y.toFixed(1)}`;
      return [html`<path class="edge ${shade}" d="${arc}"><title>${from} → ${to}</title></path>`];
    }
    const [x1, x2] = [start.x + boxWidth, end.x];
    const bend = Math.max(30, (x2 - x1) / 2);
    const path = `M${String(x1)} ${start.y.toFixed(1)}C${(x1 + bend).toFixed(1)} ${start.y.toFixed(1)} ${(x2 - bend).toFixed(1)} ${end.y.toFixed(1)} ${String(x2)} ${end.y.toFixed(1)}`;
    return [html`<path class="edge ${shade}" d="${path}"><title>${from} → ${to}</title></path>`];
  });
  const boxes = ranks.flatMap((names, rank) =>
    names.map((name) => {
      const { x, y } = places.get(`${String(rank)} ${name}`) ?? { x: 0, y: 0 };
      return html`<g
        ><title>${name}</title
        ><rect
          class="box ${rank === 2 ? (shades.get(name) ?? '') : ''}"
          x="${x}"
          y="${(y - 10).toFixed(1)}"
          width="${boxWidth}"
          height="20"
          rx="3"
        /><text x="${x + 7}" y="${(y + 4).toFixed(1)}">${cut(rank === 2 ? shortPath(name) : name)}</text></g
      >`;
    }),
  );
  const heads = ['Source columns', 'Interim values', 'Entra attributes'].map(
    (text, rank) => html`<text class="head" x="${rank * (boxWidth + gap)}" y="16">${text}</text>`,
  );
  return html`<svg role="img" aria-label="Lineage: which source columns each attribute is made from; the table below says the same in words" width="${width}" height="${Math.ceil(height)}" viewBox="0 0 ${width} ${Math.ceil(height)}">${heads}${lines}${boxes}</svg>`; // prettier-ignore
}

function cut(text: string): string {
  return text.length > 31 ? `${text.slice(0, 30)}…` : text;
}
