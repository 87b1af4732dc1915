import type { FaultRequest, Faults, RequestFault } from './faults.ts';
import { isArray, isObject, memberOf, type JsonObject } from './json.ts';

interface Rule {
  readonly method: string | undefined;
  readonly path: RegExp;
  readonly skip: number;
  readonly times: number;
  readonly fault: RequestFault;
  seen: number;
}

const kinds = ['drop', 'resetAfterAccept', 'delay', 'status', 'duplicate', 'skew'] as const;

/**
 * A fault plan as JSON, for processes that cannot hand over functions: `{ "requests": [{ "method", "path" (a pattern),
 * "skip", "times", "fault": { "kind", … } }] }`. The first rule that fits and is not used up decides. Text: what is wrong with it.
 */
export function declaredFaults(body: JsonObject): Faults | string {
  const requests = body['requests'];
  if (!isArray(requests)) return 'requests is not an array.';
  const rules: Rule[] = [];
  for (const one of requests) {
    const rule = isObject(one) ? readRule(one) : 'a rule is not an object.';
    if (typeof rule === 'string') return rule;
    rules.push(rule);
  }
  return {
    request(request: FaultRequest) {
      for (const rule of rules) {
        if ((rule.method ?? request.method) !== request.method || !rule.path.test(request.path)) continue;
        rule.seen++;
        if (rule.seen > rule.skip && rule.seen <= rule.skip + rule.times) return rule.fault;
      }
      return undefined;
    },
  };
}

function readRule(rule: JsonObject): Rule | string {
  const fault = memberOf(rule, 'fault');
  const read = isObject(fault) ? readFault(fault) : undefined;
  if (read === undefined) return 'a fault is not known or lacks its figures.';
  const { method, path = '', skip = 0, times = 1 } = rule;
  if (typeof path !== 'string' || typeof skip !== 'number' || typeof times !== 'number') return 'path, skip or times has the wrong type.';
  return { method: typeof method === 'string' ? method : undefined, path: new RegExp(path), skip, times, fault: read, seen: 0 };
}

function readFault(fault: JsonObject): RequestFault | undefined {
  const kind = kinds.find((one) => one === fault['kind']);
  const { milliseconds, status, code, message, headers, when } = fault;
  switch (kind) {
    case undefined:
      return undefined;
    case 'drop':
    case 'resetAfterAccept':
    case 'duplicate':
      return { kind };
    case 'skew':
      return typeof milliseconds === 'number' ? { kind, milliseconds } : undefined;
    case 'delay':
      return typeof milliseconds === 'number' ? { kind, milliseconds, when: when === 'after' ? 'after' : 'before' } : undefined;
    case 'status':
      break;
  }
  if (typeof status !== 'number') return undefined;
  return {
    kind,
    status,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(isObject(headers) ? { headers: textMembers(headers) } : {}),
  };
}

function textMembers(object: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(object).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}
