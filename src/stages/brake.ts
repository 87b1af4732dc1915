import type { Counts } from '../domain/event.ts';
import type { LoadDeclaration } from '../pipeline/pipeline.ts';
import { limitOf } from '../plan/guards.ts';

/** What known outcomes say about going on. */
export interface BrakeVerdict {
  /** Operations with an outcome; superseded ones say nothing about the service. */
  readonly known: number;
  readonly bad: number;
  /** More are bad than the pipeline allows, in words. */
  readonly failed?: string;
}

const good = ['applied', 'appliedWithWarning', 'unchanged'] as const;
/** Skipped too: a job whose scope is set wrongly skips, or disables, everybody. */
const bad = ['failed', 'skipped', 'escrowed', 'silent'] as const;

/** Whether a load may go on after these outcomes. Pure. */
export function brakeVerdict(outcomes: Counts, { failed }: Pick<LoadDeclaration['pause'], 'failed'>): BrakeVerdict {
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + (outcomes[name] ?? 0), 0);
  const wrong = sum(bad);
  const known = wrong + sum(good);
  const limit = limitOf(failed, known);
  if (wrong <= limit) return { known, bad: wrong };
  const named = bad.flatMap((name) => ((outcomes[name] ?? 0) === 0 ? [] : [`${String(outcomes[name])} ${name}`])).join(', ');
  return { known, bad: wrong, failed: `${String(wrong)} of ${String(known)} outcomes are bad (${named}), more than ${String(limit)}` };
}
