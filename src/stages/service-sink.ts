import type { Diagnostic } from '../domain/diagnostic.ts';
import { JoineryError } from '../domain/error.ts';
import type { EventSink } from '../domain/event.ts';
import type { Graph } from '../entra/graph.ts';
import { preflight } from '../entra/job.ts';
import { readNotifications } from '../entra/notifications.ts';
import { missingNeeds } from '../entra/roles.ts';
import { readClaims } from '../entra/token-claims.ts';
import type { Tokens } from '../entra/tokens.ts';
import { upload } from '../entra/upload.ts';
import type { LogSource } from './reconcile.ts';
import type { Sink } from './send-batch.ts';

/** Needs without which a load cannot learn what becomes of it; the others have warnings of their own where they matter. */
const neededForLoad = ['to upload', 'to read the provisioning logs'];

/** What load needs of the service, over one Graph. */
export function openSink(graph: Graph, tokens: Tokens, job: LogSource['job'], emit: EventSink): Sink {
  const jobFindings = async (signal: AbortSignal): Promise<readonly Diagnostic[]> => {
    const status = await job(signal);
    return status === undefined ? [] : preflight(status, graph.tenant).filter(({ severity }) => severity === 'error');
  };
  return {
    prepare: (signal) => graph.prepare(signal),
    upload: (body, clientRequestId, signal) => upload(graph, body, clientRequestId, signal),
    async checkJob(signal) {
      return (await jobFindings(signal))[0]?.message;
    },
    async preflight(signal) {
      // What cannot be read says nothing: Graph may change the form of its tokens.
      const roles = readClaims(await tokens.token(signal))?.roles ?? [];
      const lacking = roles.length === 0 ? [] : missingNeeds(roles).filter(({ purpose }) => neededForLoad.includes(purpose));
      const findings = lacking.map(({ purpose, anyOf }): Diagnostic => {
        return { code: 'ENT-601', severity: 'error', message: `the application has no role ${purpose}: ${anyOf[0] ?? ''}` };
      });
      return [...findings, ...(await jobFindings(signal))];
    },
    async warnOfThreshold(disables, signal) {
      if (disables === 0) return;
      try {
        const { deletionThreshold } = await readNotifications(graph, graph.servicePrincipal, signal);
        if (deletionThreshold === undefined || disables <= deletionThreshold) return;
        const message = `${String(disables)} disables are about to be sent, and the job’s accidental-deletion threshold is ${String(deletionThreshold)}`;
        emit({ type: 'warning', diagnostic: { code: 'STG-404', severity: 'warning', message } });
      } catch (error) {
        // Without the right to read it, or while the service stumbles, the disables go all the same.
        if (!(error instanceof JoineryError)) throw error;
      }
    },
  };
}
