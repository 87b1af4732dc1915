import type { Clock } from '../domain/clock.ts';
import type { Json } from '../domain/canonical-json.ts';
import { JoineryError } from '../domain/error.ts';
import type { AccessTokens } from './access-token.ts';
import type { DeviceCodes } from './device-code.ts';
import { declaredFaults } from './declared-faults.ts';
import type { DirectoryUser, DirectoryUserInput } from './directory.ts';
import { failure, type Answer } from './graph-answer.ts';
import type { Dispatch, FramedRequest } from './http-frame.ts';
import { jobView, type JobView } from './job-view.ts';
import { decodePercent, decodeUtf8, isObject, parseJson, textMember, type JsonObject } from './json.ts';
import { setSwitches } from './switches.ts';
import { fillInUser } from './tenant-setup.ts';
import type { Tenant } from './tenant.ts';

interface Control {
  readonly tenant: Tenant;
  readonly clock: Clock;
  readonly tokens: AccessTokens;
  readonly devices: DeviceCodes;
  readonly jobs: readonly JobView[];
}

type Action = (control: Control, request: FramedRequest, rest: readonly string[], body: JsonObject) => Answer | undefined;

/** What a test in another process may look at and turn. Not part of the service; no token is asked for. */
const actions: Readonly<Record<string, Action>> = {
  'GET state': ({ tenant, jobs }, request) => ok(stateBody(tenant, jobs, request.now)),
  'GET directory': ({ tenant }) => ok({ users: tenant.directory.users() }),
  'POST directory': ({ tenant }, request, _rest, body) => {
    const userPrincipalName = textMember(body, 'userPrincipalName');
    if (userPrincipalName === undefined) return bad('userPrincipalName is missing.');
    const input: DirectoryUserInput = { ...body, userPrincipalName };
    const user = fillInUser(input, tenant.random, request.now);
    tenant.directory.put(user);
    return { status: 201, body: user };
  },
  'PATCH directory': ({ tenant }, _request, [id = ''], body) => {
    const user = tenant.directory.get(id) ?? tenant.directory.findByUserPrincipalName(decodePercent(id));
    if (user === undefined) return undefined;
    const next: DirectoryUser = { ...user, ...body, id: user.id };
    tenant.directory.put(next);
    return ok(next);
  },
  'DELETE directory': ({ tenant }, _request, [id = '']) => {
    tenant.directory.remove(id);
    return { status: 204 };
  },
  'GET switches': ({ tenant }) => ok({ ...tenant.switches }),
  'PATCH switches': ({ tenant }, _request, _rest, body) => {
    try {
      setSwitches(tenant.switches, body);
    } catch (error) {
      if (error instanceof JoineryError) return bad(error.message);
      throw error;
    }
    tenant.journal.put('switches', 'switches', tenant.switches);
    return ok({ ...tenant.switches });
  },
  'GET stats': ({ tenant }) => ok({ ...tenant.stats }),
  'POST jobs': ({ jobs }, _request, [id = '', action = ''], body) => {
    const job = jobs.find((one) => one.jobId === decodePercent(id));
    if (job === undefined) return undefined;
    if (action === 'start') job.start();
    else if (action === 'pause') job.pause();
    else if (action === 'restart') job.restart(textMember(body, 'resetScope'));
    else if (action === 'quarantine') job.quarantine('QuarantinedOnDemand');
    else return undefined;
    return ok({ jobId: job.jobId, state: { ...job.state } });
  },
  'POST faults': ({ tenant }, _request, _rest, body) => {
    const faults = declaredFaults(body);
    if (typeof faults === 'string') return bad(faults);
    tenant.faults = faults;
    return { status: 204 };
  },
  'POST expire-tokens': ({ tokens }, request) => {
    tokens.revoke(request.now);
    return { status: 204 };
  },
  'POST device': ({ devices }, _request, _rest, body) =>
    devices.approve(textMember(body, 'userCode') ?? '') ? { status: 204 } : undefined,
  'GET time': (_control, request) => ok({ now: request.now }),
  'POST advance': ({ clock }, request, _rest, body) => {
    const milliseconds = body['milliseconds'];
    if (!('advance' in clock) || typeof clock.advance !== 'function') return bad('The emulator runs on the machine’s clock.');
    if (typeof milliseconds !== 'number' || milliseconds < 0) return bad('milliseconds is missing.');
    clock.advance(milliseconds);
    return ok({ now: request.now + milliseconds });
  },
};

export function controlDispatch(tenant: Tenant, clock: Clock, tokens: AccessTokens, devices: DeviceCodes, origin: string): Dispatch {
  return (request) => {
    const jobs = [...tenant.jobs.values()].map((job) => jobView(tenant, job, clock, origin));
    const control: Control = { tenant, clock, tokens, devices, jobs };
    const [, name = '', ...rest] = request.url.pathname.split('/').filter((segment) => segment !== '');
    const action = actions[`${request.method} ${name}`];
    if (action === undefined) return missing();
    if (request.method === 'GET') return action(control, request, rest, {}) ?? missing();
    // A page in a browser cannot send this type to another origin without being asked.
    if (request.header('content-type')?.split(';')[0]?.trim() !== 'application/json')
      return bad('The content type has to be application/json.');
    const text = decodeUtf8(request.body) ?? '';
    const body = text === '' ? {} : parseJson(text);
    return isObject(body) ? (action(control, request, rest, body) ?? missing()) : bad('The body is not a JSON object.');
  };
}

function ok(body: Json | Readonly<Record<string, unknown>>): Answer {
  const plain: Json = JSON.parse(JSON.stringify(body));
  return { status: 200, body: plain };
}

function bad(message: string): Answer {
  return failure(400, 'BadRequest', message);
}

function missing(): Answer {
  return failure(404, 'NotFound', 'There is no such control; docs/emulator.md lists them.');
}

function stateBody(tenant: Tenant, jobs: readonly JobView[], now: number): Readonly<Record<string, unknown>> {
  return {
    now,
    tenantId: tenant.tenantId,
    domains: tenant.domains,
    licence: tenant.licence,
    users: tenant.directory.users(),
    jobs: jobs.map((job) => ({
      jobId: job.jobId,
      servicePrincipalId: job.servicePrincipalId,
      stored: job.stored,
      escrowed: job.escrowed,
      state: job.state,
    })),
    rows: tenant.log.all().length,
    hiddenRows: tenant.log.hidden(now).length,
  };
}
