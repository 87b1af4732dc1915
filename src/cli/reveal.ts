import { masksOf, type Masks } from '../audit/masks.ts';
import { keyedHash } from '../domain/canonical-json.ts';
import { JoineryError } from '../domain/error.ts';
import type { ExternalId } from '../domain/words.ts';
import type { Audit } from './audit.ts';
import { personOf, type Io } from './io.ts';

/**
 * The masks for a reader who may see personal values: the journal says before anything is shown what was shown, to whom and why. Without a reason
 * asked for, the ordinary masks. Errors: AUD-105 for a reason that says nothing.
 * @param what the command, and the worker if it is about one
 */
export async function masksFor(
  audit: Audit,
  io: Io,
  reason: string | undefined,
  what: { readonly command: string; readonly worker?: ExternalId; readonly run?: string },
): Promise<Masks> {
  if (reason === undefined) return audit.masks;
  const { store, prepared } = audit;
  const { command, worker, run } = what;
  await store.journal.record(
    'reveal',
    {
      pipeline: prepared.pipeline.name,
      command,
      by: personOf(io),
      reason: checkedReason(reason),
      ...(worker === undefined ? {} : { worker: keyedHash(store.identity.hashKey, worker) }),
      ...(run === undefined ? {} : { run }),
    },
    io.clock.now(),
  );
  return masksOf(prepared.pipeline, true);
}

/** Errors: AUD-105 for a reason that says nothing. */
export function checkedReason(reason: string): string {
  if (reason.trim().length < 8) throw new JoineryError('AUD-105', `the reason ${JSON.stringify(reason)} says nothing`);
  return reason.trim();
}
