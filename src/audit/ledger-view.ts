import { goneFingerprint, type LedgerEntry } from '../domain/ledger.ts';
import type { LeaversDeclaration } from '../pipeline/pipeline.ts';
import { differences } from '../scim/index.ts';
import type { LedgerView } from './explanation.ts';
import type { Masks } from './masks.ts';
import { plural, spaced, time } from './words.ts';

/** The four values of a ledger entry in words; the payload is the confirmed one. */
export function ledgerView(entry: LedgerEntry, masks: Masks, leavers: LeaversDeclaration): LedgerView {
  const { evaluated, desired, sent, confirmed } = entry;
  const activity = (active: boolean): string => (active ? 'active' : 'inactive');
  return {
    owner: entry.owner,
    ...(evaluated === undefined
      ? {}
      : {
          evaluated: `${spaced(evaluated.verdict)} in run ${evaluated.run}, ${
            evaluated.fingerprint === goneFingerprint ? 'no row since' : `fingerprint ${evaluated.fingerprint}`
          }${
            evaluated.reasons === undefined ? '' : `, rejected for ${evaluated.reasons.join(', ')}`
          }${evaluated.nextDate === undefined ? '' : `, looked at again on ${time(evaluated.nextDate)}`}`,
        }),
    ...(desired === undefined
      ? {}
      : { desired: `${activity(desired.payload.active)}, ${short(desired.hash)}, as ${desired.change} of run ${desired.run}` }),
    ...(sent === undefined
      ? {}
      : {
          sent: `${activity(sent.payload.active)}, ${short(sent.hash)}, as ${sent.change} in operation ${sent.operation}, ${time(sent.at)}`,
        }),
    ...(confirmed === undefined
      ? {}
      : {
          confirmed: `${activity(confirmed.payload.active)}, ${short(confirmed.hash)}, ${time(confirmed.at)}, because ${evidenceWords(confirmed.evidence)}`,
        }),
    notes: notesOf(entry, leavers),
    payload:
      confirmed === undefined
        ? []
        : differences(undefined, confirmed.payload).map(({ path, new: value }) => ({ name: path, value: masks.attribute(path, value) })),
  };
}

function evidenceWords({ kind, operation, outcome, rows }: NonNullable<LedgerEntry['confirmed']>['evidence']): string {
  if (kind === 'adopted') return 'the directory had the account before the first upload';
  if (kind === 'directory') return `no log row came, and the account shows all that operation ${operation ?? 'unknown'} sent`;
  return `${plural(rows?.length ?? 0, 'log row')} said “${spaced(outcome ?? 'applied')}” of operation ${operation ?? 'unknown'}`;
}

function notesOf(entry: LedgerEntry, leavers: LeaversDeclaration): string[] {
  const { failed, missing, rekeyedTo, apart, desired } = entry;
  const notes: string[] = [];
  if (rekeyedTo !== undefined) notes.push(`The worker is known as ${rekeyedTo} now; nothing is sent under this key.`);
  if (desired?.rekey !== undefined)
    notes.push(
      `Held: he is probably the same person as ${desired.rekey}. joinery rekey closes the case; until then nothing is sent about either.`,
    );
  if (apart !== undefined) notes.push(`Somebody said that he is another person than ${apart.join(', ')}.`);
  if (entry.baselineUnknown)
    notes.push('An operation went silent: what the service has is unknown, and the next run sends the worker again.');
  if (failed !== undefined)
    notes.push(
      `The service refused payload ${short(failed.hash)} with ${failed.code} on ${time(failed.at)}; it is not sent again until it differs.`,
    );
  if (missing !== undefined) {
    const { fullPasses, hours } = leavers.vanished;
    notes.push(
      `The key is missing since ${time(missing.since)}, for ${plural(missing.passes, 'complete pass', 'complete passes')}; the worker counts as vanished after ${plural(fullPasses, 'pass', 'passes')} and ${plural(hours / 3_600_000, 'hour')}.`,
    );
  }
  const unknown = entry.confirmed?.evidence.unknown ?? [];
  if (unknown.length > 0)
    notes.push(
      `Sent empty, and nothing shows yet whether the service cleared it: ${unknown.join(', ')}. What the account has there is unknown.`,
    );
  if (entry.evaluated?.missingManager !== undefined)
    notes.push(`Manager ${entry.evaluated.missingManager} is not known to the service yet; he is sent once more when he is confirmed.`);
  return notes;
}

function short(hash: string): string {
  return `payload ${hash.slice(0, 12)}`;
}
