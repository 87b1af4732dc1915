import { longestWait, mostUnknownSends, retryRules, type RetryRule } from './retry-rules.ts';

/** A page of the reference that is made from the code. `path` is relative to the repository. */
export interface GeneratedPage {
  readonly path: string;
  readonly render: () => string;
}

export const retryRulesPage: GeneratedPage = { path: 'docs/reference/retry-rules.md', render: renderRetryRules };

const stagedWords: Readonly<Record<RetryRule['staged'], string>> = { yes: 'yes', no: 'no', unknown: 'nobody knows' };

function renderRetryRules(): string {
  const lines = [
    '# What load does with each answer to an upload',
    '',
    '<!-- Made from src/entra/retry-rules.ts; do not edit. -->',
    '',
    'An upload is answered for the whole batch. What matters most is whether the service *staged* it: the same bytes are sent',
    'again freely only where it certainly did not. Where nobody knows, batches of updates and disables are sent at most',
    `${String(mostUnknownSends)} times in all with identical bytes (the second is recorded as a replay), and batches that create accounts wait for evidence`,
    'from the provisioning logs or the directory.',
    '',
    '| Answer | Seen as | Staged | What load does | Tries | Then |',
    '| --- | --- | --- | --- | --- | --- |',
    ...retryRules.map(
      (rule) =>
        `| ${rule.answer} | ${rule.seenAs} | ${stagedWords[rule.staged]} | ${rule.does} | ${rule.tries === undefined ? '' : String(rule.tries)} | ${endOf(rule)} |`,
    ),
    '',
    `A wait that would be longer than ${String(longestWait / 60_000)} minutes ends the run, resumable, and says when it can go on. Waits without a`,
    '`Retry-After` are spread by chance over half of their length, so that several processes do not come back at the same time.',
    'Tries count answers of the same kind in a row.',
    '',
  ];
  return lines.join('\n');
}

function endOf(rule: RetryRule): string {
  switch (rule.act) {
    case 'done': {
      return 'next batch';
    }
    case 'again': {
      return `the run stops, ${rule.code ?? ''}`;
    }
    case 'replay': {
      return `the batch is left to reconcile, ${rule.code ?? ''}`;
    }
    case 'stop': {
      return 'the run stops, with the code of the cause';
    }
    default: {
      return rule.act satisfies never;
    }
  }
}
