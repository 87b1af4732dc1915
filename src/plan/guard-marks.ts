import type { AttributeDifference, Change } from '../domain/change.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import { isDisable, type SentChangeKind } from '../domain/words.ts';
import type { GuardsDeclaration } from '../pipeline/pipeline.ts';
import { getAttribute } from '../scim/index.ts';

/**
 * What one worker of a plan counts for, by the name of the guard: `leavers`, `emptied.PATH`, `changes.PATH`, `changes.PATH@GROUP`. The store keeps with each worker when
 * something of that mark was sent last, so that a worker counts once in each window however often he was sent.
 */
export type GuardMark = string;

/** Attributes with a guard of their own. */
const apart: readonly AttributePath[] = ['active', 'userName', 'externalId', 'schemas'];

const kindMarks: Readonly<Record<Exclude<SentChangeKind, 'mover'>, GuardMark>> = {
  leaver: 'leavers',
  cancelled: 'leavers',
  joiner: 'joiners',
  'pre-hire': 'joiners',
  enable: 'enables',
  rehire: 'enables',
};

/** What marks are made from: a change of a plan, or a payload that is sent later against its baseline. */
export type Markable = { readonly change: SentChangeKind } & Pick<Change, 'differences' | 'payload'> & Partial<Pick<Change, 'cause'>>;

/** Marks of a change that is sent. An account that is created has no attributes that change, and one that is disabled keeps all it has. */
export function marksOf(
  { change: kind, cause, differences, payload }: Markable,
  guards: Pick<GuardsDeclaration, 'changes'>,
): readonly GuardMark[] {
  const marks: GuardMark[] = kind === 'mover' ? [] : [kindMarks[kind]];
  // A manager who is sent once more because the service did not know him yet was counted the first time.
  if (cause === 'manager') return marks;
  if (kind === 'joiner' || kind === 'pre-hire' || isDisable(kind)) return marks;
  const { groups } = guards.changes;
  const group = groups === undefined ? undefined : groupBefore(differences, payload, groups.by);
  for (const { path, kind: difference } of differences) {
    if (path === 'userName') marks.push('renames');
    if (apart.includes(path)) continue;
    marks.push(`changes.${path}`);
    if (difference === 'emptied') marks.push(`emptied.${path}`);
    if (group !== undefined && path !== groups?.by) marks.push(`changes.${path}@${group}`);
  }
  return marks;
}

/** The group that the worker is in before the change: a text or a number that his account has. */
export function groupBefore(differences: readonly AttributeDifference[], payload: Payload, by: AttributePath): string | undefined {
  const difference = differences.find(({ path }) => path === by);
  const value = difference === undefined ? getAttribute(payload, by) : difference.old;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** `changes.title@Sales` → path and group. undefined for a mark that is of no attribute. */
export function readMark(
  mark: GuardMark,
): { readonly family: 'emptied' | 'changes'; readonly path: AttributePath; readonly group?: string } | undefined {
  const found = /^(emptied|changes)\.([^@]+)(?:@(.*))?$/su.exec(mark);
  const [, family, path, group] = found ?? [];
  if ((family !== 'emptied' && family !== 'changes') || path === undefined) return undefined;
  return { family, path, ...(group === undefined ? {} : { group }) };
}
