import { Cron } from 'croner';

/** Five fields; seconds and years are not offered, because a run takes longer than a second and a schedule that ends is forgotten. */
export function isCron(line: string): boolean {
  if (line.trim().split(/\s+/).length !== 5) return false;
  try {
    return new Cron(line, { paused: true }).nextRun(new Date(0)) !== null;
  } catch {
    return false;
  }
}
