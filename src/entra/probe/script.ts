import type { Json } from '../../domain/canonical-json.ts';
import { coreUserSchema } from '../../domain/payload.ts';
import { externalIdOf, parts, recordOf, type Cast, type Part } from './throwaways.ts';

export const uploadNames = ['create', 'change', 'coreOnly', 'tooMany', 'disable'] as const;
export type UploadName = (typeof uploadNames)[number];

/** Two versions would show which one wins; five show whether they are looked at in order. */
export const versions = ['Probe v1', 'Probe v2', 'Probe v3', 'Probe v4', 'Probe v5'] as const;

/** One call, what it is for, and whose rows are waited for. */
export interface ProbeUpload {
  readonly name: UploadName;
  readonly words: string;
  readonly records: readonly { readonly [name: string]: Json }[];
  readonly awaited: readonly Part[];
  /** A 400 is an answer to the question that is asked. */
  readonly mayBeRefused: boolean;
}

type Draft = Omit<ProbeUpload, 'name'>;

const plain = ['unchanged', 'omitted', 'null', 'empty', 'withoutActive', 'versions'] as const;

const drafts: Readonly<Record<UploadName, (cast: Cast, created: readonly Part[]) => Draft>> = {
  create: (cast) => ({
    words: 'create six workers, one whose manager is unknown, and one who is inactive and unknown',
    records: [
      ...plain.map((part) => recordOf(cast, part)),
      recordOf(cast, 'unmanaged', { manager: externalIdOf(cast, 'lateManager') }),
      recordOf(cast, 'inactive', { active: false }),
    ],
    awaited: [...plain, 'unmanaged', 'inactive'],
    mayBeRefused: false,
  }),
  change: (cast) => ({
    words:
      'send one unchanged; one with department omitted, one with null, one with ""; one without active; five versions of one; and the manager',
    records: [
      recordOf(cast, 'unchanged'),
      // Another title, so that there is a row whatever becomes of the department.
      recordOf(cast, 'omitted', { title: 'Probe 2', department: undefined }),
      recordOf(cast, 'null', { title: 'Probe 2', department: null }),
      recordOf(cast, 'empty', { title: 'Probe 2', department: '' }),
      recordOf(cast, 'withoutActive', { title: 'Probe 2', active: undefined }),
      ...versions.map((title) => recordOf(cast, 'versions', { title })),
      recordOf(cast, 'lateManager'),
    ],
    awaited: [...plain, 'lateManager'],
    mayBeRefused: false,
  }),
  coreOnly: (cast) => ({
    words: 'create one whose record names the core schema only',
    records: [recordOf(cast, 'coreOnly', { schemas: [coreUserSchema] })],
    awaited: ['coreOnly'],
    mayBeRefused: true,
  }),
  tooMany: (cast) => ({
    words: 'send 51 operations in one call, all of them the same unchanged record',
    records: Array.from({ length: 51 }, () => recordOf(cast, 'unchanged')),
    awaited: ['unchanged'],
    mayBeRefused: true,
  }),
  disable: (cast, created) => ({
    words: 'disable everybody whom the probe made',
    records: created.map((part) => recordOf(cast, part, { active: false, title: 'Probe, to be deleted' })),
    awaited: created,
    mayBeRefused: false,
  }),
};

/**
 * The fixed script: five calls. What a call asks is judged by the rows of that call alone, so that a person of one question is in no other one.
 * @param created those who may be there and have to be disabled at the end
 */
export function uploadOf(name: UploadName, cast: Cast, created: readonly Part[] = parts): ProbeUpload {
  return { name, ...drafts[name](cast, created) };
}
