import type { Emulator } from '../src/emulator/index.ts';
import type { VirtualClock } from '../src/domain/virtual-clock.ts';

/** A client that knows nothing of Joinery: fetch, JSON and the documents. */
export interface Stranger {
  readonly token: string;
  /** Path after the version, for example `/users`; absolute addresses are taken as they are. */
  graph(method: string, path: string, options?: GraphOptions): Promise<GraphReply>;
  upload(records: readonly Record<string, unknown>[], options?: GraphOptions): Promise<GraphReply>;
  /** All visible rows of the first job, oldest first, over all pages. */
  rows(filter?: string): Promise<any[]>;
}

export interface GraphOptions {
  readonly body?: string | Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly version?: 'v1.0' | 'beta';
  readonly token?: string;
}

export interface GraphReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: any;
}

export const coreSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const bulkSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** A complete record; `department`, `manager` go where SCIM has them, other members as they are. */
export function record(id: string, members: Record<string, unknown> = {}): Record<string, unknown> {
  const { department = 'Finance', manager, ...rest } = members;
  return {
    schemas: [coreSchema, enterpriseSchema],
    externalId: id,
    userName: `worker.${id}@contoso.example`,
    displayName: `Worker ${id}`,
    active: true,
    [enterpriseSchema]: { department, ...(manager === undefined ? {} : { manager: { value: manager } }) },
    ...rest,
  };
}

export function bulkBody(records: readonly Record<string, unknown>[]): Record<string, unknown> {
  const Operations = records.map((data, index) => ({ method: 'POST', bulkId: `b${String(index)}`, path: '/Users', data }));
  return { schemas: [bulkSchema], Operations, failOnErrors: null };
}

export async function askToken(emulator: Emulator, form: Record<string, string> = {}): Promise<GraphReply> {
  const body = new URLSearchParams({
    client_id: emulator.clientId,
    client_secret: emulator.clientSecret,
    grant_type: 'client_credentials',
    scope: 'https://graph.microsoft.com/.default',
    ...form,
  });
  return reply(await fetch(emulator.tokenUrl, { method: 'POST', body }));
}

export async function becomeStranger(emulator: Emulator, form: Record<string, string> = {}): Promise<Stranger> {
  const granted = await askToken(emulator, form);
  if (granted.status !== 200) throw new Error(granted.text);
  const token: string = granted.json.access_token;
  const job = emulator.jobs[0]?.jobId ?? '';
  const graph = async (method: string, path: string, options: GraphOptions = {}): Promise<GraphReply> => {
    const { body, headers = {}, version = 'v1.0' } = options;
    const address = path.startsWith('http') ? path : `${emulator.origin}/${version}${path}`;
    return reply(
      await fetch(address, {
        method,
        headers: {
          authorization: `Bearer ${options.token ?? token}`,
          ...(typeof body === 'object' ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  };
  return {
    token,
    graph,
    upload: (records, options = {}) =>
      graph('POST', emulator.bulkUploadUrl, {
        body: JSON.stringify(bulkBody(records)),
        ...options,
        headers: { 'content-type': 'application/scim+json', ...options.headers },
      }),
    async rows(filter) {
      const out: any[] = [];
      const query = `$filter=${encodeURIComponent(filter ?? `jobId eq '${job}'`)}&$orderby=activityDateTime asc`;
      let next: string | undefined = `/auditLogs/provisioning?${query}`;
      while (next !== undefined) {
        const page: GraphReply = await graph('GET', next);
        if (page.status !== 200) throw new Error(page.text);
        out.push(...page.json.value);
        next = page.json['@odata.nextLink'];
      }
      return out;
    },
  };
}

async function reply(response: Response): Promise<GraphReply> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: /^[[{]/.test(text) ? JSON.parse(text) : undefined };
}

/** Lets time pass until everything that was uploaded has been processed and can be seen. */
export function passLatency(emulator: Emulator, clock: VirtualClock): void {
  for (let due = emulator.nextDueAt(); due !== undefined; due = emulator.nextDueAt()) {
    clock.advanceTo(due);
    emulator.settle();
  }
}
