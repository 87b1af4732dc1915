import { JoineryError } from './error.ts';
import type { ExitClass } from './errors/define.ts';

/** In order of precedence: where several apply, the first wins. */
export const exitPrecedence: readonly ExitClass[] = [
  'internal',
  'interrupted',
  'locked',
  'configuration',
  'source',
  'guard',
  'sink',
  'outcomes',
  'rejections',
  'pending',
  'success',
];

/**
 * Exit codes by class, in order of precedence: where several apply, the first wins. 0 to 10 are ours; 130 is the
 * shells' convention for an interrupted command.
 */
export const exitCodes: Readonly<Record<ExitClass, number>> = {
  internal: 1,
  interrupted: 130,
  locked: 9,
  configuration: 8,
  source: 7,
  guard: 6,
  sink: 5,
  outcomes: 4,
  rejections: 3,
  pending: 2,
  success: 0,
};

/** The class that decides when several things happened in one run. */
export function firstExitClass(classes: Iterable<ExitClass>): ExitClass {
  const seen = new Set(classes);
  return exitPrecedence.find((name) => seen.has(name)) ?? 'success';
}

/** Back from a code of `exitCodes`. */
export function classOfCode(code: number): ExitClass {
  return exitPrecedence.find((name) => exitCodes[name] === code) ?? 'internal';
}

/** Turns anything thrown into its class: ours by its code, all else is a defect. */
export function exitClassOf(error: unknown): ExitClass {
  return error instanceof JoineryError ? error.exit : 'internal';
}
