import { formatInstant } from '../domain/clock.ts';
import type { Json } from '../domain/canonical-json.ts';
import type { Execution, Job } from './job.ts';
import type { JsonObject } from './json.ts';

const never = '0001-01-01T00:00:00Z';

/** The job in Graph's shape (contract 4.3). */
export function jobBody(job: Job): JsonObject {
  const { state, identity } = job;
  return {
    id: identity.jobId,
    templateId: identity.jobId.split('.')[0] ?? 'API2AAD',
    schedule: {
      expiration: null,
      interval: state.schedule === 'NotRun' ? 'P10675199DT2H48M5.4775807S' : 'PT40M',
      state: state.schedule === 'NotRun' ? 'Disabled' : state.schedule,
    },
    synchronizationJobSettings: [{ name: 'QuarantineTooManyDeletesThreshold', value: String(state.deleteThreshold.value) }],
    status: {
      code: statusCode(job),
      countSuccessiveCompleteFailures: state.countSuccessiveCompleteFailures,
      escrowsPruned: false,
      steadyStateFirstAchievedTime: state.steadyStateFirst === null ? never : formatInstant(state.steadyStateFirst),
      steadyStateLastAchievedTime: state.steadyStateLast === null ? never : formatInstant(state.steadyStateLast),
      troubleshootingUrl: null,
      quarantine: quarantineBody(job),
      lastExecution: executionBody(state.lastExecution),
      lastSuccessfulExecution: executionBody(state.lastSuccessfulExecution),
      lastSuccessfulExecutionWithExports: executionBody(state.lastSuccessfulExecutionWithExports),
      progress: [],
      synchronizedEntryCountByType: [
        { key: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User to User', value: job.anchors.size },
      ],
    },
  };
}

function statusCode(job: Job): string {
  const { schedule, quarantine } = job.state;
  if (schedule === 'NotRun') return 'NotRun';
  if (schedule === 'Paused') return 'Paused';
  return quarantine === null ? 'Active' : 'Quarantine';
}

function quarantineBody(job: Job): Json {
  const { quarantine } = job.state;
  if (quarantine === null) return null;
  return {
    currentBegan: formatInstant(quarantine.currentBegan),
    nextAttempt: formatInstant(quarantine.nextAttempt),
    reason: quarantine.reason,
    seriesBegan: formatInstant(quarantine.seriesBegan),
    seriesCount: quarantine.seriesCount,
    error: { code: quarantine.reason, message: quarantine.message, tenantActionable: true },
  };
}

function executionBody(execution: Execution | null): Json {
  if (execution === null) return null;
  return { ...execution, timeBegan: formatInstant(execution.timeBegan), timeEnded: formatInstant(execution.timeEnded), error: null };
}
