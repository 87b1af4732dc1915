import type { Run } from '../domain/run.ts';
import type { ExternalId } from '../domain/words.ts';
import { stackedBar } from './bars.ts';
import type { Explanation } from './explanation.ts';
import { renderExplanation } from './explanation-text.ts';
import { html, nothing, renderDocument, type Html } from './html.ts';
import { reportBody } from './report-page.ts';
import { filterScript } from './report-workers.ts';
import type { RunReport } from './run-report.ts';
import type { StewardList } from './steward.ts';
import { stewardBody } from './steward-page.ts';
import { style } from './style.ts';
import { count, endsOf, spaced, time } from './words.ts';

/** States in which a run is still going on: its page loads itself anew. */
const moving: readonly Run['state'][] = ['started', 'extracted', 'transformed', 'accepted', 'loaded'];
const refreshSeconds = 5;

/** What every page of the audit server has around it. `base`: the path with the token, ending in `/`. */
interface Frame {
  readonly base: string;
  readonly pipeline: string;
}

export function runsPage(frame: Frame, runs: readonly { readonly run: Run; readonly tally: Readonly<Record<string, number>> }[]): string {
  const largest = Math.max(0, ...runs.map(({ tally }) => Object.values(tally).reduce((sum, operations) => sum + operations, 0)));
  const rows = runs.map(
    ({ run, tally }) => html`<tr><th scope="row"><a href="${frame.base}runs/${run.id}"><code>${run.id}</code></a></th><td>${time(run.asOf)}</td><td><span class="tag ${stateTag(run.state)}">${run.state}</span></td><td class="n">${run.population === undefined ? '' : count(run.population)}</td><td>${
      Object.entries(tally)
        .map(([name, value]) => `${count(value)} ${spaced(name)}`)
        .join(', ') || html`<span class="soft">nothing was sent</span>`
    }</td><td class="bar">${stackedBar(endsOf(tally), largest)}</td></tr>`,
  ); // prettier-ignore
  const table = html`<div class="scroll"><table><thead><tr><th scope="col">Run</th><th scope="col">As of</th><th scope="col">State</th><th scope="col" class="n">Workers read</th><th scope="col">Outcomes</th><th scope="col">Share</th></tr></thead><tbody>${rows}</tbody></table></div>`; // prettier-ignore
  const going = runs.some(({ run }) => moving.includes(run.state));
  return page(
    frame,
    'Runs',
    html`<main id="main">
      <h1>Runs</h1>
      <div class="card">${runs.length === 0 ? html`<p>No run yet.</p>` : table}</div>
    </main>`,
    { refresh: going },
  );
}

function stateTag(state: Run['state']): string {
  if (state === 'finished') return 'good';
  return state === 'stopped' ? 'bad' : moving.includes(state) ? 'wait' : 'soft';
}

export function runPage(frame: Frame, report: RunReport): string {
  const { run } = report;
  const going = moving.includes(run.state);
  const heading = html`<h1>Run <code>${run.id}</code></h1><p class="byline">As of ${time(run.asOf)}${going ? html` <span class="soft">This page loads itself anew every ${refreshSeconds} seconds.</span>` : nothing}</p>`; // prettier-ignore
  return page(frame, `Run ${run.id}`, html`${heading}${reportBody(report)}`, { refresh: going, script: filterScript });
}

export function workerPage(frame: Frame, explanation: Explanation): string {
  const text = renderExplanation(explanation, (heading) => heading);
  const body = html`<main id="main"><h1>Worker <code>${explanation.worker}</code></h1><p class="lead">${explanation.summary}</p>
<p>Told from run <a href="${frame.base}runs/${explanation.run.id}"><code>${explanation.run.id}</code></a>.</p>
<pre tabindex="0" aria-label="The whole explanation">${text.slice(text.indexOf('Source'))}</pre></main>`; // prettier-ignore
  return page(frame, `Worker ${explanation.worker}`, body, {});
}

export function stewardPage(frame: Frame, list: StewardList): string {
  const body = html`<main id="main">
    <h1>To look at</h1>
    <div class="card">${stewardBody(list, (worker) => workerLink(frame, worker))}</div>
    ${list.rows.length === 0 ? nothing : html`<p><a href="${frame.base}steward.csv">As CSV</a></p>`}
  </main>`;
  return page(frame, 'To look at', body, {});
}

export function messagePage(frame: Frame, title: string, words: string): string {
  return page(
    frame,
    title,
    html`<main id="main">
      <h1>${title}</h1>
      <p>${words}</p>
    </main>`,
    {},
  );
}

function workerLink({ base }: Frame, worker: ExternalId): Html {
  return html`<a href="${base}workers?id=${encodeURIComponent(worker)}"><code>${worker}</code></a>`;
}

function page(
  { base, pipeline }: Frame,
  title: string,
  body: Html,
  more: { readonly refresh?: boolean; readonly script?: string },
): string {
  return renderDocument({
    title: `${title}, ${pipeline}`,
    style,
    ...(more.script === undefined ? {} : { script: more.script }),
    ...(more.refresh === true ? { refresh: refreshSeconds } : {}),
    body: html`<a class="skip" href="#main">To the content</a>
<header><p class="eyebrow">Joinery · audit of ${pipeline} · read-only</p>
<nav aria-label="Pages"><ul><li><a href="${base}">Runs</a></li><li><a href="${base}steward">To look at</a></li></ul></nav>
<form class="search" action="${base}workers" method="get"><label for="id">Worker</label> <input id="id" name="id" type="search" required autocomplete="off" spellcheck="false"> <button type="submit">Explain</button></form></header>
${body}`,
  }); // prettier-ignore
}
