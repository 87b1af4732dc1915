import type { StateFacts } from '../entra/doctor/examine.ts';
import type { Credential } from '../entra/credential.ts';
import { openGraph, type Graph } from '../entra/graph.ts';
import { openTokens, type Tokens } from '../entra/tokens.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';
import { callAllowance } from '../stages/allowance.ts';
import { scopeOf } from '../stages/context.ts';
import type { Runner } from '../stages/runner.ts';
import type { Io } from './io.ts';

/** Opens Graph for a sink, does the work, closes. Errors: ENT-1xx, ENT-201. */
export async function withGraph<T>(
  io: Io,
  sink: SinkDeclaration,
  work: (graph: Graph, tokens: Tokens) => Promise<T>,
  credential?: Credential,
): Promise<T> {
  const tokens = openTokens(sink, { clock: io.clock, ...(credential === undefined ? {} : { credential }) });
  try {
    const graph = openGraph(sink, tokens, { clock: io.clock });
    try {
      return await work(graph, tokens);
    } finally {
      await graph.close();
    }
  } finally {
    await tokens.close();
  }
}

/** How many runs back refusals are told. */
const lookedAtRuns = 3;

/** What the state knows that the service does not tell. */
export async function stateFacts(io: Io, { store, pipeline }: Pick<Runner, 'store' | 'pipeline'>): Promise<StateFacts> {
  const scope = scopeOf(pipeline);
  const now = io.clock.now();
  const allowance = callAllowance(pipeline.sink);
  const [used, open, runs] = await Promise.all([
    store.operations.callsUsed(scope.tenant, now - allowance.dayMilliseconds, now + 1),
    store.operations.open(scope),
    store.runs.list(pipeline.name, lookedAtRuns),
  ]);
  const batches = (await Promise.all(runs.map((run) => store.operations.batches(run.id)))).flat();
  return {
    now,
    calls: { used, of: allowance.dayCalls },
    open: open.map(({ externalId, acceptedAt }) => ({ externalId, ...(acceptedAt === undefined ? {} : { acceptedAt }) })),
    refusals: batches.flatMap(({ state, detail, sentAt }) =>
      detail === undefined || state === 'closed' || state === 'sent' ? [] : [{ detail, ...(sentAt === undefined ? {} : { at: sentAt }) }],
    ),
  };
}
