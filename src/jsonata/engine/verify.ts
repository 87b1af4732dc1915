import { isDeepStrictEqual } from 'node:util';
import { JoineryError } from '../../domain/error.ts';
import { maskValue } from '../../domain/masking.ts';
import { LimitError } from '../errors.ts';
import type { ExpressionNames } from '../names.ts';

/** How often both engines are asked: 0 never, n every n-th time. What is random cannot be compared. */
export function verificationOf(verify: boolean | number | undefined, names: ExpressionNames): number {
  if (verify === undefined || verify === false) return 0;
  if (names.variables.some(({ name }) => name === 'random' || name === 'shuffle' || name === 'eval')) return 0;
  return verify === true ? 1 : Math.max(0, Math.floor(verify));
}

/**
 * Asks both engines and gives the value they agree on. Compiled code that throws has no opinion: the reference's answer stands.
 * @throws JoineryError JSN-109 when they disagree; what the reference throws
 */
export async function compareEngines(source: string, compiled: () => unknown, reference: () => Promise<unknown>): Promise<unknown> {
  let ours: { readonly value: unknown } | undefined;
  try {
    ours = { value: compiled() };
  } catch (thrown) {
    if (thrown instanceof LimitError) throw thrown;
  }
  let theirs: unknown;
  try {
    theirs = await reference();
  } catch (thrown) {
    if (ours === undefined) throw thrown;
    throw new JoineryError('JSN-109', `${source}: compiled ${maskValue(ours.value)}, the reference failed`, { cause: thrown });
  }
  if (ours !== undefined && !isSame(ours.value, theirs)) {
    throw new JoineryError('JSN-109', `${source}: compiled ${maskValue(ours.value)}, the reference ${maskValue(theirs)}`);
  }
  return theirs;
}

/** Equal values: as JSON, which knows one zero, or strictly. */
function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right) || isDeepStrictEqual(left, right);
}
