import { formatInstant, type Instant } from '../../domain/clock.ts';
import type { Condition, ConditionName } from '../../domain/condition.ts';

/** What a channel is given, and the JSON that webhook and command get. Ids, codes and counts; nothing about a person. */
export interface Notification {
  readonly version: 1;
  /** `trial`: nothing has happened, somebody tries the channel. */
  readonly kind: 'raised' | 'reminder' | 'cleared' | 'trial';
  readonly pipeline: string;
  readonly condition?: ConditionName;
  readonly run?: string;
  /** ISO 8601, UTC */
  readonly at: string;
  readonly since?: string;
  /** Names of guards, or the code of the failure. */
  readonly detail?: string;
  readonly figures: Readonly<Record<string, number>>;
  /** One line. */
  readonly title: string;
  readonly todo: string;
}

const titles: Readonly<Record<ConditionName, string>> = {
  guard: 'a guard stopped the plan, nothing of it was sent',
  setUp: 'the set-up refuses uploads',
  quarantine: 'the provisioning job is in quarantine',
  quota: 'the day’s calls are used up',
  disables: 'disables are without an outcome',
  stale: 'no run has succeeded for too long',
};

const ways: Readonly<Record<ConditionName, string>> = {
  guard:
    'Look at the report. If the source is wrong, correct it and run again; if the plan is right, an approver lets it pass with joinery approve.',
  setUp:
    'Run joinery entra doctor; it names the cause and the command that repairs it. Then run again, and joinery resend those who failed.',
  quarantine: 'Run joinery entra doctor for the reason, clear it in the portal, then joinery reconcile.',
  quota: 'Nothing is lost. Run again when calls are free; joinery status shows how many are used.',
  disables: 'Look at the job with joinery entra status, and at the accounts: until the service has done it, they are on.',
  stale: 'Look at the last runs with joinery status.',
};

/** What is over needs no doing. */
const nothingToDo = 'Nothing; it is over.';

export function notificationOf(kind: 'raised' | 'reminder' | 'cleared', condition: Condition, at: Instant): Notification {
  const { name, pipeline, run, since, signature, figures } = condition;
  return {
    version: 1,
    kind,
    pipeline,
    condition: name,
    ...(run === undefined ? {} : { run }),
    at: formatInstant(at),
    since: formatInstant(since),
    ...(signature === '' ? {} : { detail: signature }),
    figures,
    title: kind === 'cleared' ? `over: ${titles[name]}` : kind === 'reminder' ? `still: ${titles[name]}` : titles[name],
    todo: kind === 'cleared' ? nothingToDo : ways[name],
  };
}

export function trialOf(pipeline: string, at: Instant): Notification {
  return { version: 1, kind: 'trial', pipeline, at: formatInstant(at), figures: {}, title: 'a trial of this channel', todo: 'Nothing.' };
}

/** As people read it: subject and text of a mail. */
export function mailText(notification: Notification): { readonly subject: string; readonly text: string } {
  const { pipeline, title, run, at, since, detail, figures, todo } = notification;
  const counts = Object.entries(figures).map(([name, count]) => `${name} ${String(count)}`);
  const lines = [
    `Pipeline  ${pipeline}`,
    ...(run === undefined ? [] : [`Run       ${run}`]),
    `At        ${at}`,
    ...(since === undefined || since === at ? [] : [`Since     ${since}`]),
    ...(detail === undefined ? [] : [`What      ${detail}`]),
    ...(counts.length === 0 ? [] : [`Figures   ${counts.join(', ')}`]),
    '',
    `To do     ${todo}`,
  ];
  return { subject: `joinery ${pipeline}: ${title}`, text: `${title}\n\n${lines.join('\n')}\n` };
}
