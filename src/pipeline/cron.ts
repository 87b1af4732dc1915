import { Cron } from 'croner';
import type { Instant } from '../domain/clock.ts';

/** Five fields; seconds and years are not offered, because a run takes longer than a second and a schedule that ends is forgotten. */
export function isCron(line: string): boolean {
  if (line.trim().split(/\s+/).length !== 5) return false;
  try {
    return new Cron(line, { paused: true }).nextRun(new Date(0)) !== null;
  } catch {
    return false;
  }
}

/** The first instant after `after` that the line names in the zone; undefined: there is none. */
export function nextTime(line: string, zone: string, after: Instant): Instant | undefined {
  return new Cron(line, { paused: true, timezone: zone }).nextRun(new Date(after))?.getTime();
}
