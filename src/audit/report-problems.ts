import { html, nothing, type Html } from './html.ts';
import type { RunReport } from './run-report.ts';
import { count, endWords, plural, spaced } from './words.ts';

/** Operations that did not simply succeed, by reason, each with what to do and who acts. */
export function troublesSection({ troubles }: RunReport): Html {
  if (troubles.length === 0) return html`<p>None.</p>`;
  return html`${troubles.map(
    (group) => html`<h3><span class="tag ${isBad(group.end) ? 'bad' : 'warn'}">${spaced(group.end)}</span> <code>${group.code}</code>, ${plural(group.operations, 'operation')}</h3>
<p>${group.words} <span class="soft">(${endWords[group.end]})</span></p>
<p class="tip"><strong>What to do:</strong> ${group.todo} <span class="soft">Who acts: ${group.who}.</span></p>
${examples(
      group.examples.map(({ who, change, reason }) => ({ who, note: reason === '' ? change : `${change}: ${reason}` })),
      group.operations,
    )}`,
  )}`; // prettier-ignore
}

function isBad(end: string): boolean {
  return ['failed', 'silent', 'escrowed', 'refused'].includes(end);
}

export function rejectionsSection({ rejections, rejected, standing, plan }: RunReport): Html {
  const now = standing.reduce((sum, { workers }) => sum + workers, 0);
  const figures = plan?.rejections;
  return html`${figures === undefined ? nothing : html`<p>${count(figures.fresh)} new, ${count(figures.keyless)} new rows without a key, ${count(figures.standing)} standing from earlier runs. A rejected worker keeps the account as it is.</p>`}
${rejected === 0 ? html`<p>None among the rows that this run looked at.</p>` : nothing}
${rejections.map(
    (group) => html`<h3><code>${group.code}</code> ${group.title}: ${plural(group.rejections, 'rejection')}${group.fresh === group.rejections ? '' : `, ${count(group.fresh)} of them new`}</h3>
<p>${group.why}</p>
<p class="tip"><strong>What to do:</strong> ${group.fix}</p>
${examples(
      group.examples.map(({ who, message }) => ({ who, note: message })),
      group.rejections,
    )}`,
  )}
${now === 0 ? nothing : html`<h3>Standing in the ledger when this was written</h3><div class="scroll"><table><thead><tr><th scope="col">Code</th><th scope="col">Reason</th><th scope="col" class="n">Workers</th></tr></thead><tbody>${standing.map(({ code, title, workers }) => html`<tr><th scope="row"><code>${code}</code></th><td>${title}</td><td class="n">${count(workers)}</td></tr>`)}</tbody></table></div>`}`; // prettier-ignore
}

function examples(list: readonly { readonly who: string; readonly note: string }[], all: number): Html {
  const more = all - list.length;
  return html`<details${list.length <= 5 ? html` open` : nothing}><summary>${more > 0 ? `The first ${count(list.length)}` : plural(list.length, 'worker')}</summary>
<ul class="changes">${list.map(({ who, note }) => html`<li><code>${who}</code> <span class="soft">${note}</span></li>`)}</ul>
${more > 0 ? html`<p class="soft">… and ${count(more)} more; <code>joinery export</code> has them all.</p>` : nothing}</details>
`; // prettier-ignore
}
