import type { Json } from '../domain/canonical-json.ts';
import type { LogRow, LogStep } from '../domain/log-row.ts';
import type { AttributePath, Payload } from '../domain/payload.ts';
import { isRecord } from './http-answer.ts';

/**
 * The name that a path has among the details of an import step: `.`, `:` and `@` are stripped, brackets and quotes kept.
 * Source: graph-contract 3.3 (`namefamilyName`, `urnietfparamsscimschemasextensionenterprise20Userdepartment`, `odatatype`).
 */
export function stripKey(path: AttributePath): string {
  return path.replaceAll(/[.:@]/g, '');
}

/** Which further signs the service strips is not documented, so that names are compared by letters and digits alone. */
function looseKey(key: string): string {
  const before = looseKeys.get(key);
  if (before !== undefined) return before;
  const loose = key.replaceAll(/[^\p{L}\p{N}]/gu, '').toLowerCase();
  // A job has a few dozen names; the bound is for logs that are not what they should be.
  if (looseKeys.size >= 2_000) looseKeys.clear();
  looseKeys.set(key, loose);
  return loose;
}

const looseKeys = new Map<string, string>();

/** One single value of a payload with its path; null stands for “to be emptied”. */
export interface PayloadLeaf {
  readonly path: AttributePath;
  readonly value: string | number | boolean | null;
}

/** The single values of a payload. Lists without a type have no path in the logs and are left out. */
export function payloadLeaves(payload: Payload): PayloadLeaf[] {
  const leaves: PayloadLeaf[] = [];
  for (const [name, value] of Object.entries(payload)) {
    if (name === 'schemas') continue;
    collect(name, value, name.includes(':') ? ':' : '.', leaves);
  }
  return leaves;
}

function collect(path: string, value: Json | undefined, separator: string, leaves: PayloadLeaf[]): void {
  if (value === undefined) return;
  if (value === null || typeof value !== 'object') {
    leaves.push({ path, value });
  } else if (Array.isArray(value)) {
    for (const item of value) {
      if (!isRecord(item) || typeof item['type'] !== 'string') continue;
      for (const [name, member] of Object.entries(item)) {
        if (name === 'type' || name === 'primary') continue;
        if (member === null || typeof member === 'string' || typeof member === 'number' || typeof member === 'boolean') {
          leaves.push({ path: `${path}[type eq "${item['type']}"].${name}`, value: member });
        }
      }
    }
  } else {
    for (const [name, member] of Object.entries(value)) collect(`${path}${separator}${name}`, member, '.', leaves);
  }
}

/** What import steps say about a payload. */
export interface Comparison {
  /** Attributes whose imported value is the payload's; `externalId`, by which the rows were found, proves nothing and is left out. */
  readonly agreed: readonly AttributePath[];
  /** Attributes whose imported value is another one: the row is about another version of the worker. */
  readonly contradicted: readonly AttributePath[];
}

/** Compares the imported values of a group of rows with a payload. What the logs do not show, or show redacted, says nothing. */
export function compareImported(rows: readonly LogRow[], payload: Payload): Comparison {
  const expected = new Map<string, PayloadLeaf>();
  const paths = new Set<AttributePath>();
  const doubled = new Set<string>();
  for (const leaf of payloadLeaves(payload)) {
    if (leaf.path === 'externalId') continue;
    // Two entries of one type: the logs show one value under the name that both have, and it speaks against neither.
    if (paths.has(leaf.path)) doubled.add(looseKey(leaf.path));
    paths.add(leaf.path);
    expected.set(looseKey(leaf.path), leaf);
    // A reference is shown under its own name or under that of its value.
    if (leaf.path.endsWith(':manager.value')) expected.set(looseKey(leaf.path.slice(0, -'.value'.length)), leaf);
  }
  for (const key of doubled) expected.delete(key);
  const agreed = new Set<AttributePath>();
  const contradicted = new Set<AttributePath>();
  for (const step of rows.flatMap((row) => (row.provisioningSteps ?? []).filter(isSourceImport))) {
    for (const [key, shown] of Object.entries(step.details ?? {})) {
      const leaf = expected.get(looseKey(key));
      if (leaf === undefined) continue;
      const verdict = compareValue(leaf, shown);
      if (verdict === 'agrees') agreed.add(leaf.path);
      else if (verdict === 'contradicts') contradicted.add(leaf.path);
    }
  }
  return { agreed: [...agreed].toSorted(), contradicted: [...contradicted].toSorted() };
}

/**
 * Steps that show what came from the source. `EntryImport` is also the name under which the target's own values are shown after the
 * match; those are old values and prove nothing.
 */
function isSourceImport(step: LogStep): boolean {
  if (step.provisioningStepType !== 'import' || step.name === 'EntryImportObjectNotFound') return false;
  return step.name !== 'EntryImport' || /^\s*Received\b/i.test(step.description ?? '');
}

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function compareValue({ path, value }: PayloadLeaf, shown: string | null): 'agrees' | 'contradicts' | 'silent' {
  const told = (shown ?? '').trim();
  if (/^\[?(?:redacted|\*+)\]?$/i.test(told)) return 'silent';
  const sent = value === null ? '' : String(value).trim();
  if (typeof value === 'boolean') return told.toLowerCase() === sent ? 'agrees' : 'contradicts';
  if (told.normalize('NFC') === sent.normalize('NFC')) return sent === '' ? 'silent' : 'agrees';
  if (typeof value === 'number') return Number(told) === value && told !== '' ? 'agrees' : 'contradicts';
  // The service may show the directory object that a reference was resolved to.
  if (path.endsWith(':manager.value') && guid.test(told)) return 'silent';
  // Long values are cut in some logs.
  const cut = told.replace(/(?:…|\.{3})$/, '');
  if (cut !== told && cut.length >= 16 && sent.startsWith(cut)) return 'agrees';
  if (isDate(sent)) {
    // Dates come back in the service's own form, of whatever culture; only a form that names one instant can speak against ours.
    if (!isDate(told)) return 'silent';
    return Date.parse(told) === Date.parse(sent) ? 'agrees' : 'contradicts';
  }
  return 'contradicts';
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** True if the agreed values tell the payload from another version of the worker; equal versions need no telling apart. */
export function distinguishes(agreed: readonly AttributePath[], payload: Payload, rival: Payload): boolean {
  const mine = new Map(payloadLeaves(payload).map((leaf) => [leaf.path, leaf.value]));
  const theirs = new Map(payloadLeaves(rival).map((leaf) => [leaf.path, leaf.value]));
  const differing = new Set([...mine.keys(), ...theirs.keys()].filter((path) => (mine.get(path) ?? null) !== (theirs.get(path) ?? null)));
  return differing.size === 0 || agreed.some((path) => differing.has(path));
}
