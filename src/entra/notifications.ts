import * as z from 'zod';
import { ask } from './ask.ts';
import type { Graph } from './graph.ts';
import { parseJson } from './http-answer.ts';
import { pageOf } from './logs.ts';

/** What the job's owner set about mails and accidental deletions. Source: graph-contract 4.1, step 6. */
export interface Notifications {
  /** undefined: nobody is told, and a start ends in quarantine. */
  readonly email?: string;
  readonly deletionThreshold?: number;
}

const pairShape = z.object({ key: z.string(), value: z.string() });
const settingsShape = z.object({
  Enabled: z.boolean().nullish(),
  Recipients: z.string().nullish(),
  DeleteThresholdEnabled: z.boolean().nullish(),
  DeleteThresholdValue: z.number().nullish(),
});
const key = 'SyncNotificationSettings';

function secretsPath(servicePrincipal: string): string {
  return `/v1.0/servicePrincipals/${encodeURIComponent(servicePrincipal)}/synchronization/secrets`;
}

/** Needs Synchronization.Read.All. Errors: ENT-2xx. */
export async function readNotifications(graph: Graph, servicePrincipal: string, signal?: AbortSignal): Promise<Notifications> {
  const request = { method: 'GET', location: secretsPath(servicePrincipal), signal } as const;
  const page = pageOf(await ask(graph, request, { thing: 'the notification settings', role: 'Synchronization.Read.All' }));
  for (const value of page.values) {
    const pair = pairShape.safeParse(value);
    if (!pair.success || pair.data.key !== key) continue;
    const settings = settingsShape.safeParse(parseJson(pair.data.value));
    if (!settings.success) continue;
    const { Enabled, Recipients, DeleteThresholdEnabled, DeleteThresholdValue } = settings.data;
    return {
      ...(Enabled === true && typeof Recipients === 'string' && Recipients !== '' ? { email: Recipients } : {}),
      ...(DeleteThresholdEnabled === true && typeof DeleteThresholdValue === 'number' ? { deletionThreshold: DeleteThresholdValue } : {}),
    };
  }
  return {};
}

/** The body that sets both; a JSON document as text in a JSON document. */
export function notificationsBody(email: string, deletionThreshold: number): object {
  const settings = { Enabled: true, Recipients: email, DeleteThresholdEnabled: true, DeleteThresholdValue: deletionThreshold };
  return { value: [{ key, value: JSON.stringify(settings) }] };
}
