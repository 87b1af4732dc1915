import * as z from 'zod';
import { JoineryError } from '../../domain/error.ts';
import { parseJson } from '../http-answer.ts';
import { uploadNames, type UploadName } from './script.ts';

const uploadShape = z.object({
  name: z.enum(uploadNames),
  /** `sending` in a file: the process ended before it knew. */
  state: z.enum(['sending', 'accepted', 'refused', 'unknown']),
  at: z.number(),
  /** Graph's code of a refusal. */
  code: z.string().optional(),
  /** Version in the location header of a 202. */
  location: z.enum(['v1.0', 'beta']).optional(),
  settled: z.boolean(),
});
const sightingShape = z.object({
  /** Its first row was seen, ms after the upload. */
  row: z.number().optional(),
  user: z.number().optional(),
  /** The account was there while its row was not, or the other way round. */
  before: z.enum(['user', 'row']).optional(),
});
const queriesShape = z.object({
  logPageSize: z.number(),
  statusInfoBeta: z.boolean(),
  statusInfoV1: z.boolean(),
  provisioningStatusInfo: z.boolean(),
});
const progressShape = z.object({
  version: z.literal(1),
  servicePrincipal: z.string(),
  job: z.string(),
  suffix: z.string(),
  domain: z.string().optional(),
  uploads: z.array(uploadShape),
  sightings: z.record(z.string(), sightingShape),
  queries: queriesShape.optional(),
});

/** Only what the logs cannot tell once more. Kept after every step, so that a probe that was stopped goes on. */
export type ProbeProgress = z.infer<typeof progressShape>;
export type UploadRecord = z.infer<typeof uploadShape>;
export type Queries = z.infer<typeof queriesShape>;

/** Errors: ENT-625 for a file that is none, or one of another job. */
export function readProgress(text: string, sink: { readonly servicePrincipal: string; readonly job: string }): ProbeProgress {
  const read = progressShape.safeParse(parseJson(text));
  if (!read.success) throw new JoineryError('ENT-625', 'the file is not the progress of a probe');
  if (read.data.job !== sink.job || read.data.servicePrincipal !== sink.servicePrincipal)
    throw new JoineryError('ENT-625', 'the probe that was begun is of another job');
  return read.data;
}

export function uploadIn(progress: ProbeProgress, name: UploadName): UploadRecord | undefined {
  return progress.uploads.find((one) => one.name === name);
}
