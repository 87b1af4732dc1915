import type { Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { EventSink } from '../domain/event.ts';
import { openGraph, type Graph } from '../entra/graph.ts';
import { readJob, type JobStatus } from '../entra/job.ts';
import { openLogs } from '../entra/logs.ts';
import { openTokens } from '../entra/tokens.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';
import { openDirectoryNames, type DirectoryView } from './directory-names.ts';
import type { LogSource } from './reconcile.ts';
import type { Sink } from './send-batch.ts';
import { openLook } from './silence-accounts.ts';
import { openSink } from './service-sink.ts';

/** The provisioning service as the stages see it. Nothing is asked before the first use. */
export interface Service {
  readonly sink: Sink;
  readonly logs: LogSource;
  readonly directory: DirectoryView;
  readonly graph: Graph;
  close(): Promise<void>;
}

export function openService(
  sink: SinkDeclaration,
  clock: Clock,
  emit: EventSink,
  signal: AbortSignal,
  onJob: (job: JobStatus) => void = () => undefined,
): Service {
  const tokens = openTokens(sink, { clock });
  const graph = openGraph(sink, tokens, { clock });
  const logs = openLogs(graph);
  let mayReadJob = true;
  const job: LogSource['job'] = async (abort) => {
    if (!mayReadJob) return undefined;
    try {
      const status = await readJob(graph, abort);
      onJob(status);
      return status;
    } catch (error) {
      if (!(error instanceof JoineryError) || error.code !== 'ENT-205') throw error;
      mayReadJob = false;
      const message = `the state of the job is not known, so silence cannot be told from delay: ${error.message}`;
      emit({ type: 'warning', diagnostic: { code: 'STG-402', severity: 'warning', message } });
      return undefined;
    }
  };
  return {
    graph,
    sink: openSink(graph, tokens, job, emit),
    logs: { read: (from, onProblem, abort) => logs.read({ from, onProblem, signal: abort }), job, look: openLook(graph) },
    directory: openDirectoryNames(graph, emit, signal),
    async close() {
      await graph.close();
      await tokens.close();
    },
  };
}
