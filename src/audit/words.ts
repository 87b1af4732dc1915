import { formatInstant, type Instant } from '../domain/clock.ts';
import type { ChangeCause, HoldCause } from '../domain/change.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { ChangeKind } from '../domain/words.ts';

/** 5,310 */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `1 worker`, `2 workers` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 850 ms, 2.4 s, 12 min, 3.5 h */
export function span(milliseconds: number): string {
  if (milliseconds < 1_000) return `${String(Math.round(milliseconds))} ms`;
  if (milliseconds < 120_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  if (milliseconds < 7_200_000) return `${(milliseconds / 60_000).toFixed(0)} min`;
  return `${(milliseconds / 3_600_000).toFixed(1)} h`;
}

/** `2026-11-02 07:25:05 UTC` */
export function time(instant: Instant): string {
  return `${formatInstant(instant).slice(0, 19).replace('T', ' ')} UTC`;
}

/** `appliedWithWarning` → `applied with warning` */
export function spaced(name: string): string {
  return name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** As the pipeline file writes it: `urn:…:User:department` → `department`, `addresses[type eq "work"].country` → `addresses.work.country` */
export function shortPath(path: AttributePath): string {
  const typed = path.replace(/\[type eq "([^"]*)"\](\.value$)?/, '.$1');
  return typed.startsWith('urn:') ? typed.slice(typed.lastIndexOf(':') + 1) : typed;
}

export const changeWords: Readonly<Record<ChangeKind, string>> = {
  joiner: 'created, enabled',
  'pre-hire': 'created disabled, starts soon',
  enable: 'first activation of a pre-hire',
  mover: 'attributes change',
  leaver: 'disabled',
  rehire: 'enabled again',
  cancelled: 'pre-hire rescinded, stays disabled',
  none: 'nothing to send',
  ignored: 'inactive and unknown, never sent',
  frozen: 'disabled and still inactive, never sent',
};

export const causeWords: Readonly<Record<ChangeCause, string>> = {
  new: 'The ledger does not know this worker.',
  attributes: 'Attributes differ from what the service has.',
  status: 'The source says another activity than the service has.',
  vanished: 'The key was missing from enough complete passes of the source.',
  outOfScope: 'The pipeline’s scope no longer holds this worker.',
  rejectedInactive: 'The rows are rejected, and every one of them says inactive.',
  silence: 'An earlier operation went silent, so what the service has is unknown and the worker is sent again.',
  manager: 'Only what the service could not set before is sent again.',
  unsettled: 'An accepted payload is not confirmed yet.',
  resend: 'Nothing differs; somebody asked for the worker to be sent again.',
};

export const holdWords: Readonly<Record<HoldCause, string>> = {
  directory: 'somebody else disabled the account',
  list: 'on the hold list',
  ambiguous: 'several accounts carry the employee id',
  onPremises: 'mastered on-premises',
  forgotten: 'somebody with this key was forgotten',
  protected: 'protected, never touched',
  rekey: 'may be somebody under another key',
  exists: 'an account is there already that the ledger does not know',
};

/** What lets a held worker go; no command but the one that is named does. */
export const holdWaysOut: Readonly<Record<HoldCause, string>> = {
  directory: 'Decide whether the account may be enabled; joinery release lets it, and so does enabling it in the directory.',
  list: 'Take him off the hold list once he may be enabled; a release does nothing as long as he stands there.',
  ambiguous: 'Take the employee id from all accounts but the right one.',
  onPremises: 'Change the account where it is mastered, or leave the worker to the tool that looks after it.',
  forgotten: 'Say with joinery release that it is him again, or that the key may be used for somebody else.',
  protected: 'Nothing, as long as he is protected.',
  rekey: 'Say with joinery rekey that the two keys are one person, or, with --different, that they are two.',
  exists: 'Take the account over with joinery adopt, or say with joinery release that it may be turned off.',
};

/** Ends of operations in the order in which bars and tables show them; the good ones first. */
export const ends = [
  'applied',
  'unchanged',
  'appliedWithWarning',
  'skipped',
  'superseded',
  'open',
  'unsent',
  'escrowed',
  'silent',
  'failed',
  'refused',
  'dropped',
] as const;
export type End = (typeof ends)[number];

export const endWords: Readonly<Record<End, string>> = {
  applied: 'the service wrote it',
  unchanged: 'the account already had these values',
  appliedWithWarning: 'written but for a named attribute',
  skipped: 'left out by the scope of the job',
  superseded: 'a newer version overtook it',
  open: 'sent, no outcome yet',
  unsent: 'planned, not sent yet',
  escrowed: 'failed, the service retries by itself',
  silent: 'no log row in time',
  failed: 'refused for this worker',
  refused: 'the service refused the whole call',
  dropped: 'not sent: baseline moved or a newer run took over',
};

export function endOf(name: string): End {
  return ends.find((end) => end === name) ?? 'open';
}

/** Counts by name as counts by end. */
export function endsOf(tally: Readonly<Record<string, number>>): Partial<Record<End, number>> {
  const found: Partial<Record<End, number>> = {};
  for (const [name, operations] of Object.entries(tally)) found[endOf(name)] = (found[endOf(name)] ?? 0) + operations;
  return found;
}
