import { X509Certificate } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';
import { Secret } from '../src/domain/masking.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { startEmulator } from '../src/emulator/index.ts';
import { collectFacts } from '../src/entra/doctor/facts.ts';
import { findByEmployeeId, getUser } from '../src/entra/directory.ts';
import { openGraph, type Graph } from '../src/entra/graph.ts';
import { pauseJob, restartJob, startJob } from '../src/entra/job.ts';
import { editSchema } from '../src/entra/schema/edit-schema.ts';
import { readSchemaText, writeSchemaText } from '../src/entra/schema/job-schema.ts';
import { applySetup } from '../src/entra/setup/apply-setup.ts';
import { observeSetup } from '../src/entra/setup/observe-setup.ts';
import { planSetup, type WantedCredential } from '../src/entra/setup/plan-setup.ts';
import { openTokens, type Tokens } from '../src/entra/tokens.ts';
import { upload } from '../src/entra/upload.ts';
import type { SinkDeclaration } from '../src/pipeline/pipeline.ts';
import { makeCertificate } from '../test/certificate.ts';
import { bulkBody, passLatency, record } from '../test/stranger.ts';

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Passes everything on and keeps it. */
function recordInto(exchanges: Exchange[]): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    let [status, body] = [0, ''];
    let headers: Record<string, string> = {};
    return dispatch(options, {
      ...(handler.onRequestStart === undefined ? {} : { onRequestStart: handler.onRequestStart.bind(handler) }),
      onResponseStart: (controller, code, fields, message) => {
        [status, headers] = [code, textFields(fields)];
        handler.onResponseStart?.(controller, code, fields, message);
      },
      onResponseData: (controller, chunk) => {
        body += chunk.toString('utf8');
        handler.onResponseData?.(controller, chunk);
      },
      onResponseEnd: (controller, trailers) => {
        const sent: unknown = options.body;
        const requestBody = typeof sent === 'string' ? sent : sent instanceof Uint8Array ? Buffer.from(sent).toString('utf8') : '';
        const requestHeaders = textFields(typeof options.headers === 'object' && options.headers !== null ? options.headers : {});
        exchanges.push({ method: options.method, path: options.path, requestHeaders, requestBody, status, headers, body });
        handler.onResponseEnd?.(controller, trailers);
      },
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
  };
}

function textFields(fields: object): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

type Target = Pick<SinkDeclaration, 'tenant' | 'cloud' | 'servicePrincipal' | 'job'>;

/**
 * Makes every call that the program can make once or more, with the program's own functions, against an emulated tenant in which nothing is set up. The
 * same tenant, clock and order every time.
 */
export async function recordCalls(): Promise<{ readonly exchanges: readonly Exchange[]; readonly origin: string }> {
  const clock = new VirtualClock('2026-11-23T08:00:00Z');
  const emulator = await startEmulator({ clock, empty: true });
  const exchanges: Exchange[] = [];
  const agent = new Agent();
  const dispatcher = agent.compose(recordInto(exchanges));
  const { origin, tenantId: tenant } = emulator;
  const cloud = { name: 'emulator', login: origin, graph: origin } as const;
  const as = async (
    client: string,
    secret: string,
    to: Omit<Target, 'tenant' | 'cloud'>,
    work: (graph: Graph, tokens: Tokens) => Promise<void>,
  ): Promise<void> => {
    const target: Target = { tenant, cloud, ...to };
    const tokens = openTokens({ ...target, auth: { client, secret: new Secret('SECRET', secret) } }, { clock, dispatcher });
    const graph = openGraph(target, tokens, { clock, dispatcher });
    await work(graph, tokens);
    await graph.close();
    await tokens.close();
  };
  try {
    let known: Readonly<Record<string, string>> = {};
    await as(emulator.clientId, emulator.clientSecret, { servicePrincipal: '', job: '' }, async (graph) => {
      const setUp = async (credential: WantedCredential): Promise<void> => {
        const observed = await observeSetup(graph, 'HR inbound', credential);
        const held = observed.administrator.application !== undefined;
        const wanted = { name: 'HR inbound', email: 'hr-operations@contoso.example', deletionThreshold: 500, credential, administratorSecretHeld: held, start: true, ownership: true, readsUsers: true, graphOrigin: origin }; // prettier-ignore
        const done = (): void => undefined;
        // A managed identity that has everything needs nothing: it is only looked at.
        known = {
          ...known,
          ...(credential.kind === 'managedIdentity' ? {} : await applySetup(graph, planSetup(wanted, observed), { done })),
        };
      };
      await setUp({ kind: 'secret', held: false });
      const { raw } = new X509Certificate(makeCertificate(new Date('2026-01-01'), new Date('2036-01-01')).certificate);
      await setUp({ kind: 'certificate', der: raw.toString('base64'), thumbprint: 'A'.repeat(40) });
      await setUp({
        kind: 'federated',
        issuer: 'https://token.actions.githubusercontent.com',
        subject: 'repo:contoso/hr:ref:refs/heads/main',
      });
      await setUp({ kind: 'managedIdentity', principal: known['runner'] ?? '' });
    });
    const to = { servicePrincipal: known['provisioning'] ?? '', job: known['job'] ?? '' };
    await as(known['runnerClient'] ?? '', known['runnerSecret'] ?? '', to, async (graph, tokens) => {
      const bytes = Buffer.from(JSON.stringify(bulkBody([record('10042')])));
      await upload(graph, bytes, '2b6a9c8e-1111-4222-8333-444444444444');
      passLatency(emulator, clock);
      await collectFacts(graph, tokens);
      await findByEmployeeId(graph, '10042', ['employeeId', 'accountEnabled']);
      await getUser(graph, 'worker.10042@contoso.example', ['employeeId', 'accountEnabled']);
    });
    await as(known['administratorClient'] ?? '', known['administratorSecret'] ?? '', to, async (graph) => {
      const name = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate';
      await writeSchemaText(graph, editSchema(await readSchemaText(graph), [{ kind: 'addAttribute', name, type: 'String' }]));
      await pauseJob(graph);
      await startJob(graph);
      await restartJob(graph);
    });
    return { exchanges, origin };
  } finally {
    await agent.close();
    await emulator.close();
  }
}
