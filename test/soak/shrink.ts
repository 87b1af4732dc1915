import { play } from './play.ts';
import type { Story, StoryRun } from './story.ts';

/** Smaller versions of a story, the boldest first. */
function* smaller(story: Story): Generator<Story> {
  for (let size = Math.ceil(story.workers.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < story.workers.length && size < story.workers.length; from += size) {
      yield { ...story, workers: story.workers.filter((_, index) => index < from || index >= from + size) };
    }
  }
  for (let day = story.days.length - 1; day >= 0 && story.days.length > 1; day--) yield withoutDay(story, day);
  for (const [day, { runs }] of story.days.entries()) {
    for (const [index, run] of runs.entries()) {
      yield withRuns(story, day, runs.toSpliced(index, 1));
      if (run.kill !== undefined) {
        const { kill: _kill, ...alive } = run;
        yield withRuns(story, day, runs.with(index, alive));
      }
      for (const fault of run.faults.keys())
        yield withRuns(story, day, runs.with(index, { ...run, faults: run.faults.toSpliced(fault, 1) }));
    }
  }
  // Both gates of clearing are no choice but part of the set-up.
  for (const name of Object.keys(story.switches).filter((one) => !/^(?:flowNullValues|clearingMappings)$/.test(one))) {
    yield { ...story, switches: Object.fromEntries(Object.entries(story.switches).filter(([one]) => one !== name)) };
  }
}

function withoutDay(story: Story, day: number): Story {
  const hours = story.days[day]?.hours ?? 0;
  const days = story.days.toSpliced(day, 1).map((one, index) => (index === day ? { ...one, hours: one.hours + hours } : one));
  return { ...story, days, workers: story.workers.map((worker) => ({ ...worker, days: worker.days.toSpliced(day, 1) })) };
}

function withRuns(story: Story, day: number, runs: readonly StoryRun[]): Story {
  return { ...story, days: story.days.map((one, index) => (index === day ? { ...one, runs } : one)) };
}

/** Which law a violation is about, whoever it names. */
function kindOf(violation: string): string {
  return violation
    .replaceAll(/W\d{4}/g, 'W')
    .replaceAll(/\d+/g, 'n')
    .split(/[:(]/)
    .slice(0, 2)
    .join(':')
    .slice(0, 40);
}

/** Drops workers, days, runs, faults, kills and switches while the story still breaks the same law; at most so many plays. */
export async function shrink(story: Story, violation: string, plays = 300): Promise<Story> {
  const kind = kindOf(violation);
  let left = plays;
  let smallest = story;
  for (let found = true; found && left > 0;) {
    found = false;
    for (const candidate of smaller(smallest)) {
      if (left-- <= 0) break;
      const outcome = await play(candidate);
      if (outcome.violation === undefined || kindOf(outcome.violation) !== kind) continue;
      smallest = candidate;
      found = true;
      break;
    }
  }
  return smallest;
}

/** A story in words: who, when, what went wrong. */
export function tell(story: Story): string {
  const lines = [`seed ${String(story.seed)}, latency ${String(story.latency / 1000)} s, ${JSON.stringify(story.switches)}`];
  for (const [index, { hours, runs }] of story.days.entries()) {
    lines.push(`day ${String(index + 1)}, ${String(hours)} h later`);
    for (const worker of story.workers) lines.push(`  ${worker.key ?? '(no key)'}: ${JSON.stringify(worker.days[index] ?? [])}`);
    for (const run of runs) lines.push(`  ${JSON.stringify(run)}`);
  }
  return lines.join('\n');
}
