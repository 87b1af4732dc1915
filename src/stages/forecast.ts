import { hashJson } from '../domain/canonical-json.ts';
import type { Change } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Verdict } from '../domain/verdict.ts';
import { isSentChange, type ExternalId, type SentChangeKind } from '../domain/words.ts';
import { changeOf } from '../plan/change-of.ts';
import { rowStateOf, type RowState } from '../plan/decision.ts';
import { groupRows } from '../source/groups.ts';
import type { Source } from '../source/contract.ts';
import { inChunks } from '../store/ndjson.ts';
import { openProtection, type Protection } from './worker-lists.ts';
import { dayOf, scopeOf, type StageContext } from './context.ts';

/** What a forecast tells about one worker at one moment. Movers by row are not foreseeable, movers by date are left out. */
export interface ForecastLine {
  readonly externalId: ExternalId;
  readonly change: Exclude<SentChangeKind, 'mover'>;
  /** The earliest run that will plan it is the first one after this instant. */
  readonly at: Instant;
  /** `now`: the next run plans it, whenever it is. `date`: a date of the row arrives. `vanished`: the key is missing for long enough by then. */
  readonly because: 'now' | 'date' | 'vanished';
}

const day = 86_400_000;
/** A worker whose result changes more often than this within a forecast has a mapping that reads the clock; each day is looked at then. */
const mostDates = 100;

/**
 * Who will join, be enabled or leave until `until` if the source stays as it is: every row is evaluated now and at each of its next dates, each time against the ledger
 * as the change before would leave it. Reads source and ledger, writes and sends nothing, needs no lease.
 */
export async function forecast(
  context: Omit<StageContext, 'lease' | 'emit'>,
  source: Source,
  now: Instant,
  until: Instant,
): Promise<readonly ForecastLine[]> {
  const { store, pipeline, signal } = context;
  const scope = scopeOf(pipeline);
  const lines: ForecastLine[] = [];
  const protection = openProtection(context);
  const seen = new Set<ExternalId>();
  const rows = source.read({ seed: store.identity.fingerprintSeed, signal, asOf: dayOf(pipeline, now) });
  for await (const chunk of inChunks(groupsOf(groupRows(rows, source.keyOrder)), 500)) {
    const entries = await store.ledger.getMany(
      scope,
      chunk.map(({ key }) => key),
    );
    for (const group of chunk) {
      seen.add(group.key);
      const entry = entries.get(group.key);
      if (entry !== undefined && entry.owner !== pipeline.name) continue;
      lines.push(...(await forecastRow(context, protection, group, entry, now, until)));
    }
  }
  for await (const chunk of store.ledger.streamEntries(scope, pipeline.name)) {
    for (const entry of chunk) {
      if (!seen.has(entry.externalId) && !protection.isProtected(entry.externalId, entry))
        lines.push(...forecastVanished(context, entry, now, until));
    }
  }
  return lines.toSorted((left, right) => left.at - right.at || (left.externalId < right.externalId ? -1 : 1));
}

async function* groupsOf(chunks: AsyncIterable<{ readonly groups: readonly RowGroup[] }>): AsyncGenerator<RowGroup> {
  for await (const { groups } of chunks) yield* groups;
}

async function forecastRow(
  context: Omit<StageContext, 'lease' | 'emit'>,
  protection: Protection,
  group: RowGroup,
  known: LedgerEntry | undefined,
  now: Instant,
  until: Instant,
): Promise<ForecastLine[]> {
  const { mapping, pipeline } = context;
  const lines: ForecastLine[] = [];
  let entry = known;
  let at = now;
  for (let step = 0; step < mostDates; step++) {
    const verdict: Verdict = await mapping.evaluate(group, at);
    if (protection.isProtected(group.key, known, protectedBy(verdict))) break;
    const change = changeAt(context, rowStateOf(verdict), entry, verdict);
    if (change !== undefined && isSentChange(change.change) && change.change !== 'mover') {
      lines.push({ externalId: group.key, change: change.change, at, because: step === 0 ? 'now' : 'date' });
    }
    entry = change === undefined ? entry : applied(entry, change, group.key, pipeline.name);
    const next = Math.min(verdict.nextDate ?? Infinity, mapping.readsClock ? at + day : Infinity);
    if (next > until || next <= at) break;
    at = next;
  }
  return lines;
}

/** undefined: it has no answer, and he is what he was. */
function protectedBy(verdict: Verdict): { readonly protected?: true } | undefined {
  if (verdict.protected === undefined) return undefined;
  return verdict.protected ? { protected: true } : {};
}

function changeAt(
  context: Omit<StageContext, 'lease' | 'emit'>,
  row: RowState,
  entry: LedgerEntry | undefined,
  verdict?: Verdict,
): Change | undefined {
  const externalId = verdict?.externalId ?? entry?.externalId ?? '';
  return changeOf(
    {
      externalId,
      row,
      ...(verdict?.kind === 'draft' ? { draft: verdict.draft } : {}),
      entry,
      chosen: new Map(),
      managerKnown: true,
      warnings: [],
    },
    context.pipeline.leavers,
  );
}

/** The ledger as it will be once the service has confirmed the change. */
function applied(entry: LedgerEntry | undefined, change: Change, externalId: ExternalId, owner: string): LedgerEntry | undefined {
  if (!isSentChange(change.change)) return entry;
  return {
    externalId,
    owner,
    confirmed: { payload: change.payload, hash: hashJson(change.payload), at: 0, evidence: { kind: 'log' } },
    baselineUnknown: false,
    everEnabled: (entry?.everEnabled ?? false) || change.payload.active,
  };
}

function forecastVanished(context: Omit<StageContext, 'lease' | 'emit'>, entry: LedgerEntry, now: Instant, until: Instant): ForecastLine[] {
  const { hours } = context.pipeline.leavers.vanished;
  const at = Math.max(now, (entry.missing?.since ?? now) + hours);
  const change = at > until ? undefined : changeAt(context, 'vanished', entry);
  if (change === undefined || !isSentChange(change.change) || change.change === 'mover') return [];
  return [{ externalId: entry.externalId, change: change.change, at, because: 'vanished' }];
}
