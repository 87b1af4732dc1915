import { formatInstant, type Instant } from '../../domain/clock.ts';
import type { Diagnostic } from '../../domain/diagnostic.ts';
import type { JoineryError } from '../../domain/error.ts';
import type { SinkDeclaration } from '../../pipeline/pipeline.ts';
import { preflight } from '../job.ts';
import { excessRoles, missingNeeds } from '../roles.ts';
import { compareSchema, type SentAttributes } from '../schema/compare-schema.ts';
import { examineRows } from './examine-rows.ts';
import type { Known, ServiceFacts } from './facts.ts';

/** What our own state knows. */
export interface StateFacts {
  readonly now: Instant;
  readonly calls: { readonly used: number; readonly of: number };
  /** Operations in flight, the oldest first. */
  readonly open: readonly { readonly externalId: string; readonly acceptedAt?: Instant }[];
  /** What the service said to calls that it did not take, newest runs only. */
  readonly refusals: readonly { readonly detail: string; readonly at?: Instant }[];
}

/** Commands of a fix are about this pipeline file. */
export interface Examination {
  readonly pipeline: string;
  readonly sink: Pick<SinkDeclaration, 'tenant' | 'servicePrincipal' | 'auth'>;
  readonly sent: SentAttributes;
  readonly state: StateFacts;
}

/** Longest difference of clocks that does no harm to assertions and log windows, ms. */
const toleratedSkew = 120_000;
/** An upload's row is visible after 5 to 10 minutes; an hour is the service's slowest seen. */
const lateAfter = 3_600_000;

/** Every check, worst first. Pure: same facts, same findings. */
export function examine(facts: ServiceFacts, examination: Examination): readonly Diagnostic[] {
  const found = [
    ...examineToken(facts, examination),
    ...examineJob(facts, examination),
    ...examineNotifications(facts),
    ...fromKnown(facts.schema, (schema) =>
      compareSchema(examination.sent, schema).map((one) => ({ ...one, fix: schemaFix(one, examination.pipeline) })),
    ),
    ...fromKnown(facts.rows, examineRows),
    ...examineState(facts, examination),
  ];
  const order = { error: 0, warning: 1, notice: 2 };
  const seen = new Set<string>();
  const fresh = found.filter(({ code, message }) => !seen.has(`${code} ${message}`) && seen.add(`${code} ${message}`).size > 0);
  return fresh.toSorted((left, right) => order[left.severity] - order[right.severity]);
}

/** The command that repairs it, where one does; otherwise the one that shows the whole of it. */
function schemaFix({ code, message }: Diagnostic, pipeline: string): string {
  const push = `joinery entra schema push ${pipeline}`;
  if (code === 'ENT-607') return `${push} --clearing --yes`;
  const [, unmapped] = /^(.*) is sent and in the job’s schema, but no mapping reads it/.exec(message) ?? [];
  if (unmapped !== undefined) return `${push} --map '${unmapped}=TARGET' --yes, or take the attribute out of the pipeline`;
  return code === 'ENT-605' && message.includes('does not have it') ? `${push} --yes` : `joinery entra schema diff ${pipeline}`;
}

function fromKnown<T>(known: Known<T>, judge: (value: T) => readonly Diagnostic[]): readonly Diagnostic[] {
  return known.kind === 'known' ? judge(known.value) : [refused(known.error)];
}

function refused(error: JoineryError): Diagnostic {
  return { code: error.code, severity: 'error', message: error.message, why: error.why, fix: error.fix };
}

function examineToken({ token, skew }: ServiceFacts, { sink }: Examination): readonly Diagnostic[] {
  const out: Diagnostic[] = [];
  if (skew !== undefined && Math.abs(skew) > toleratedSkew) {
    const direction = skew > 0 ? 'behind' : 'ahead of';
    out.push({
      code: 'ENT-604',
      severity: 'error',
      message: `this machine’s clock is ${String(Math.round(Math.abs(skew) / 1000))} s ${direction} the service’s`,
    });
  }
  if (token.kind === 'refused') return [...out, refused(token.error)];
  if (token.value === undefined) return out;
  const { roles, tenant } = token.value;
  const setUp = 'joinery entra setup';
  for (const { purpose, anyOf, optional } of missingNeeds(roles)) {
    const severity = optional === true ? 'warning' : 'error';
    out.push({
      code: 'ENT-601',
      severity,
      message: `application ${sink.auth.client} has no role ${purpose}: ${anyOf[0] ?? ''}`,
      fix: setUp,
    });
  }
  const excess = excessRoles(roles);
  if (excess.length > 0)
    out.push({
      code: 'ENT-602',
      severity: 'warning',
      message: `application ${sink.auth.client} may do more than a runner needs: ${excess.join(', ')}`,
    });
  if (tenant !== undefined && tenant !== sink.tenant)
    out.push({ code: 'ENT-507', severity: 'error', message: 'the token is of another tenant than sink.tenant' });
  return out;
}

function examineJob({ job, jobs }: ServiceFacts, { sink, pipeline }: Examination): readonly Diagnostic[] {
  if (job.kind === 'known') {
    const fixes: Readonly<Partial<Record<Diagnostic['code'], string>>> = {
      'ENT-501': `joinery entra start ${pipeline}`,
      'ENT-502': `joinery entra start ${pipeline}`,
      'ENT-503': `joinery entra restart ${pipeline}`,
      'ENT-505': 'joinery entra setup',
    };
    return preflight(job.value, sink.tenant).map((one) => ({
      ...one,
      ...(fixes[one.code] === undefined ? {} : { fix: fixes[one.code] ?? '' }),
    }));
  }
  const { error } = job;
  if (/does not belong to the tenant/i.test(error.message)) return [{ code: 'ENT-303', severity: 'error', message: error.message }];
  if (error.code !== 'ENT-206') return [refused(error)];
  if (jobs?.kind === 'known') {
    const message =
      jobs.value.length === 0
        ? 'the service principal has no synchronization job'
        : `the service principal has no such job; it has ${jobs.value.join(', ')}`;
    return [{ code: 'ENT-615', severity: 'error', message }];
  }
  return [
    { code: 'ENT-615', severity: 'error', message: `the tenant has no service principal with the object id ${sink.servicePrincipal}` },
  ];
}

function examineNotifications({ notifications, job }: ServiceFacts): readonly Diagnostic[] {
  // The reason has been told already.
  if (notifications.kind === 'refused' || job.kind === 'refused') return [];
  const out: Diagnostic[] = [];
  const fix = 'joinery entra setup --email ADDRESS';
  if (notifications.value.email === undefined)
    out.push({ code: 'ENT-603', severity: 'error', message: 'the job has no notification e-mail', fix });
  if (notifications.value.deletionThreshold === undefined)
    out.push({ code: 'ENT-614', severity: 'warning', message: 'the job has no accidental-deletion threshold', fix });
  return out;
}

function examineState({ job }: ServiceFacts, { state, pipeline }: Examination): readonly Diagnostic[] {
  const out: Diagnostic[] = [];
  const { used, of } = state.calls;
  if (used >= of * 0.9) {
    out.push({
      code: 'ENT-612',
      severity: used >= of ? 'error' : 'warning',
      message: `${String(used)} of ${String(of)} calls of the rolling day are used`,
    });
  }
  const late = state.open.filter(({ acceptedAt }) => acceptedAt !== undefined && state.now - acceptedAt > lateAfter);
  if (late.length > 0) {
    const since = formatInstant(late[0]?.acceptedAt ?? state.now);
    const because = job.kind === 'known' && job.value.code !== 'Active' ? `; the job is ${job.value.code}` : '';
    out.push({
      code: 'ENT-608',
      severity: 'error',
      message: `${String(late.length)} operations were accepted and have no row in the logs, the oldest since ${since}${because}`,
      fix: `joinery reconcile ${pipeline}`,
    });
  }
  for (const { detail } of state.refusals.slice(0, 5))
    out.push({ code: 'ENT-613', severity: 'warning', message: `an upload was not taken: ${detail}` });
  return out;
}
