import type { PlanHead } from '../domain/change.ts';
import { bar, legend, stackedBar } from './bars.ts';
import { html, nothing, type Html } from './html.ts';
import type { RunReport } from './run-report.ts';
import { changeWords, count, ends, endWords, plural, shortPath, spaced, span, time, type End } from './words.ts';

/** Change by outcome: figures, and a bar as wide as the kind's share. */
export function outcomesSection({ outcomes, plan, operations }: RunReport): Html {
  const quiet = (['none', 'ignored', 'frozen'] as const).filter((kind) => (plan?.counts[kind] ?? 0) > 0);
  const waiting = plan?.waiting ?? 0;
  const notes = html`${quiet.length === 0 ? nothing : html`<p class="soft">Looked at and not sent: ${quiet.map((kind) => `${count(plan?.counts[kind] ?? 0)} ${kind} (${changeWords[kind]})`).join(', ')}.</p>`}
${waiting === 0 ? nothing : html`<p class="soft">${plural(waiting, 'worker waits', 'workers wait')} behind an operation in flight.</p>`}
${plan === undefined ? nothing : dateNotes(plan)}`; // prettier-ignore
  if (outcomes.length === 0)
    return html`<p>The plan has no change that is sent.</p>
      ${notes}`;
  const used = ends.filter((end) => outcomes.some((row) => (row.ends[end] ?? 0) > 0));
  const largest = Math.max(...outcomes.map((row) => row.operations));
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Change</th><th scope="col" class="n">Planned</th>${used.map((end) => html`<th scope="col" class="n" title="${endWords[end]}">${spaced(end)}</th>`)}<th scope="col" class="n">Operations</th><th scope="col">Share</th></tr></thead>
<tbody>${outcomes.map(
    (row) => html`<tr><th scope="row">${row.change}<small>${changeWords[row.change]}</small></th><td class="n">${count(row.planned)}</td>
${used.map((end) => html`<td class="n${(row.ends[end] ?? 0) === 0 ? ' zero' : ''}">${count(row.ends[end] ?? 0)}</td>`)}<td class="n">${count(row.operations)}</td><td class="bar">${stackedBar(row.ends, largest)}</td></tr>
`,
  )}</tbody>
<tfoot><tr><th scope="row">All</th><td class="n">${count(outcomes.reduce((sum, row) => sum + row.planned, 0))}</td>${used.map((end) => html`<td class="n">${count(sumOf(outcomes, end))}</td>`)}<td class="n">${count(operations)}</td><td></td></tr></tfoot>
</table></div>
${legend(used)}
<p class="soft">An operation more than planned is a second pass, for a manager whom the service did not know at first.</p>${notes}`; // prettier-ignore
}

/** What HR entered late, or took back in time: a reader of the kinds alone would not see either. */
export function dateNotes({ backDated, rescinded }: PlanHead): Html {
  return html`${backDated === undefined ? nothing : html`<p>${plural(backDated, 'leaver')} back-dated: the end lies before the last accepted run, so the account was open longer than HR says.</p>`}
${rescinded === undefined ? nothing : html`<p class="soft">${plural(rescinded, 'pre-hire')} cancelled before the first day, with an account that is off already: nothing is sent.</p>`}`; // prettier-ignore
}

function sumOf(outcomes: RunReport['outcomes'], end: End): number {
  return outcomes.reduce((sum, row) => sum + (row.ends[end] ?? 0), 0);
}

export function guardsSection({ guards, plan, calls }: RunReport): Html {
  if (plan === undefined) return html`<p>The run has no plan yet.</p>`;
  const { price } = plan;
  return html`${guardsTable(guards)}
<p>Price when planned: ${plural(price.operations, 'operation')} in ${plural(price.calls, 'call')}; ${count(price.callsLeft)} calls were left in the rolling day; done at ${time(price.earliestEnd)} at the earliest.
The run took ${plural(calls, 'call')}, second pass and replays included.</p>`; // prettier-ignore
}

/** Every verdict with its figures. */
export function guardsTable(guards: RunReport['guards']): Html {
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Guard</th><th scope="col">Verdict</th><th scope="col" class="n">Measured</th><th scope="col" class="n">Limit</th><th scope="col">In words</th></tr></thead>
<tbody>${guards.map(
    ({ guard, tripped, measured, limit, words, approved }) => html`<tr><th scope="row"><code>${guard}</code></th><td>${approved !== undefined ? html`<span class="tag">approved by ${approved.by} until ${time(approved.until)}: ${approved.reason}</span>` : tripped ? html`<span class="tag bad">✗ tripped</span>` : html`<span class="tag good">✓ passed</span>`}</td><td class="n">${count(measured)}</td><td class="n">${count(limit)}</td><td>${words}</td></tr>
`,
  )}</tbody></table></div>`; // prettier-ignore
}

export function stagesSection({ events }: RunReport): Html {
  if (events === undefined || events.stages.length === 0) return html`<p>No stage of this run has told how long it took.</p>`;
  const longest = Math.max(...events.stages.map(({ milliseconds }) => milliseconds));
  const tallies: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
    ['Sent again', events.retries],
    ['Warnings', events.warnings],
  ];
  const waits = Object.entries(events.waits).filter(([, waited]) => waited > 0);
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Stage</th><th scope="col">Ended</th><th scope="col" class="n">Took</th><th scope="col">Share</th><th scope="col">Counted</th></tr></thead>
<tbody>${events.stages.map(
    ({ stage, endedAt, milliseconds, counts }) => html`<tr><th scope="row">${stage}</th><td>${time(endedAt)}</td><td class="n">${span(milliseconds)}</td><td class="bar">${bar(milliseconds, longest, span(milliseconds))}</td><td>${
      Object.entries(counts)
        .filter(([, value]) => value !== 0)
        .map(([name, value]) => `${count(value)} ${spaced(name)}`)
        .join(', ') || 'nothing to do'
    }</td></tr>
`,
  )}</tbody></table></div>
${waits.length === 0 ? nothing : html`<p>Load waited: ${waits.map(([reason, waited]) => `${span(waited)} for the ${reason}`).join(', ')}.</p>`}
${tallies.map(([name, tally]) => (Object.keys(tally).length === 0 ? nothing : html`<p>${name}: ${Object.entries(tally).map(([what, times]) => `${what} (${count(times)})`).join(', ')}.</p>`))}
${events.unknown + events.refused === 0 ? nothing : html`<p>${plural(events.unknown, 'call')} without an answer, ${plural(events.refused, 'call')} refused.</p>`}`; // prettier-ignore
}

export function attributesSection({ attributes }: RunReport): Html {
  if (attributes.length === 0) return html`<p>No attribute changes in this run.</p>`;
  const sum = (row: (typeof attributes)[number]): number => row.set + row.changed + row.emptied;
  const largest = Math.max(...attributes.map(sum));
  return html`<div class="scroll"><table>
<caption>Over the changes that the plan sends. Set: had no value before. Emptied: has none after; whether the service clears it depends on the job.</caption>
<thead><tr><th scope="col">Attribute</th><th scope="col" class="n">Set</th><th scope="col" class="n">Changed</th><th scope="col" class="n">Emptied</th><th scope="col">Workers</th></tr></thead>
<tbody>${attributes
    .toSorted((left, right) => sum(right) - sum(left))
    .map(
      (row) => html`<tr><th scope="row"><span title="${row.path}">${shortPath(row.path)}</span></th><td class="n">${count(row.set)}</td><td class="n">${count(row.changed)}</td><td class="n">${count(row.emptied)}</td><td class="bar">${bar(sum(row), largest, plural(sum(row), 'worker'))}</td></tr>
`,
    )}</tbody></table></div>`; // prettier-ignore
}

export function trendSection({ trend, run }: RunReport): Html {
  const largest = Math.max(0, ...trend.map(({ operations }) => operations));
  return html`<div class="scroll"><table>
<caption>Oldest first; runs that were abandoned are left out.</caption>
<thead><tr><th scope="col">Run</th><th scope="col">As of</th><th scope="col">State</th><th scope="col" class="n">Workers read</th><th scope="col" class="n">Rejected</th><th scope="col" class="n">Operations</th><th scope="col">Outcomes</th></tr></thead>
<tbody>${trend.map(
    (row) => html`<tr><th scope="row"><code>${row.run}</code>${row.run === run.id ? html` <span class="tag">this run</span>` : nothing}</th><td>${time(row.asOf)}</td><td>${row.state}</td><td class="n">${row.population === undefined ? '' : count(row.population)}</td><td class="n">${row.rejections === undefined ? '' : count(row.rejections)}</td><td class="n">${count(row.operations)}</td><td class="bar">${stackedBar(row.ends, largest)}</td></tr>
`,
  )}</tbody></table></div>`; // prettier-ignore
}
