import type { Rejection } from '../domain/change.ts';
import { errorRegistry, declarationOf, type ErrorCode } from '../domain/errors/registry.ts';
import type { Masks } from './masks.ts';
import type { RejectionGroup } from './run-report.ts';

/** How many of a group are named. */
export const examplesPerGroup = 50;

/** Rejections by the code of their reason, most first; one with two reasons counts in both groups, and once in the total. */
export async function groupRejections(
  rejections: AsyncIterable<Rejection>,
  masks: Masks,
): Promise<{ readonly groups: readonly RejectionGroup[]; readonly total: number }> {
  const groups = new Map<ErrorCode, RejectionGroup & { rejections: number; fresh: number; examples: { who: string; message: string }[] }>();
  let total = 0;
  for await (const { externalId, ordinals, reasons, fresh } of rejections) {
    total++;
    for (const reason of new Map(reasons.map((one) => [one.code, one])).values()) {
      const { title, why, fix } = declarationOf(reason.code);
      const group = groups.get(reason.code) ?? { code: reason.code, title, why, fix, rejections: 0, fresh: 0, examples: [] };
      groups.set(reason.code, group);
      group.rejections++;
      if (fresh) group.fresh++;
      if (group.examples.length < examplesPerGroup) {
        const who = externalId ?? `row ${ordinals.join(', ')}`;
        group.examples.push({ who, message: masks.text(reason.message) });
      }
    }
  }
  return { groups: [...groups.values()].toSorted((left, right) => right.rejections - left.rejections), total };
}

/** The heading of a code; the code itself if this program does not know it any more. */
export function titleOf(code: string): string {
  return isKnown(code) ? declarationOf(code).title : code;
}

export function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(errorRegistry, code);
}
