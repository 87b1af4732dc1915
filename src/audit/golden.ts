import type { Json } from '../domain/canonical-json.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import { formatPlace, type Place } from '../domain/place.ts';
import type { Run } from '../domain/run.ts';
import type { Draft, Verdict } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import type { Mapping } from '../mapping/contract.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { differences } from '../scim/index.ts';
import type { Store } from '../store/contract.ts';
import { readHandoff } from '../store/run-files.ts';
import type { Masks } from './masks.ts';

/** Workers whose verdicts differ in one attribute for one cause. */
export interface GoldenGroup {
  /** An attribute path, `$let`, `scope`, or `row` for what belongs to no expression. */
  readonly attribute: string;
  /** `value differs`, `now empty (keep)`, `now rejected (MAP-207)`: the new verdict against the stored one. */
  readonly cause: string;
  readonly workers: number;
  /** Where the attribute is declared now. */
  readonly place?: Place;
  /** The first workers, values masked by their class. */
  readonly examples: readonly { readonly worker: ExternalId; readonly old: string; readonly new: string }[];
}

export interface GoldenReport {
  readonly run: string;
  /** The mapping is the one of the run: then nothing can differ but by a defect. */
  readonly sameMapping: boolean;
  /** Workers of the run whose rows were mapped again. */
  readonly workers: number;
  readonly differing: number;
  /** Most workers first. */
  readonly groups: readonly GoldenGroup[];
}

/** How many workers a group shows. */
const shown = 3;

interface Difference {
  readonly attribute: string;
  readonly cause: string;
  readonly old?: Json | undefined;
  readonly new?: Json | undefined;
}

/**
 * Maps the rows that a run kept with the present mapping, at the run's instant, and compares each verdict with the one that the run stored. Reads the run's files only;
 * memory does not grow with the run. Errors: STG-105 for a run that was not transformed.
 */
export async function compareGolden(store: Store, pipeline: Pipeline, mapping: Mapping, run: Run, masks: Masks): Promise<GoldenReport> {
  const places = new Map(pipeline.transform.attributes.map(({ path, place }) => [path, place] as const));
  const names = [...places.keys(), ...pipeline.transform.let.map(({ name }) => `$${name}`), 'scope', 'active'];
  const groups = new Map<string, { attribute: string; cause: string; workers: number; examples: GoldenGroup['examples'][number][] }>();
  if (!(await store.files.list({ run: run.id })).includes('rows.ndjson')) {
    const fix = 'Name a run that was transformed and still has its rows: a purge takes those that are older than retention.rows.';
    throw new JoineryError('STG-105', `run ${run.id} has no rows that could be mapped again`, { fix });
  }
  const stored = verdictsOf(store, run);
  let workers = 0;
  let differing = 0;
  try {
    for await (const item of readHandoff(store, run.id, 'rows.ndjson')) {
      if (item.kind !== 'group') continue;
      workers++;
      const before = await stored.next();
      if (before.done === true || before.value.externalId !== item.group.key)
        throw new JoineryError('STG-105', `run ${run.id} has no verdict on worker ${item.group.key}`);
      const found = differencesOf(before.value, await mapping.evaluate(item.group, run.asOf), names);
      if (found.length > 0) differing++;
      for (const { attribute, cause, old, new: next } of found) {
        const key = `${attribute}\n${cause}`;
        const group = groups.get(key) ?? { attribute, cause, workers: 0, examples: [] };
        groups.set(key, group);
        group.workers++;
        if (group.examples.length < shown)
          group.examples.push({ worker: item.group.key, old: masks.attribute(attribute, old), new: masks.attribute(attribute, next) });
      }
    }
  } finally {
    // After the last row it was not asked whether there is another verdict, and the file would stay open.
    await stored.return(undefined);
  }
  const sorted = [...groups.values()].toSorted((a, b) => b.workers - a.workers || (a.attribute < b.attribute ? -1 : 1));
  return {
    run: run.id,
    sameMapping: run.mappingId === mapping.id,
    workers,
    differing,
    groups: sorted.map((group) => {
      const place = places.get(group.attribute);
      return place === undefined ? group : { ...group, place };
    }),
  };
}

async function* verdictsOf(store: Store, run: Run): AsyncGenerator<Verdict, undefined> {
  for await (const item of readHandoff(store, run.id, 'verdicts.ndjson')) if (item.kind === 'verdict') yield item.verdict;
  return undefined;
}

/** What differs between two verdicts on the same rows. Empty exactly if a plan could not tell them apart. */
function differencesOf(before: Verdict, after: Verdict, names: readonly string[]): readonly Difference[] {
  const found: Difference[] = [];
  if ((before.kind === 'outOfScope') !== (after.kind === 'outOfScope')) {
    const inScope = (verdict: Verdict): Json => verdict.kind !== 'outOfScope';
    found.push({
      attribute: 'scope',
      cause: after.kind === 'outOfScope' ? 'now out of scope' : 'now in scope',
      old: inScope(before),
      new: inScope(after),
    });
  }
  const reasons = (verdict: Verdict): readonly Diagnostic[] => (verdict.kind === 'rejected' ? verdict.reasons : []);
  const keyOf = ({ code }: Diagnostic, attribute: string): string => `${attribute} ${code}`;
  const [were, are] = [before, after].map((verdict) =>
    reasons(verdict).map((reason) => ({ attribute: nameOf(reason, names), reason, key: keyOf(reason, nameOf(reason, names)) })),
  );
  for (const { attribute, reason, key } of are ?? [])
    if (were?.some((one) => one.key === key) !== true) found.push({ attribute, cause: `now rejected (${reason.code})` });
  for (const { attribute, reason, key } of were ?? [])
    if (are?.some((one) => one.key === key) !== true) found.push({ attribute, cause: `no longer rejected (${reason.code})` });
  if (before.kind === 'rejected' && after.kind === 'rejected' && before.saysInactive !== after.saysInactive)
    found.push({ attribute: 'active', cause: after.saysInactive ? 'now certainly inactive' : 'no longer certainly inactive' });
  if (before.kind === 'draft' && after.kind === 'draft') found.push(...draftDifferences(before.draft, after.draft));
  if (before.nextDate !== after.nextDate) found.push({ attribute: 'row', cause: 'looked at again on another date' });
  return found;
}

function draftDifferences(before: Draft, after: Draft): readonly Difference[] {
  const found: Difference[] = [];
  const ruleOf = (draft: Draft, path: string): string | undefined => draft.empty.find((one) => one.path === path)?.rule;
  for (const { path, old, new: next } of differences(before.payload, after.payload)) {
    if (path === 'active')
      found.push({ attribute: path, cause: after.active ? 'now active' : 'now inactive', old: before.active, new: after.active });
    else if (old === undefined) found.push({ attribute: path, cause: 'now has a value', old, new: next });
    else if (next === undefined || next === null)
      found.push({ attribute: path, cause: `now empty (${ruleOf(after, path) ?? 'clear'})`, old, new: next });
    else found.push({ attribute: path, cause: 'value differs', old, new: next });
  }
  if (before.preHire !== after.preHire)
    found.push({ attribute: 'active', cause: after.preHire ? 'now a pre-hire' : 'no longer a pre-hire' });
  const seen = new Set(found.map(({ attribute }) => attribute));
  for (const path of new Set([...before.empty, ...after.empty].map((one) => one.path))) {
    const [old, next] = [ruleOf(before, path), ruleOf(after, path)];
    if (old !== next && !seen.has(path))
      found.push({ attribute: path, cause: `emptiness: ${old ?? 'a value'} before, ${next ?? 'a value'} now` });
  }
  const candidates = (draft: Draft, path: string): readonly string[] => draft.once.find((one) => one.path === path)?.candidates ?? [];
  for (const path of new Set([...before.once, ...after.once].map((one) => one.path))) {
    const [old, next] = [[...candidates(before, path)], [...candidates(after, path)]];
    if (JSON.stringify(old) !== JSON.stringify(next))
      found.push({ attribute: path, cause: 'candidates differ (only new workers get one)', old, new: next });
  }
  return found;
}

/** The expression that a reason is about: messages begin with its name. */
function nameOf({ message }: Diagnostic, names: readonly string[]): string {
  return names.find((name) => message.startsWith(`${name}: `) || message.startsWith(`${name} `)) ?? 'row';
}

/** The report as a person reads it. */
export function renderGolden(report: GoldenReport): string {
  const { run, workers, differing, groups, sameMapping } = report;
  const lines = [
    `run ${run}: ${String(workers)} worker${workers === 1 ? '' : 's'} mapped again, ${differing === 0 ? 'none differs' : `${String(differing)} differ`}${sameMapping ? ' (the mapping is the one of the run)' : ''}`,
  ];
  for (const { attribute, cause, workers: count, examples, place } of groups) {
    lines.push(
      '',
      `${attribute}: ${cause}, ${String(count)} worker${count === 1 ? '' : 's'}${place === undefined ? '' : `  ${formatPlace(place)}`}`,
    );
    for (const { worker, old, new: next } of examples) {
      lines.push(old === next && old === 'nothing' ? `  ${worker}` : `  ${worker}  ${old} → ${next}`);
    }
    if (count > examples.length) lines.push(`  … and ${String(count - examples.length)} more`);
  }
  return lines.join('\n');
}
