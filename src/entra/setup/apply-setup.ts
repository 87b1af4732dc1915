import type { Json } from '../../domain/canonical-json.ts';
import { JoineryError } from '../../domain/error.ts';
import { ask } from '../ask.ts';
import type { Graph } from '../graph.ts';
import { isRecord } from '../http-answer.ts';
import { graphAppId } from '../roles.ts';
import { templateName } from './observe-setup.ts';
import type { SetupPlan, SetupStep } from './plan-setup.ts';

/** A service principal is unready for some seconds after it was made; this long, this often. */
const readyTries = 30;
const readyPause = 2_000;

export interface ApplyOptions {
  /** Told after each step with everything that is known by then, secrets included: what is shown once has to be kept at once. */
  readonly done: (step: SetupStep, known: Readonly<Record<string, string>>) => void;
  readonly signal?: AbortSignal;
}

/** Sends the plan's requests in order. Stopped anywhere, a new plan goes on from there. Errors: ENT-2xx. */
export async function applySetup(graph: Graph, plan: SetupPlan, options: ApplyOptions): Promise<Readonly<Record<string, string>>> {
  const known: Record<string, string> = { ...plan.known };
  for (const step of plan.steps) {
    const answer = await sendStep(graph, step, known, options.signal);
    for (const [name, path] of Object.entries(step.yields ?? {})) {
      const value = path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), answer);
      if (typeof value !== 'string') throw new JoineryError('ENT-203', `Graph did not give ${path} when asked to ${step.words}`);
      known[name] = value;
    }
    options.done(step, known);
  }
  return known;
}

async function sendStep(
  graph: Graph,
  step: SetupStep,
  known: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const body = step.body === undefined ? undefined : JSON.stringify(fillIn(step.body, known));
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(
      graph,
      {
        method: step.method,
        location: fillInText(step.path, known, encodeURIComponent),
        signal,
        ...(body === undefined ? {} : { body, contentType: 'application/json' }),
      },
      // Making the same thing twice is worse than stopping: the next run looks first.
      { thing: step.words, role: step.role, mayBeMissing: attempt < readyTries, repeatable: step.method !== 'POST' },
    );
    if (answer.status !== 404) return answer.json;
    await graph.clock.sleep(readyPause, signal);
  }
}

function fillIn(value: Json, known: Readonly<Record<string, string>>): Json {
  if (typeof value === 'string') return fillInText(value, known, (text) => text);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one: Json) => fillIn(one, known));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fillIn(one, known)]));
}

function fillInText(text: string, known: Readonly<Record<string, string>>, encode: (value: string) => string): string {
  return text.replaceAll(/\{([a-zA-Z]+)\}/g, (whole, name: string) => (known[name] === undefined ? whole : encode(known[name])));
}

/** What has to be looked up first by somebody who begins with nothing known. */
export function printLookUps(graphOrigin: string): string {
  const filter = (path: string, text: string): string => `GET ${graphOrigin}/v1.0/${path}?$filter=${encodeURIComponent(text)}\n`;
  return [
    '# find the template by its name; needs Application.Read.All',
    '# {template} = value[0].id of the answer',
    filter('applicationTemplates', `displayName eq '${templateName}'`),
    '# find Microsoft Graph’s own service principal; needs Application.Read.All',
    '# {graph} = value[0].id of the answer',
    filter('servicePrincipals', `appId eq '${graphAppId}'`),
  ].join('\n');
}

/** The plan as requests that somebody else may send; what earlier answers yield stands in braces. */
export function printSetup(plan: Pick<SetupPlan, 'steps' | 'known'>, graphOrigin: string): string {
  const blocks = plan.steps.map((step) => {
    const yields = Object.entries(step.yields ?? {}).map(([name, path]) => `# {${name}} = ${path} of the answer\n`);
    const body =
      step.body === undefined ? '' : `Content-Type: application/json\n\n${JSON.stringify(fillIn(step.body, plan.known), undefined, 2)}\n`;
    const location = fillInText(step.path, plan.known, encodeURIComponent);
    return `# ${step.words}; needs ${step.role}\n${yields.join('')}${step.method} ${graphOrigin}${location}\n${body}`;
  });
  return blocks.join('\n');
}
