import type { Operation } from '../domain/operation.ts';
import type { ExternalId, SentChangeKind } from '../domain/words.ts';
import { classWords, explainCode } from '../entra/outcome-codes.ts';
import { personalParts, type Masks } from './masks.ts';
import { examplesPerGroup } from './rejection-groups.ts';
import type { TroubleGroup } from './run-report.ts';
import { endOf, shortPath, type End } from './words.ts';

interface Trouble {
  readonly code: string;
  readonly words: string;
  readonly todo: string;
  readonly who: string;
}

/** What there is to say about ends that carry no code of the service. */
const withoutCode: Readonly<Partial<Record<End, Trouble>>> = {
  silent: {
    code: '(no row)',
    words: 'The service wrote no log row in time.',
    todo: 'Look whether the job is running and not in quarantine; the next run sends these workers again.',
    who: 'set-up of the job or its rights',
  },
  appliedWithWarning: {
    code: '(warning)',
    words: 'Written, but not all attributes were set.',
    todo: 'Look at the attribute that is named; a manager is sent once more by itself.',
    who: 'HR data',
  },
  refused: {
    code: '(call refused)',
    words: 'The service refused the whole call: nothing of the batch was taken.',
    todo: 'Read the reason at the batch; after the repair run again.',
    who: 'set-up of the job or its rights',
  },
  dropped: {
    code: '(not sent)',
    words: 'Not sent: the worker changed since the plan was made, or a newer run took over.',
    todo: 'Nothing; the next run plans these workers anew.',
    who: 'nobody',
  },
};

/** Operations that a person may have to look at, by how they ended and the service's code, worst first. */
export async function groupTroubles(
  chunks: AsyncIterable<readonly Operation[]>,
  masks: Masks,
): Promise<{ readonly groups: readonly TroubleGroup[]; readonly workers: ReadonlySet<ExternalId> }> {
  const groups = new Map<
    string,
    TroubleGroup & { operations: number; examples: { who: ExternalId; change: SentChangeKind; reason: string }[] }
  >();
  const workers = new Set<ExternalId>();
  for await (const chunk of chunks) {
    for (const operation of chunk) {
      const end = endOf(operation.outcome ?? operation.state);
      const trouble = troubleOf(operation, end);
      const key = `${end} ${trouble.code}`;
      const group = groups.get(key) ?? { end, ...trouble, operations: 0, examples: [] };
      groups.set(key, group);
      group.operations++;
      if (end !== 'dropped') workers.add(operation.externalId);
      if (group.examples.length < examplesPerGroup)
        group.examples.push({ who: operation.externalId, change: operation.change, reason: reasonOf(operation, masks) });
    }
  }
  const order: readonly End[] = ['failed', 'silent', 'escrowed', 'refused', 'skipped', 'appliedWithWarning', 'dropped'];
  const sorted = [...groups.values()].toSorted(
    (left, right) => order.indexOf(left.end) - order.indexOf(right.end) || right.operations - left.operations,
  );
  return { groups: sorted, workers };
}

function troubleOf({ failure }: Operation, end: End): Trouble {
  const fixed = withoutCode[end];
  if (failure === undefined || end === 'dropped') {
    return fixed ?? { code: '(no code)', words: 'The log row gives no code.', todo: 'Read the reason.', who: classWords.target };
  }
  const known = explainCode(failure.code, failure.reason);
  return { code: failure.code === '' ? known.code : failure.code, words: known.words, todo: known.todo, who: classWords[known.class] };
}

/** The service's reason and what was not set, with the values of the payload masked. */
export function reasonOf({ failure, evidence, payload }: Operation, masks: Masks): string {
  const unset = (evidence?.unset ?? []).map(shortPath).join(', ');
  const reason = failure === undefined ? '' : masks.text(failure.reason, personalParts(payload, masks));
  return [unset === '' ? '' : `not set: ${unset}`, reason].filter((part) => part !== '').join('; ');
}
