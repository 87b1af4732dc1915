import type { Dictionary } from './dictionary.ts';
import { bar } from './bars.ts';
import { html, nothing, renderDocument, type Html } from './html.ts';
import { lineagePicture } from './lineage-picture.ts';
import { style } from './style.ts';
import { count, plural, shortPath, time } from './words.ts';

const own = `
.edge{fill:none;stroke-width:1.4;opacity:.6}.edge.public{stroke:var(--goodfill)}.edge.personal{stroke:var(--waitfill)}.edge.sensitive{stroke:var(--warnfill)}.edge:hover{stroke-width:3;opacity:1}
.box{fill:var(--fill);stroke:var(--line)}.box.public{stroke:var(--goodfill)}.box.personal{stroke:var(--waitfill)}.box.sensitive{stroke:var(--warnfill)}svg text.head{fill:var(--soft);font-weight:600}
.entry{break-inside:avoid;border-top:1px solid var(--line);padding:.9rem 0 .5rem}.entry:first-of-type{border-top:0;padding-top:0}.entry h3{margin:0}
.entry dl{display:grid;grid-template-columns:9rem 1fr;gap:.2rem .9rem;margin:.5rem 0 0}.entry dt{color:var(--soft)}.entry dd{margin:0;overflow-wrap:anywhere}
.fillrate{max-width:22rem;margin-top:.2rem}
`.trim();

/** The dictionary as one page that loads nothing. No clock in it: the same pipeline and ledger give the same bytes. */
export function renderDictionary(dictionary: Dictionary): string {
  const { pipeline, workers, attributes, lets, lineage } = dictionary;
  return renderDocument({
    title: `${pipeline}: attributes`,
    style: `${style}\n${own}`,
    body: html`<a class="skip" href="#main">To the content</a>
<header><p class="eyebrow">Joinery · attribute dictionary</p><h1>${pipeline}</h1>
<p>What each Entra attribute is made from, and what stands in it for ${plural(workers, 'worker')} with a confirmed account.</p></header>
<main id="main">
<section aria-labelledby="lineage"><h2 id="lineage">Where values come from</h2><div class="scroll">${lineagePicture(lineage, new Map(attributes.map((entry) => [entry.path, entry.class])))}</div></section>
<section aria-labelledby="lets"><h2 id="lets">Interim values</h2>${lets.length === 0 ? html`<p>None.</p>` : html`<div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">In words</th><th scope="col">Expression</th></tr></thead><tbody>${lets.map((one) => html`<tr><th scope="row"><code>${one.name}</code></th><td>${one.words}</td><td><code>${one.expression}</code></td></tr>`)}</tbody></table></div>`}</section>
<section aria-labelledby="attributes"><h2 id="attributes">Attributes</h2>${attributes.map((entry) => entryOf(entry, workers))}</section>
</main>
<footer><p class="soft">Examples are the first values in alphabetical order; those of personal and sensitive attributes are masked.</p></footer>`,
  }); // prettier-ignore
}

const emptyWords = {
  keep: 'the confirmed value is sent again',
  clear: 'the attribute is cleared',
  omit: 'the attribute is left out',
  reject: 'the worker is rejected',
} as const;

const classTags = { public: 'good', personal: 'wait', sensitive: 'warn' } as const;

function entryOf(entry: Dictionary['attributes'][number], workers: number): Html {
  const share = workers === 0 ? '' : ` (${((entry.filled / workers) * 100).toFixed(1)} %)`;
  const rows: readonly (readonly [string, string | Html])[] = [
    ['Rule', entry.words],
    ['Expression', html`<code>${entry.expression}</code>`],
    ['Columns', entry.columns.join(', ') || 'none'],
    ...(entry.lets.length === 0 ? [] : [['Through', entry.lets.join(', ')] as const]),
    ...(entry.lookups.length === 0 ? [] : [['Lookups', entry.lookups.join(', ')] as const]),
    ['Where empty', emptyWords[entry.empty]],
    [
      'Filled',
      html`${count(entry.filled)} of ${plural(workers, 'worker')}${share},
        ${entry.more ? 'more than ' : ''}${plural(entry.distinct, 'different value')}
        <div class="fillrate">${bar(entry.filled, workers, `filled${share}`)}</div>`,
    ],
    ['Examples', entry.examples.join(' · ') || 'none'],
    ...(entry.lastConfirmed === undefined ? [] : [['Last confirmed', time(entry.lastConfirmed)] as const]),
  ];
  return html`<article class="entry"><h3>${shortPath(entry.path)} <span class="tag ${classTags[entry.class]}">${entry.class}</span>${entry.once ? html` <span class="tag">computed once, kept for life</span>` : nothing}</h3>
<p class="soft"><code>${entry.path}</code></p>
<dl>${rows.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl></article>`; // prettier-ignore
}
