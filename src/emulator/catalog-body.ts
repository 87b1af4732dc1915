import { createHash } from 'node:crypto';
import type { Json } from '../domain/canonical-json.ts';
import { certificateOf, graphAppId, plain, type ApplicationRecord, type AssignmentRecord, type PrincipalRecord } from './catalog.ts';
import { matchesFilter } from './filter-evaluation.ts';
import { formatInstant } from '../domain/clock.ts';
import type { GraphRequest } from './endpoint.ts';
import type { Answer } from './graph-answer.ts';
import { isObject, memberOf, type JsonObject } from './json.ts';
import { isAnswer, readFilter, readOptions, readTop } from './odata-query.ts';
import { graphRoles } from './registration.ts';

/** An app registration in Graph's shape; secrets are shown once, when they are made. */
export function applicationBody(record: ApplicationRecord): JsonObject {
  return {
    ...record.other,
    id: record.id,
    appId: record.appId,
    displayName: record.displayName,
    createdDateTime: record.createdDateTime,
    applicationTemplateId: record.applicationTemplateId,
    signInAudience: 'AzureADMyOrg',
    passwordCredentials: record.passwords.map(({ keyId, displayName, value, startDateTime, endDateTime }) => ({
      keyId,
      displayName,
      hint: value.slice(0, 3),
      secretText: null,
      startDateTime,
      endDateTime,
    })),
    keyCredentials: record.keys.map(({ keyId, displayName, key }) => {
      const { validFrom, validTo } = certificateOf({ key });
      return {
        keyId,
        displayName,
        type: 'AsymmetricX509Cert',
        usage: 'Verify',
        // SHA-1 thumbprint, as the portal shows it.
        customKeyIdentifier: createHash('sha1').update(Buffer.from(key, 'base64')).digest('hex').toUpperCase(),
        key: null,
        startDateTime: formatInstant(validFrom),
        endDateTime: formatInstant(validTo),
      };
    }),
  };
}

export function principalBody(record: PrincipalRecord): JsonObject {
  const roles = record.appId === graphAppId ? Object.entries(graphRoles) : [];
  return {
    id: record.id,
    appId: record.appId,
    displayName: record.displayName,
    servicePrincipalType: record.type,
    applicationTemplateId: record.applicationTemplateId,
    accountEnabled: true,
    appRoles: roles.map(([value, id]) => ({
      id,
      value,
      displayName: value,
      description: value,
      allowedMemberTypes: ['Application'],
      isEnabled: true,
      origin: 'Application',
    })),
  };
}

export function assignmentBody(record: AssignmentRecord, displayName: string): JsonObject {
  return {
    ...record,
    deletedDateTime: null,
    principalDisplayName: displayName,
    principalType: 'ServicePrincipal',
    resourceDisplayName: 'Microsoft Graph',
  };
}

/** A list with `$filter` by text properties, `$select` and `$top`; these lists are short, so there is one page. */
export function listBody(request: GraphRequest, entity: string, items: readonly JsonObject[], filterable: readonly string[]): Answer {
  const options = readOptions(request.query, ['$filter', '$select', '$top', '$count']);
  if (isAnswer(options)) return options;
  const filter = readFilter(options.get('$filter'), {
    property: (path) => (filterable.includes(path) ? { type: 'string', operators: ['eq', 'ne', 'startswith', 'in'] } : undefined),
    logic: 'all',
    typeName: `microsoft.graph.${entity}`,
  });
  if (filter !== undefined && isAnswer(filter)) return filter;
  const top = readTop(options.get('$top'), 999, 999);
  if (typeof top !== 'number') return top;
  const chosen = items.filter(
    (item) => filter === undefined || matchesFilter(filter, (path) => textOf(item[path]), (text) => text.toLowerCase()), // prettier-ignore
  );
  const names = options.get('$select')?.split(',');
  const value = chosen
    .slice(0, top)
    .map((item) => (names === undefined ? item : Object.fromEntries(names.map((name) => [name, item[name] ?? null]))));
  return { status: 200, body: { '@odata.context': `${request.origin}/${request.version}/$metadata#${entity}s`, value: plain(value) } };
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** The id at the end of `{"@odata.id": "…/directoryObjects/{id}"}`. */
export function referencedId(body: JsonObject | undefined): string | undefined {
  const link = body === undefined ? undefined : memberOf(body, '@odata.id');
  return typeof link === 'string' ? /\/([0-9a-f-]{36})$/i.exec(link)?.[1]?.toLowerCase() : undefined;
}

export function objectMember(body: JsonObject, name: string): JsonObject | undefined {
  const value = memberOf(body, name);
  return isObject(value) ? value : undefined;
}
