import { html, nothing, type Html } from './html.ts';
import type { RunReport, WorkerRow } from './run-report.ts';
import { causeWords, changeWords, holdWords, count, plural, shortPath, spaced } from './words.ts';

/** Filters the list by what was typed; without script the whole list stands there. */
export const filterScript = `
(() => {
  const box = document.getElementById('filter');
  if (!box) return;
  const rows = [...document.querySelectorAll('tr[data-find]')];
  const told = document.getElementById('found');
  box.closest('.search').hidden = false;
  box.addEventListener('input', () => {
    const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const hit = words.every((word) => row.dataset.find.includes(word));
      row.hidden = !hit;
      if (hit) found++;
    }
    told.textContent = found + ' of ' + rows.length + ' workers';
  });
})();
`.trim();

/** The workers of the plan with old → new, those with trouble first. */
export function workersSection({ workers, workersTotal }: RunReport): Html {
  if (workers.length === 0) return html`<p>The plan changes nobody.</p>`;
  const cut = workersTotal - workers.length;
  return html`<div class="search" hidden><label for="filter">Search</label> <input id="filter" type="search" placeholder="worker, change, outcome or attribute" autocomplete="off" spellcheck="false"> <span id="found" class="soft" role="status">${plural(workers.length, 'worker')}</span></div>
${cut > 0 ? html`<p class="soft">The first ${count(workers.length)} of ${count(workersTotal)}, those with trouble first, then leavers; <code>joinery export</code> has all.</p>` : nothing}
<div class="scroll"><table>
<thead><tr><th scope="col">Worker</th><th scope="col">Change</th><th scope="col">Outcome</th><th scope="col">Old → new</th></tr></thead>
<tbody>
${workers.map(workerRow)}</tbody></table></div>`; // prettier-ignore
}

function workerRow(worker: WorkerRow): Html {
  const { externalId, change, cause, ends, differences } = worker;
  const because = cause === undefined ? '' : ` ${causeWords[cause]}`;
  const outcome = ends.map(spaced).join(', then ');
  const find = [externalId, change, cause ?? '', outcomeText(worker, outcome), ...differences.map(({ path }) => shortPath(path))]
    .join(' ')
    .toLowerCase();
  return html`<tr data-find="${find}"><th scope="row"><code>${externalId}</code></th><td><span title="${changeWords[change]}.${because}">${change}</span></td><td>${outcomeText(worker, outcome)}</td><td>${changesList(differences)}</td></tr>
`; // prettier-ignore
}

function outcomeText({ waiting, failedBefore, held }: WorkerRow, outcome: string): string {
  if (outcome !== '') return outcome;
  if (held !== undefined) return `held (${holdWords[held]})`;
  if (waiting) return 'waits behind an operation in flight';
  return failedBefore ? 'failed before; not sent until the payload differs' : 'not sent';
}

/** Old → new of each attribute. New accounts set everything: then the list is folded. */
export function changesList(differences: WorkerRow['differences']): Html {
  const list = html`<ul class="changes">${differences.map(({ path, kind, old, new: next }) => html`<li>${shortPath(path)}: ${old === '' ? nothing : html`<span class="soft">${old} → </span>`}${kind === 'emptied' ? html`<span class="warn">(emptied)</span>` : next}</li>`)}</ul>`; // prettier-ignore
  if (differences.length <= 4) return list;
  return html`<details>
    <summary>${plural(differences.length, 'attribute')}</summary>
    ${list}
  </details>`;
}
