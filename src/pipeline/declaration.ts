import { Secret } from '../domain/masking.ts';
import { approversFields } from './declare-approvers.ts';
import { scheduleFields } from './declare-changes.ts';
import { guardsFields, leaversFields, planFields } from './declare-guards.ts';
import { holdsFields, protectedFields } from './declare-holds.ts';
import { retentionFields } from './declare-retention.ts';
import { loadFields } from './declare-load.ts';
import { notifyFields } from './declare-notify.ts';
import { sinkFields } from './declare-sink.ts';
import { sourceFields } from './declare-source.ts';
import { lookups, transformFields } from './declare-transform.ts';
import { defaulted, map, optional, reportKind, required, section, type Fields, type Kind, type Values } from './kind.ts';
import { parsedText, timezone } from './kinds.ts';
import { holdsLiteralPassword } from './literal-password.ts';
import { resolveReferences } from './references.ts';

const name = parsedText(
  { words: 'a name of letters, digits, - and _, at most 64 characters', pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/ },
  (value) => value,
);

/** A folder, or a PostgreSQL address, which may hold a password and is therefore a secret. */
const state: Kind<string | Secret> = {
  words: 'a folder, or a PostgreSQL address from the environment',
  schema: { type: 'string', minLength: 1 },
  read(node, path, reading) {
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.value.trim() === '')
      return reportKind(reading, node, path, this.words);
    if (holdsLiteralPassword(node.value)) {
      reading.mask(node.range);
      return reading.report('PIP-204', node.range, `${path} holds a password that is written in the file`);
    }
    const resolved = resolveReferences(node, reading, '.joinery');
    if (resolved === undefined) return undefined;
    return /^postgres(?:ql)?:\/\//i.test(resolved.text) ? new Secret(path, resolved.text) : reading.absolutePath(resolved.text);
  },
};

/** Every field of a pipeline file: the one declaration behind reading, types, JSON Schema and reference page. */
export const declaration = map({
  pipeline: required(name, {
    doc: 'Name of the pipeline. The ledger knows by it which workers this pipeline looks after.',
    danger: 'Under another name the pipeline owns nobody, and the workers of the old name are looked after by none.',
    example: 'contoso-workforce',
  }),
  timezone: optional(timezone, {
    doc: 'IANA time zone in which days begin and end. Required where employment or an expression reads the clock.',
    example: 'Europe/Berlin',
  }),
  schedule: optional(scheduleFields, {
    doc: 'When joinery watch runs the pipeline; nothing else looks at it.',
    example: "{ cron: '*/30 * * * *' }",
  }),
  source: required(sourceFields, {
    doc: 'The HR database, or its export.',
    example: '{ type: postgres, connection: "${HR_DATABASE_URL}", … }',
  }),
  lookups: defaulted(lookups, [], 'none', {
    doc: 'Tables from CSV files, by name; expressions find lines with $lookup($name, key).',
    example: '{ country: { file: ../samples/country-codes.csv, key: code } }',
  }),
  transform: required(transformFields, { doc: 'What is made of a row.', example: '{ attributes: { … } }' }),
  leavers: section(leaversFields, { doc: 'What happens to those who are no longer there.', example: '{ outOfScope: disable }' }),
  holds: section(holdsFields, { doc: 'Workers who must not be enabled.', example: '{ file: ../holds.txt }' }),
  protected: section(protectedFields, { doc: 'Workers who are never touched.', example: '{ workers: [W000001] }' }),
  guards: section(guardsFields, { doc: 'Limits that stop a plan before the first call.', example: '{ leavers: 2% }' }),
  approvers: section(approversFields, {
    doc: 'Who may let a plan go that a guard stopped. Without approvers a limit can only be raised in this file.',
    example: '[mkeller]',
  }),
  plan: section(planFields, { doc: 'How long a plan is good for.', example: '{ maxAge: 24h }' }),
  retention: section(retentionFields, {
    doc: 'How long personal data is kept in the state. Nothing is erased by itself: joinery purge does it.',
    example: '{ rows: 30d, payloads: 180d }',
  }),
  load: section(loadFields, { doc: 'How plans are sent: stages, pauses, calls left alone.', example: '{ staged: { when: always } }' }),
  notify: section(notifyFields, {
    doc: 'Who is told without looking, of what. Ids, codes and counts only; that somebody could not be told never changes how a run ends.',
    example: "{ webhook: { url: '${NOTIFY_WEBHOOK_URL}' } }",
  }),
  sink: required(sinkFields, { doc: 'The provisioning job.', example: '{ type: entra, … }' }),
  state: optional(state, {
    doc: 'Where state is kept: a folder, or a PostgreSQL address. --state and JOINERY_STATE come first; without any of them .joinery beside the folder pipelines.',
    danger: "Pipelines of one tenant that keep state in different places do not see each other's quota and workers.",
    example: '${JOINERY_STATE_URL}',
  }),
});

/** What the file says, before checks across fields. */
export type PipelineValues = Values<typeof declaration.fields>;

/** Path of the first field of that name, for fields that stand at the wrong depth. */
export function findField(wanted: string, fields: Fields = declaration.fields, path = ''): string | undefined {
  for (const [key, field] of Object.entries(fields)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (key === wanted) return at;
    const inner = field.kind.fields;
    const found = inner === undefined ? undefined : findField(wanted, inner, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
