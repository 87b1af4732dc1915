import { assignmentBody, listBody, principalBody } from './catalog-body.ts';
import type { PrincipalRecord } from './catalog.ts';
import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import { readBody, textMember } from './json.ts';
import { addOwner, ownersBody } from './owners.ts';
import { graphRoles, type GraphRole } from './registration.ts';

const write: readonly GraphRole[] = ['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy'];
const read: readonly GraphRole[] = ['Application.Read.All', 'Directory.Read.All', ...write];
const grant: readonly GraphRole[] = ['AppRoleAssignment.ReadWrite.All'];
const path = '/servicePrincipals/:principal';

/** Enterprise applications, their owners and their application roles. */
export const principalEndpoints: readonly GraphEndpoint[] = [
  { method: 'GET', path: '/servicePrincipals', roles: read, creates: true, handle: list },
  { method: 'POST', path: '/servicePrincipals', roles: write, creates: true, handle: create },
  { method: 'GET', path, roles: read, handle: (request) => withPrincipal(request, (record) => shown(request, 200, record)) },
  { method: 'GET', path: `${path}/appRoleAssignments`, roles: [...read, ...grant], handle: listAssignments },
  { method: 'POST', path: `${path}/appRoleAssignments`, roles: grant, handle: assign },
  { method: 'DELETE', path: `${path}/appRoleAssignments/:assignment`, roles: grant, handle: unassign },
  { method: 'GET', path: `${path}/appRoleAssignedTo`, roles: [...read, ...grant], handle: listAssigned },
  { method: 'POST', path: `${path}/appRoleAssignedTo`, roles: grant, handle: assign },
  {
    method: 'GET',
    path: `${path}/owners`,
    roles: read,
    handle: (request) => withPrincipal(request, (record) => ownersBody(request, record)),
  },
  { method: 'POST', path: `${path}/owners/$ref`, roles: write, handle: own },
];

function shown(request: GraphRequest, status: number, record: PrincipalRecord): Answer {
  const context = `${request.origin}/${request.version}/$metadata#servicePrincipals/$entity`;
  return { status, body: { '@odata.context': context, ...principalBody(record) } };
}

function withPrincipal(request: GraphRequest, work: (record: PrincipalRecord) => Answer): Answer {
  const id = request.parameters['principal'] ?? '';
  const record = request.tenant.catalog.principal(id, request.now);
  return record === undefined ? answers.notFound(id) : work(record);
}

function list(request: GraphRequest): Answer {
  const items = request.tenant.catalog.principals(request.now).map(principalBody);
  return listBody(request, 'servicePrincipal', items, ['displayName', 'appId', 'id', 'servicePrincipalType']);
}

function create(request: GraphRequest): Answer {
  const { catalog } = request.tenant;
  const body = readBody(request.body);
  const appId = (body === undefined ? undefined : textMember(body, 'appId')) ?? '';
  const application = catalog.applicationByAppId(appId);
  if (application === undefined) {
    return failure(
      400,
      'Request_BadRequest',
      `The appId '${appId}' of the service principal does not reference a valid application object.`,
    );
  }
  if (catalog.principals(Infinity).some((record) => record.appId === application.appId)) {
    const message = `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`;
    return failure(409, 'Request_MultipleObjectsWithSameKeyValue', message);
  }
  const owners = [request.caller.objectId];
  return shown(request, 201, catalog.createPrincipal({ appId: application.appId, displayName: application.displayName, owners }));
}

function nameOf(request: GraphRequest, principalId: string): string {
  return request.tenant.catalog.principal(principalId, Infinity)?.displayName ?? '';
}

function listAssignments(request: GraphRequest): Answer {
  return withPrincipal(request, (record) => {
    const items = request.tenant.catalog.assignmentsOf(record.id).map((assignment) => assignmentBody(assignment, record.displayName));
    return listBody(request, 'appRoleAssignment', items, ['appRoleId', 'resourceId']);
  });
}

function listAssigned(request: GraphRequest): Answer {
  return withPrincipal(request, (record) => {
    const found = request.tenant.catalog.assignmentsTo(record.id);
    const items = found.map((assignment) => assignmentBody(assignment, nameOf(request, assignment.principalId)));
    return listBody(request, 'appRoleAssignment', items, ['appRoleId', 'principalId']);
  });
}

/** From either side: the client's `appRoleAssignments` or the resource's `appRoleAssignedTo` (contract 4.5). */
function assign(request: GraphRequest): Answer {
  const { catalog } = request.tenant;
  const body = readBody(request.body) ?? {};
  const [principalId = '', resourceId = '', appRoleId = ''] = ['principalId', 'resourceId', 'appRoleId'].map((name) =>
    textMember(body, name),
  );
  const fromResource = request.path.endsWith('/appRoleAssignedTo');
  if ((fromResource ? resourceId : principalId) !== request.parameters['principal']) {
    return failure(400, 'Request_BadRequest', 'The identifiers in the body and in the address do not fit.');
  }
  const record = catalog.principal(principalId, request.now);
  if (record === undefined) return answers.notFound(principalId);
  const known = Object.values<string>(graphRoles).includes(appRoleId);
  if (resourceId !== catalog.graphPrincipalId || !known) {
    return failure(400, 'Request_BadRequest', 'Permission being assigned was not found on application.');
  }
  if (catalog.assignmentsOf(principalId).some((one) => one.appRoleId === appRoleId)) {
    return failure(400, 'Request_BadRequest', 'Permission being assigned already exists on the object');
  }
  return { status: 201, body: assignmentBody(catalog.assign(principalId, appRoleId, request.now), record.displayName) };
}

function unassign(request: GraphRequest): Answer {
  const id = request.parameters['assignment'] ?? '';
  return request.tenant.catalog.unassign(id) ? { status: 204 } : answers.notFound(id);
}

function own(request: GraphRequest): Answer {
  return withPrincipal(request, (record) => addOwner(request, record, (changed) => request.tenant.catalog.putPrincipal(changed)));
}
