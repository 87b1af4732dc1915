import type { Condition, ConditionName } from '../../domain/condition.ts';
import type { Counts } from '../../domain/event.ts';
import type { Instant } from '../../domain/clock.ts';
import type { RunId } from '../../domain/words.ts';
import type { StageContext } from '../context.ts';
import type { Channel } from './channel.ts';
import { notificationOf } from './notification.ts';

/** What a run found out about one condition. What it could not find out is no finding. */
export interface Finding {
  readonly name: ConditionName;
  readonly holds: boolean;
  readonly signature: string;
  readonly figures: Counts;
}

/**
 * Tells each channel once when a condition begins to hold or becomes another, again after `notify.remind`, and once when it is over. What a channel did not take is told by the next
 * run. Never throws for a channel; each failure is a warning (NTF-101).
 */
export async function announce(
  context: StageContext,
  channels: readonly Channel[],
  findings: readonly Finding[],
  run: RunId | undefined,
): Promise<void> {
  const { store, pipeline, clock } = context;
  const known = new Map((await store.conditions.of(pipeline.name)).map((condition) => [condition.name, condition]));
  for (const finding of findings) {
    if (!pipeline.notify.on.includes(finding.name)) continue;
    const before = known.get(finding.name);
    if (finding.holds) await tellHolding(context, channels, conditionOf(context, finding, before, run, clock.now()), before);
    else if (before !== undefined) await tellOver(context, channels, before);
  }
}

function conditionOf(
  { pipeline }: StageContext,
  { name, signature, figures }: Finding,
  before: Condition | undefined,
  run: RunId | undefined,
  now: Instant,
): Condition {
  const goesOn = before !== undefined && before.over === undefined;
  // More disables than people were told of are accounts that nobody knows of.
  const isWorse = name === 'disables' && goesOn && (figures['disables'] ?? 0) > (before.figures['disables'] ?? 0);
  return {
    pipeline: pipeline.name,
    name,
    signature,
    since: goesOn ? before.since : now,
    figures,
    told: before === undefined || before.signature !== signature || isWorse ? {} : stillBelieving(before),
    ...(run === undefined ? {} : { run }),
  };
}

/** Who was told of it and not that it is over, and when. */
function stillBelieving({ told, over }: Condition): Condition['told'] {
  return over === undefined ? told : Object.fromEntries(Object.entries(told).filter(([, at]) => at < over));
}

async function tellHolding(
  context: StageContext,
  channels: readonly Channel[],
  condition: Condition,
  before: Condition | undefined,
): Promise<void> {
  const { store, lease, clock, pipeline } = context;
  const told: Record<string, Instant> = { ...condition.told };
  const due = channels.filter(({ name }) => clock.now() - (told[name] ?? -Infinity) >= pipeline.notify.remind);
  for (const channel of due) {
    const kind = told[channel.name] === undefined ? 'raised' : 'reminder';
    if (await tell(context, channel, kind, condition)) told[channel.name] = clock.now();
  }
  // Every half hour the same is nothing that the journal has to say.
  if (due.length === 0 && before?.figures['disables'] === condition.figures['disables']) return;
  await store.conditions.keep(lease, { ...condition, told }, clock.now());
}

async function tellOver(context: StageContext, channels: readonly Channel[], before: Condition): Promise<void> {
  const { store, lease, clock } = context;
  const over = before.over ?? clock.now();
  const told: Record<string, Instant> = {};
  let isMissing = false;
  for (const channel of channels) {
    const at = before.told[channel.name];
    // Who was not told of it is not told that it is over.
    if (at === undefined) continue;
    if (before.over !== undefined && at >= over) {
      told[channel.name] = at;
      continue;
    }
    const taken = await tell(context, channel, 'cleared', { ...before, over });
    told[channel.name] = taken ? clock.now() : at;
    isMissing ||= !taken;
  }
  if (isMissing) await store.conditions.keep(lease, { ...before, over, told }, clock.now());
  else await store.conditions.forget(lease, before.name, clock.now());
}

async function tell(
  { emit, clock }: StageContext,
  channel: Channel,
  kind: 'raised' | 'reminder' | 'cleared',
  condition: Condition,
): Promise<boolean> {
  const reason = await channel.tell(notificationOf(kind, condition, clock.now()));
  if (reason === undefined) {
    emit({ type: 'notified', channel: channel.name, condition: condition.name, kind });
    return true;
  }
  const message = `${channel.name} was not told of ${condition.name}: ${reason}`;
  emit({ type: 'warning', diagnostic: { code: 'NTF-101', severity: 'warning', message } });
  return false;
}
