import * as z from 'zod';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { LogRow } from '../domain/log-row.ts';
import { excerptOf, isRecord } from './http-answer.ts';

/**
 * Lenient where it does no harm: unknown members are dropped, missing texts are allowed, a number or boolean among the texts is
 * written out, enum values that we do not know are kept. Strict in what says which row and whose it is.
 */
const text = z.union([z.string(), z.number().transform(String), z.boolean().transform((value) => (value ? 'True' : 'False'))]);
const optionalText = text.nullish();
const identity = z.object({ id: optionalText, displayName: optionalText }).nullish();

/** A dictionary of texts; whatever else stands in it (objects, lists) is left out. By hand: a schema asked per value took half of the time of reading a row. */
const details = z.record(z.string(), z.unknown()).transform((members) => {
  const kept: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(members)) {
    if (typeof value === 'string' || value === null) kept[name] = value;
    else if (typeof value === 'number') kept[name] = String(value);
    else if (typeof value === 'boolean') kept[name] = value ? 'True' : 'False';
  }
  return kept;
});

const step = z.object({
  name: z.string().catch(''),
  provisioningStepType: z.string().catch(''),
  status: z.string().catch(''),
  description: optionalText,
  details: details.nullish().catch(null),
});

const row = z.object({
  id: z.string().min(1),
  activityDateTime: z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'not a date'),
  jobId: z.string().min(1),
  cycleId: z.string().nullish(),
  changeId: z.string().nullish(),
  provisioningAction: z.string().nullish(),
  provisioningStatusInfo: z.object({
    status: z.string().min(1),
    errorInformation: z
      .object({
        errorCode: optionalText,
        errorCategory: optionalText,
        reason: optionalText,
        additionalDetails: optionalText,
        recommendedAction: optionalText,
      })
      .nullish(),
  }),
  provisioningSteps: z.array(step).nullish(),
  sourceIdentity: identity,
  targetIdentity: identity,
  modifiedProperties: z.array(z.object({ displayName: optionalText, oldValue: optionalText, newValue: optionalText })).nullish(),
});

/** A row in our form, or the problem with it. A row without a changeId is a change of its own. */
export type ParsedLogRow = { readonly kind: 'row'; readonly row: LogRow } | { readonly kind: 'problem'; readonly problem: Diagnostic };

export function parseLogRow(value: unknown): ParsedLogRow {
  const read = row.safeParse(value);
  if (!read.success) return { kind: 'problem', problem: problemOf(value, read.error) };
  const { data } = read;
  const info = data.provisioningStatusInfo.errorInformation;
  return {
    kind: 'row',
    row: {
      id: data.id,
      activityDateTime: data.activityDateTime,
      jobId: data.jobId,
      cycleId: data.cycleId ?? '',
      changeId: data.changeId === undefined || data.changeId === null || data.changeId === '' ? data.id : data.changeId,
      provisioningAction: data.provisioningAction ?? 'other',
      provisioningStatusInfo: {
        status: data.provisioningStatusInfo.status,
        ...(info === undefined || info === null ? {} : { errorInformation: defined(info) }),
      },
      ...(data.provisioningSteps === undefined || data.provisioningSteps === null
        ? {}
        : { provisioningSteps: data.provisioningSteps.map(defined) }),
      ...(data.sourceIdentity === undefined || data.sourceIdentity === null ? {} : { sourceIdentity: defined(data.sourceIdentity) }),
      ...(data.targetIdentity === undefined || data.targetIdentity === null ? {} : { targetIdentity: defined(data.targetIdentity) }),
      ...(data.modifiedProperties === undefined || data.modifiedProperties === null
        ? {}
        : { modifiedProperties: data.modifiedProperties.map(defined) }),
    },
  };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the members that are undefined, as `exactOptionalPropertyTypes` wants it. */
function defined<T extends object>(value: T): Defined<T> {
  const kept = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.fromEntries forgets the names that Object.entries read
  return kept as Defined<T>;
}

/** Names the row and the members, never a value. */
function problemOf(value: unknown, error: z.ZodError): Diagnostic {
  const id = isRecord(value) && typeof value['id'] === 'string' ? excerptOf(value['id']).slice(0, 60) : 'without an id';
  const members = [...new Set(error.issues.map((issue) => issue.path.join('.') || 'the row'))].slice(0, 5).join(', ');
  return {
    code: 'ENT-401',
    severity: 'warning',
    message: `provisioning log row ${id} is left out: ${members} missing or of another form`,
  };
}
