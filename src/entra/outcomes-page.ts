import type { Outcome } from '../domain/words.ts';
import { classWords, outcomeCodes, type Resend } from './outcome-codes.ts';
import { silenceCauses } from './silence-causes.ts';
import type { GeneratedPage } from './retry-rules-page.ts';

export const outcomesPage: GeneratedPage = { path: 'docs/reference/outcomes.md', render: renderOutcomes };

/** Each outcome: how the logs show it, and what Joinery does. */
const outcomeWords: Readonly<Record<Outcome, { readonly seen: string; readonly does: string }>> = {
  applied: { seen: 'an export step that succeeded', does: 'The payload becomes the confirmed one.' },
  appliedWithWarning: {
    seen: 'written, but the log names an attribute that was not set (most often the manager)',
    does: 'The payload becomes the confirmed one but for the named attribute; a manager is tried once more when he exists.',
  },
  unchanged: { seen: 'skipped as `RedundantExport`: the account already had these values', does: 'The payload becomes the confirmed one.' },
  skipped: {
    seen: 'skipped by the job’s scoping filter, or an active worker whose account the service disabled because he left the scope',
    does: 'The confirmed payload stays. Pipeline and job disagree about the scope; make them agree.',
  },
  failed: { seen: 'a failure that the service does not say it retries', does: 'The confirmed payload stays. What is wrong with data is not sent again until the payload differs.' },
  escrowed: { seen: 'a failure with the text “It will be retried again after this date”', does: 'The operation stays open: the service retries by itself.' },
  silent: { seen: 'no row in time, and the account does not show all that was sent (or may not be read)', does: 'The baseline counts as unknown and the worker is sent again, after a diagnosis.' },
  superseded: { seen: 'a newer version (a disable) overtook it', does: 'Nothing; the newer operation decides.' },
}; // prettier-ignore

const resendWords: Readonly<Record<Resend, string>> = {
  never: 'no',
  whenPayloadDiffers: 'when the payload differs',
  afterFix: 'after the repair',
  byService: 'not needed',
  nextRun: 'by the next run',
};

function renderOutcomes(): string {
  const lines = [
    '# Outcomes',
    '',
    '<!-- Made from src/entra/outcomes-page.ts and src/entra/outcome-codes.ts; do not edit. -->',
    '',
    '`202` means that an upload was staged. What became of each worker is in the provisioning logs only. Reconcile judges an operation by',
    'whole changes (all rows with one `changeId`) that are not older than the 202 and whose imported values do not contradict the payload.',
    '',
    '| Outcome | What the logs show | What Joinery does |',
    '| --- | --- | --- |',
    ...Object.entries(outcomeWords).map(([outcome, { seen, does }]) => `| ${outcome} | ${seen} | ${does} |`),
    '',
    '## Codes',
    '',
    'A code that is not here counts as failed. Where the log gives no code, the reason’s text decides.',
    '',
    '| Code | Outcome | What it means | What to do | Who acts | Sent again |',
    '| --- | --- | --- | --- | --- | --- |',
    ...outcomeCodes.map(
      (code) =>
        `| \`${code.code}\` | ${code.outcome} | ${code.words} | ${code.todo} | ${classWords[code.class]} | ${resendWords[code.resend]} |`,
    ),
    '',
    '## Causes of silence',
    '',
    'No row came. These codes are ours: what directory and job showed when the operation went silent.',
    '',
    '| Code | What it means | What to do | Who acts |',
    '| --- | --- | --- | --- |',
    ...silenceCauses.map(({ code, words, todo, class: who }) => `| \`${code}\` | ${words} | ${todo} | ${classWords[who]} |`),
    '',
  ];
  return lines.join('\n');
}
