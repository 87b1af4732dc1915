import { JoineryError } from '../domain/error.ts';
import type { Evaluated, LedgerEntry } from '../domain/ledger.ts';
import { readTextFile, undecodableOf } from '../domain/text-file.ts';
import type { ExternalId } from '../domain/words.ts';
import { openSource } from '../source/open-source.ts';
import { dayOf, type StageContext } from './context.ts';

/** Whether nothing at all is to be sent about a worker. */
export interface Protection {
  /** By a list, or because `protected.when` was true for the row that was read last: now (`evaluated`), or by the run that the entry is of. */
  readonly isProtected: (worker: ExternalId, entry: LedgerEntry | undefined, evaluated?: Pick<Evaluated, 'protected'>) => boolean;
}

/** Lists are typed by people, and the service compares keys without case: a hold that misses its worker by a letter's case would hold nobody. */
function foldKey(worker: ExternalId): string {
  return worker.trim().toLowerCase();
}

/** Reads the list of the protected anew. Errors: PLN-206. */
export function openProtection({ pipeline }: Pick<StageContext, 'pipeline'>): Protection {
  const { workers, file, when } = pipeline.protected;
  const untouched = new Set([...workers.map(foldKey), ...readList('protected.file', file)]);
  return {
    isProtected: (worker, entry, evaluated = entry?.evaluated) =>
      untouched.has(foldKey(worker)) || (when !== undefined && evaluated?.protected === true),
  };
}

/**
 * The hold list: those of the file and those of the query. Read when it is first asked for, once; a run that only disables does without it, so that a list which cannot be read holds
 * no leaver up. Errors: PLN-206, PLN-207; SRC-1xx and SRC-2xx of the query's database.
 */
export function openHoldList(
  context: Pick<StageContext, 'pipeline' | 'clock' | 'signal' | 'store'>,
): () => Promise<(worker: ExternalId) => boolean> {
  let list: Promise<ReadonlySet<string>> | undefined;
  return async () => {
    const held = await (list ??= readHoldList(context));
    return (worker) => held.has(foldKey(worker));
  };
}

async function readHoldList(context: Pick<StageContext, 'pipeline' | 'clock' | 'signal' | 'store'>): Promise<ReadonlySet<string>> {
  const { pipeline, clock, signal, store } = context;
  const { file, query } = pipeline.holds;
  const held = new Set(readList('holds.file', file));
  if (query === undefined) return held;
  const source = await openSource(query, { applicationName: `joinery ${pipeline.name} holds` });
  try {
    const request = { seed: store.identity.fingerprintSeed, signal, asOf: dayOf(pipeline, clock.now()), anyOrder: true };
    for await (const rows of source.read(request)) {
      for (const { key, ordinal } of rows) {
        // Whoever it was meant for must not be enabled, and could be anybody.
        if (key === undefined) throw new JoineryError('PLN-207', `row ${String(ordinal)} of holds.query has nothing in ${query.key}`);
        held.add(foldKey(key));
      }
    }
  } finally {
    await source.close();
  }
  return held;
}

/** Behind ` #` stands why; should a key really hold that, the whole line is meant as well: somebody more is held, and nobody fewer. */
function workersOf(line: string): string[] {
  const whole = foldKey(line);
  const key = foldKey(whole.replace(/\s#.*$/, ''));
  return whole === '' || whole.startsWith('#') ? [] : key === whole ? [whole] : [key, whole];
}

/** One worker id a line, folded; empty lines, and what begins with #, are for people. */
function readList(field: string, file: string | undefined): ReadonlySet<string> {
  if (file === undefined) return new Set();
  try {
    const lines = readTextFile(file).split(/\r\n|\r|\n/);
    return new Set(lines.flatMap(workersOf));
  } catch (cause) {
    const bad = undecodableOf(cause, file);
    if (bad === undefined) throw new JoineryError('PLN-206', `${field} ${file} cannot be read`, { cause });
    throw new JoineryError('PLN-206', `${field} ${file} cannot be read: ${bad.reason}`, {
      place: bad.place,
      fix: 'Save the file as UTF-8.',
    });
  }
}
