import { stopsPlan } from '../domain/approval.ts';
import { html, nothing, renderDocument, type Html } from './html.ts';
import { attributesSection, guardsSection, outcomesSection, stagesSection, trendSection } from './report-figures.ts';
import { rejectionsSection, troublesSection } from './report-problems.ts';
import { filterScript, workersSection } from './report-workers.ts';
import type { RunReport } from './run-report.ts';
import { style } from './style.ts';
import { count, plural, spaced, time } from './words.ts';

/** The report of a run as one page that loads nothing from anywhere. */
export function renderReport(report: RunReport): string {
  const { run } = report;
  return renderDocument({
    title: `${run.pipeline}: run ${run.id}`,
    style,
    script: filterScript,
    body: html`<a class="skip" href="#main">To the content</a>
<header>
<p class="eyebrow">Joinery · run report</p>
<h1>${run.pipeline}</h1>
<p class="byline">Run <code>${run.id}</code> · as of ${time(run.asOf)}</p>
</header>
${reportBody(report)}`,
  }); // prettier-ignore
}

/** Everything below the heading; the web page shows the same. */
export function reportBody(report: RunReport): Html {
  const sections: readonly (readonly [string, string, Html])[] = [
    ['outcomes', 'Changes and outcomes', outcomesSection(report)],
    ['problems', 'Failures and warnings', troublesSection(report)],
    ['rejections', 'Rejections', rejectionsSection(report)],
    ['guards', 'Guards and price', guardsSection(report)],
    ['stages', 'Stages', stagesSection(report)],
    ['attributes', 'Attributes', attributesSection(report)],
    ['workers', 'Workers', workersSection(report)],
    ['trend', 'The last runs', trendSection(report)],
  ];
  return html`<main id="main">
<div class="verdict ${verdictClass(report)}"><b>${verdictMark[verdictClass(report)]} ${report.run.state}</b><p>${sentence(report)}</p></div>
${tiles(report)}
${facts(report)}
<nav class="parts" aria-label="Parts of the report"><ul>${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
${sections.map(([id, title, body]) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}</section>
`)}
</main>
${footer(report)}`; // prettier-ignore
}

/** What the run came to, in one or two sentences. */
export function sentence(report: RunReport): string {
  const { run, plan, guards, operations, outcomes } = report;
  const tripped = guards.filter(stopsPlan);
  if (run.state === 'stopped') return `Stopped before the first call: ${tripped.map(({ words }) => words).join(' ')}`;
  if (run.state === 'abandoned') return 'Abandoned: a newer run was begun before this one was accepted. It changed nothing.';
  if (plan === undefined) return `The run is ${run.state}; it has no plan yet.`;
  if (operations === 0)
    return plan.price.operations === 0
      ? 'Nothing had to be sent.'
      : `${plural(plan.price.operations, 'operation')} planned; nothing was sent yet.`;
  const bad = total(outcomes, ['failed', 'silent', 'escrowed', 'refused']);
  const open = total(outcomes, ['open', 'unsent']);
  const good = total(outcomes, ['applied', 'unchanged', 'appliedWithWarning']);
  const parts = [`${count(good)} of ${plural(operations, 'operation')} reached the directory.`];
  if (bad > 0) parts.push(`${plural(bad, 'operation is', 'operations are')} not applied.`);
  if (open > 0) parts.push(`${plural(open, 'operation has', 'operations have')} no outcome yet.`);
  if (bad + open === 0) parts.push('None failed, none is open.');
  return parts.join(' ');
}

function total(outcomes: RunReport['outcomes'], ends: readonly (keyof RunReport['outcomes'][number]['ends'])[]): number {
  return outcomes.reduce((sum, row) => sum + ends.reduce((inner, end) => inner + (row.ends[end] ?? 0), 0), 0);
}

type VerdictClass = 'good' | 'warn' | 'wait' | 'bad';

const verdictMark: Readonly<Record<VerdictClass, string>> = { good: '✓', warn: '!', wait: '…', bad: '✗' };

/** How the run looks at a glance; the sentence beside it says why. */
function verdictClass({ run, outcomes, rejected }: RunReport): VerdictClass {
  if (run.state === 'stopped' || total(outcomes, ['failed', 'silent', 'escrowed', 'refused']) > 0) return 'bad';
  if (total(outcomes, ['open', 'unsent']) > 0 || !['finished', 'superseded', 'abandoned'].includes(run.state)) return 'wait';
  return rejected > 0 ? 'warn' : 'good';
}

/** The figures that a reader looks for first. */
function tiles({ run, outcomes, operations, calls, rejected, plan }: RunReport): Html {
  const bad = total(outcomes, ['failed', 'silent', 'escrowed', 'refused']);
  const open = total(outcomes, ['open', 'unsent']);
  const held = Object.values(plan?.held ?? {}).reduce((sum, workers) => sum + workers, 0);
  const list: readonly (readonly [string, number | undefined, string?])[] = [
    ['workers read', run.population],
    ['operations', operations],
    ['in the directory', total(outcomes, ['applied', 'unchanged', 'appliedWithWarning'])],
    ['not applied', bad, bad > 0 ? 'bad' : ''],
    ['without outcome yet', open === 0 ? undefined : open],
    ['rejected', rejected, rejected > 0 ? 'warn' : ''],
    ['held', held === 0 ? undefined : held, 'warn'],
    ['calls', calls],
  ];
  return html`<dl class="tiles">${list.map(([name, value, state = '']) => (value === undefined ? nothing : html`<div class="${state}"><dt>${name}</dt><dd>${count(value)}</dd></div>`))}</dl>`; // prettier-ignore
}

function facts({ run, plan, extract, batches }: RunReport): Html {
  const list: readonly (readonly [string, string] | undefined)[] = [
    ['Begun', time(run.startedAt)],
    run.finishedAt === undefined ? undefined : ['Finished', time(run.finishedAt)],
    extract === undefined ? undefined : ['Rows read', count(extract.rows)],
    extract === undefined ? undefined : ['Looked at again', count(extract.changed)],
    ['Batches', count(batches)],
    plan === undefined ? undefined : ['Plan', plan.hash.slice(0, 12)],
    ['Mapping', run.mappingId.slice(0, 12)],
  ];
  return html`<dl class="facts">${list.map((fact) => (fact === undefined ? nothing : html`<div><dt>${fact[0]}</dt><dd>${fact[1]}</dd></div>`))}</dl>`; // prettier-ignore
}

function footer({ writtenAt, masked, run }: RunReport): Html {
  return html`<footer><p class="soft">Written ${time(writtenAt)} from the state alone; source and service were not asked. The run was ${spaced(run.state)} then.
${masked ? 'Values of personal and sensitive attributes are masked; worker ids are shown.' : 'Values are shown in full: somebody gave a reason, which stands in the journal.'}</p></footer>`; // prettier-ignore
}
