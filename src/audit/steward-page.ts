import { csvLine } from './csv.ts';
import { html, nothing, renderDocument, type Html } from './html.ts';
import { stewardWords, type StewardList, type StewardRow } from './steward.ts';
import { style } from './style.ts';

const tags: Readonly<Record<StewardRow['kind'], string>> = {
  rejected: 'bad',
  failed: 'bad',
  silent: 'warn',
  missing: 'warn',
  held: 'wait',
};

/** `workerLink`: how a worker is named; the pages of the server lead to what is known of him. */
export function stewardBody(
  { rows, workers }: StewardList,
  workerLink: (worker: string) => Html = (worker) => html`<code>${worker}</code>`,
): Html {
  const shown = new Set(rows.map(({ worker }) => worker)).size;
  if (rows.length === 0) return html`<p>Nobody: no rejection stands, nothing failed or went silent, nobody is missing or held.</p>`;
  return html`<p>Who needs a person: ${stewardWords(shown, workers)}. Values are masked.</p>
<div class="scroll"><table><thead><tr><th scope="col">Worker</th><th scope="col">What</th><th scope="col">Column or attribute</th><th scope="col">Value</th><th scope="col">Why</th><th scope="col">What to do</th><th scope="col">Who</th></tr></thead><tbody>
${rows.map(
    (row) => html`<tr><th scope="row">${workerLink(row.worker)}</th><td><span class="tag ${tags[row.kind]}">${row.kind}</span></td><td>${row.attribute === '' ? nothing : html`<code>${row.attribute}</code>`}</td><td>${row.value}</td><td>${row.reason}${row.code === '' ? nothing : html` <span class="soft">${row.code}</span>`}</td><td>${row.todo}</td><td>${row.who}</td></tr>
`,
  )}</tbody></table></div>`; // prettier-ignore
}

/** The list as one page that loads nothing, to be handed to HR. */
export function renderSteward(pipeline: string, list: StewardList): string {
  return renderDocument({
    title: `${pipeline}: to look at`,
    style,
    body: html`<a class="skip" href="#main">To the content</a>
<header><p class="eyebrow">Joinery · to look at</p><h1>${pipeline}</h1></header>
<main id="main"><div class="card">${stewardBody(list)}</div></main>`,
  }); // prettier-ignore
}

/** The list as CSV, formulas defused. */
export function stewardCsv({ rows }: StewardList): string {
  const lines = rows.map(({ worker, kind, code, attribute, value, reason, todo, who }) =>
    csvLine([worker, kind, attribute, value, reason, todo, who, code]),
  );
  return `\uFEFF${csvLine(['worker', 'what', 'attribute', 'value', 'reason', 'what_to_do', 'who', 'code'])}${lines.join('')}`;
}
