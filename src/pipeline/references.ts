import { maskValue } from '../domain/masking.ts';
import type { Range } from './line-index.ts';
import type { Reading } from './reading.ts';
import type { YamlScalar } from './yaml-tree.ts';

/** Text in which references to the environment are replaced. */
export interface ResolvedText {
  readonly text: string;
  /** Variables that took part. */
  readonly from: readonly string[];
  /** The text is nothing but one reference. */
  readonly whole: boolean;
  /** A variable is not set and the reading goes on with a stand-in. */
  readonly stoodIn: boolean;
}

const reference = /\$\{([^}]*)(\}?)/g;

/**
 * Replaces `${NAME}` by the value of the environment. Each variable that is not set or empty, and each malformed reference, is
 * reported at its own place; then the result is undefined, or the stand-in where the reading allows one.
 */
export function resolveReferences(node: YamlScalar, reading: Reading, standIn: string): ResolvedText | undefined {
  const decoded = node.decoded();
  const from: string[] = [];
  let failed = false;
  let stoodIn = false;
  const text = decoded.text.replace(reference, (written: string, name: string, close: string, offset: number) => {
    const range: Range = decoded.rangeOf(offset, written.length);
    if (close === '' || !/^[A-Za-z_]\w*$/.test(name)) {
      reading.report('PIP-202', range, `${written} is not a reference`);
      failed = true;
      return '';
    }
    from.push(name);
    const value = reading.environment[name];
    if (value !== undefined && value !== '') return value;
    const state = value === undefined ? 'is not set' : 'is set but empty';
    const fix = `Set ${name}, or name a file that sets it with --env-file.`;
    if (reading.unset === 'standIn') {
      stoodIn = true;
      reading.report('PIP-201', range, `the variable ${name} ${state}; a stand-in takes its place`, { severity: 'notice', fix });
    } else {
      failed = true;
      reading.report('PIP-201', range, `the variable ${name} ${state}`, { fix });
    }
    return '';
  });
  if (failed) return undefined;
  return { text: stoodIn ? standIn : text, from, whole: /^\$\{\w+\}$/.test(decoded.text), stoodIn };
}

/** A value as a message shows it: as written, or masked and with the variable that it came from. */
export function showResolved(resolved: ResolvedText): string {
  if (resolved.from.length === 0) return JSON.stringify(resolved.text);
  return `${maskValue(resolved.text)} (from ${resolved.from.join(', ')})`;
}
