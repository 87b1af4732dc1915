import { stopsPlan } from '../domain/approval.ts';
import type { Change, PlanHead } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import { isDisable, sentChangeKinds, type ExternalId } from '../domain/words.ts';
import { toldDifferences } from '../scim/index.ts';
import { bar } from './bars.ts';
import { html, nothing, renderDocument, type Html } from './html.ts';
import { shownDifference, type Masks } from './masks.ts';
import { planViewNames, type PlanTally, type PlanViewName, type PlanViewRow } from './plan-views.ts';
import { dateNotes, guardsTable } from './report-figures.ts';
import { changesList, filterScript } from './report-workers.ts';
import { style } from './style.ts';
import { causeWords, changeWords, count, holdWords, plural, shortPath, time } from './words.ts';

/** More would not open in a browser; `joinery plan --json` and `joinery export` have all. */
const listedWorkers = 1_000;

/** What one page about a plan is made from. */
export interface PlanPage {
  readonly plan: PlanHead;
  readonly tally: PlanTally;
  readonly workers: PlanWorkers;
  readonly masked: boolean;
  readonly writtenAt: Instant;
}

interface ListedWorker {
  readonly externalId: ExternalId;
  readonly change: Change['change'];
  readonly cause: Change['cause'];
  readonly state: string;
  readonly differences: readonly {
    readonly path: string;
    readonly kind: 'set' | 'changed' | 'emptied';
    readonly old: string;
    readonly new: string;
  }[];
}

/** Keeps the workers that a reader has to see first: disables, then whoever loses a value, then the rest. Holds no more than a page shows. */
export class PlanWorkers {
  readonly #masks: Masks;
  readonly #ranks: readonly [ListedWorker[], ListedWorker[], ListedWorker[], ListedWorker[]] = [[], [], [], []];
  total = 0;

  constructor(masks: Masks) {
    this.#masks = masks;
  }

  add(change: Change): void {
    if (!(change.send || change.waiting || change.failedBefore || change.held !== undefined)) return;
    this.total++;
    const rank = this.#ranks[rankOf(change)];
    if (rank.length >= listedWorkers) return;
    const { externalId, change: kind, cause, differences } = change;
    rank.push({
      externalId,
      change: kind,
      cause,
      state: stateOf(change),
      differences: toldDifferences(differences).map((one) => ({ path: one.path, kind: one.kind, ...shownDifference(one, this.#masks) })),
    });
  }

  listed(): readonly ListedWorker[] {
    return this.#ranks.flat().slice(0, listedWorkers);
  }
}

function rankOf({ change, send, differences }: Change): 0 | 1 | 2 | 3 {
  if (isDisable(change)) return 0;
  if (!send) return 2;
  return differences.some(({ kind }) => kind === 'emptied') ? 1 : 3;
}

function stateOf({ send, waiting, held, backDated }: Change): string {
  if (held !== undefined) return `held (${holdWords[held]})`;
  if (waiting) return 'waits behind an operation in flight';
  if (send && backDated !== undefined) return `would be sent; back-dated, ended ${time(backDated)}`;
  return send ? 'would be sent' : 'failed before; not sent until the payload differs';
}

/** The plan as one page that loads nothing: what whoever approves it looks at. */
export function renderPlanPage({ plan, tally, workers, masked, writtenAt }: PlanPage): string {
  const stopped = plan.guards.filter(stopsPlan);
  const sections: readonly (readonly [string, string, Html])[] = [
    ['guards', 'Guards and price', guardsSection(plan)],
    ...planViewNames.map((name): readonly [string, string, Html] => [
      `by-${name}`,
      viewTitles[name],
      html`${viewSection(name, tally.view(name))}${name === 'change' ? dateNotes(plan) : nothing}`,
    ]),
    ['workers', 'Workers', workersSection(workers)],
  ];
  return renderDocument({
    title: `${plan.pipeline}: plan ${plan.hash.slice(0, 12)}`,
    style,
    script: filterScript,
    body: html`<a class="skip" href="#main">To the content</a>
<header>
<p class="eyebrow">Joinery · plan${plan.only === undefined ? nothing : html` of ${plan.only === 'leavers' ? 'leavers only' : plural(plan.only.length, 'worker')}`}</p>
<h1>${plan.pipeline}</h1>
<p class="byline">Plan <code>${plan.hash.slice(0, 12)}</code> of run <code>${plan.run}</code> · as of ${time(plan.asOf)}${plan.first ? ' · first run' : ''}</p>
</header>
<main id="main">
<div class="verdict ${stopped.length > 0 ? 'bad' : plan.price.operations > 0 ? 'wait' : 'good'}"><b>${stopped.length > 0 ? '✗ stopped' : plan.price.operations > 0 ? '… to be applied' : '✓ nothing to do'}</b><p>${sentence(plan, stopped)}</p></div>
${tiles(plan, tally)}
<nav class="parts" aria-label="Parts of the plan"><ul>${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
${sections.map(([id, title, body]) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}</section>
`)}
</main>
<footer><p class="soft">Written ${time(writtenAt)}. Nothing of the plan was sent then. ${masked ? 'Values of personal and sensitive attributes are masked; worker ids are shown.' : 'Values are shown in full: somebody gave a reason, which stands in the journal.'}</p></footer>`,
  }); // prettier-ignore
}

function sentence({ price, hash, pipeline }: PlanHead, stopped: PlanHead['guards']): string {
  if (stopped.length > 0) return `Nothing of this plan is sent: ${stopped.map(({ words }) => words).join(' ')}`;
  if (price.operations === 0) return 'Nothing differs from what the service has.';
  return `${plural(price.operations, 'operation')} in ${plural(price.calls, 'call')}, done at ${time(price.earliestEnd)} at the earliest. joinery apply ${pipeline}.yaml --plan-hash ${hash.slice(0, 12)} sends it.`;
}

function tiles({ price, counts, rejections, held }: PlanHead, tally: PlanTally): Html {
  const emptied = tally.view('attribute').reduce((sum, row) => sum + row.emptied, 0);
  const isHeld = Object.values(held ?? {}).reduce((sum, workers) => sum + workers, 0);
  const rejected = rejections.fresh + rejections.standing + rejections.keyless;
  const list: readonly (readonly [string, number, string?])[] = [
    ['operations', price.operations],
    ['disables', counts.leaver + counts.cancelled],
    ['values emptied', emptied, emptied > 0 ? 'warn' : ''],
    ['held', isHeld, isHeld > 0 ? 'warn' : ''],
    ['rejected', rejected, rejected > 0 ? 'warn' : ''],
    ['calls', price.calls],
    ['calls left in the day', price.callsLeft, price.callsLeft < price.calls ? 'bad' : ''],
  ];
  return html`<dl class="tiles">${list.map(([name, value, state = '']) => html`<div class="${state}"><dt>${name}</dt><dd>${count(value)}</dd></div>`)}</dl>`; // prettier-ignore
}

function guardsSection({ guards, price, staging }: PlanHead): Html {
  const { secondPass } = price;
  return html`${guardsTable(guards)}
<p>Price: ${plural(price.operations, 'operation')} in ${plural(price.calls, 'call')}; ${count(price.callsLeft)} calls were left in the rolling day; done at ${time(price.earliestEnd)} at the earliest.${secondPass === undefined ? nothing : html` At most ${plural(secondPass.operations, 'operation')} in ${plural(secondPass.calls, 'call')} more, once managers who come with this plan are confirmed.`}</p>
${staging === undefined ? nothing : html`<p>Sent in stages of ${staging.stages.map(({ operations }) => count(operations)).join(', ')}: ${staging.because.join('; ')}.</p>`}`; // prettier-ignore
}

const viewTitles: Readonly<Record<PlanViewName, string>> = { change: 'By change', department: 'By department', attribute: 'By attribute' };

function viewSection(name: PlanViewName, rows: readonly PlanViewRow[]): Html {
  if (rows.length === 0) return html`<p>Nothing is sent.</p>`;
  const largest = Math.max(...rows.map(({ workers }) => workers));
  const kinds = name === 'change' ? [] : sentChangeKinds.filter((kind) => rows.some(({ changes }) => changes[kind] !== undefined));
  return html`<div class="scroll"><table>
<caption>${name === 'attribute' ? 'Workers whose attribute is set, changed or emptied.' : 'Workers, and how many of their values are set, changed or emptied.'} Emptied: had a value and gets none; whether the service clears it depends on the job.</caption>
<thead><tr><th scope="col">${viewTitles[name].slice(3)}</th><th scope="col" class="n">Workers</th>${kinds.map((kind) => html`<th scope="col" class="n" title="${changeWords[kind]}">${kind}</th>`)}<th scope="col" class="n">Set</th><th scope="col" class="n">Changed</th><th scope="col" class="n">Emptied</th><th scope="col">Share</th></tr></thead>
<tbody>${rows.map((row) => html`<tr><th scope="row">${row.name}</th><td class="n">${count(row.workers)}</td>${kinds.map((kind) => figure(row.changes[kind] ?? 0))}${figure(row.set)}${figure(row.changed)}<td class="n${row.emptied > 0 ? ' warn' : ' zero'}">${count(row.emptied)}</td><td class="bar">${bar(row.workers, largest, plural(row.workers, 'worker'))}</td></tr>
`)}</tbody></table></div>`; // prettier-ignore
}

function figure(value: number): Html {
  return html`<td class="n${value === 0 ? ' zero' : ''}">${count(value)}</td>`;
}

function workersSection(workers: PlanWorkers): Html {
  const listed = workers.listed();
  if (listed.length === 0) return html`<p>The plan changes nobody.</p>`;
  return html`<div class="search" hidden><label for="filter">Search</label> <input id="filter" type="search" placeholder="worker, change or attribute" autocomplete="off" spellcheck="false"> <span id="found" class="soft" role="status">${plural(listed.length, 'worker')}</span></div>
${workers.total > listed.length ? html`<p class="soft">The first ${count(listed.length)} of ${count(workers.total)}: disables, then whoever loses a value; <code>joinery plan --json</code> lists all.</p>` : nothing}
<div class="scroll"><table>
<thead><tr><th scope="col">Worker</th><th scope="col">Change</th><th scope="col">State</th><th scope="col">Old → new</th></tr></thead>
<tbody>
${listed.map(workerRow)}</tbody></table></div>`; // prettier-ignore
}

function workerRow({ externalId, change, cause, state, differences }: ListedWorker): Html {
  const find = [externalId, change, cause, state, ...differences.map(({ path, kind }) => `${shortPath(path)} ${kind}`)]
    .join(' ')
    .toLowerCase();
  return html`<tr data-find="${find}"><th scope="row"><code>${externalId}</code></th><td><span title="${changeWords[change]}. ${causeWords[cause]}">${change}</span></td><td>${state}</td><td>${changesList(differences)}</td></tr>
`; // prettier-ignore
}
