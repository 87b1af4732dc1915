import { applicationBody, listBody, objectMember } from './catalog-body.ts';
import { certificateOf, plain, type ApplicationRecord, type KeyRecord } from './catalog.ts';
import type { GraphEndpoint, GraphRequest } from './endpoint.ts';
import { answers, failure, type Answer } from './graph-answer.ts';
import { isArray, isObject, readBody, textMember, type JsonObject } from './json.ts';
import { addOwner, ownersBody } from './owners.ts';
import type { GraphRole } from './registration.ts';

const write: readonly GraphRole[] = ['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy'];
const read: readonly GraphRole[] = ['Application.Read.All', 'Directory.Read.All', ...write];
const path = '/applications/:application';
/** At most so many federated credentials per application, as the service allows. */
const mostFederated = 20;

/** App registrations and their credentials. */
export const applicationEndpoints: readonly GraphEndpoint[] = [
  { method: 'GET', path: '/applications', roles: read, creates: true, handle: list },
  { method: 'POST', path: '/applications', roles: write, creates: true, handle: create },
  { method: 'GET', path, roles: read, handle: (request) => withApplication(request, (record) => shown(request, 200, record)) },
  { method: 'PATCH', path, roles: write, handle: change },
  { method: 'POST', path: `${path}/addPassword`, roles: write, handle: addPassword },
  { method: 'POST', path: `${path}/removePassword`, roles: write, handle: removePassword },
  { method: 'GET', path: `${path}/federatedIdentityCredentials`, roles: read, handle: listFederated },
  { method: 'POST', path: `${path}/federatedIdentityCredentials`, roles: write, handle: addFederated },
  {
    method: 'GET',
    path: `${path}/owners`,
    roles: read,
    handle: (request) => withApplication(request, (record) => ownersBody(request, record)),
  },
  { method: 'POST', path: `${path}/owners/$ref`, roles: write, handle: own },
];

function shown(request: GraphRequest, status: number, record: ApplicationRecord): Answer {
  const context = `${request.origin}/${request.version}/$metadata#applications/$entity`;
  return { status, body: { '@odata.context': context, ...applicationBody(record) } };
}

function withApplication(request: GraphRequest, work: (record: ApplicationRecord) => Answer): Answer {
  const id = request.parameters['application'] ?? '';
  const record = request.tenant.catalog.application(id);
  return record === undefined ? answers.notFound(id) : work(record);
}

function withBody(request: GraphRequest, work: (record: ApplicationRecord, body: JsonObject) => Answer): Answer {
  return withApplication(request, (record) => {
    const body = readBody(request.body);
    return body === undefined ? failure(400, 'BadRequest', 'Unable to read JSON request payload.') : work(record, body);
  });
}

function list(request: GraphRequest): Answer {
  return listBody(request, 'application', request.tenant.catalog.applications.map(applicationBody), ['displayName', 'appId', 'id']);
}

/** The name need not be unique: two set-ups that do not look first make two applications. */
function create(request: GraphRequest): Answer {
  const body = readBody(request.body);
  const displayName = body === undefined ? undefined : textMember(body, 'displayName');
  if (body === undefined || displayName === undefined || displayName === '') {
    return failure(400, 'Request_BadRequest', "A value is required for property 'displayName' of resource 'Application'.");
  }
  const { displayName: _name, passwordCredentials: _passwords, keyCredentials: _keys, ...other } = body;
  return shown(request, 201, request.tenant.catalog.createApplication(displayName, other, request.caller.objectId, request.now));
}

function change(request: GraphRequest): Answer {
  return withBody(request, (record, body) => {
    const { displayName, keyCredentials, passwordCredentials, ...other } = body;
    if (passwordCredentials !== undefined) return failure(400, 'Request_BadRequest', 'Passwords are set by addPassword.');
    const keys = keyCredentials === undefined ? record.keys : readKeys(request, record, keyCredentials);
    if (!isKeys(keys)) return keys;
    const name = typeof displayName === 'string' ? displayName : record.displayName;
    request.tenant.catalog.putApplication({ ...record, displayName: name, keys, other: { ...record.other, ...other } });
    return { status: 204 };
  });
}

function isKeys(value: readonly KeyRecord[] | Answer): value is readonly KeyRecord[] {
  return Array.isArray(value);
}

/** The list replaces the one before: an entry with a known `keyId` and without a key stays as it is. */
function readKeys(request: GraphRequest, record: ApplicationRecord, entries: JsonObject[string]): readonly KeyRecord[] | Answer {
  if (!isArray(entries)) return failure(400, 'Request_BadRequest', "The property 'keyCredentials' is not an array.");
  const keys: KeyRecord[] = [];
  for (const entry of entries) {
    const key = isObject(entry) ? textMember(entry, 'key') : undefined;
    const keyId = isObject(entry) ? textMember(entry, 'keyId') : undefined;
    const kept = record.keys.find((one) => one.keyId === keyId);
    if (kept !== undefined && key === undefined) {
      keys.push(kept);
      continue;
    }
    if (!isObject(entry) || key === undefined || !isCertificate(key)) {
      return failure(400, 'KeyCredentialsInvalidValue', 'New key credential must have a valid value.');
    }
    keys.push({ keyId: keyId ?? request.tenant.catalog.newId(), displayName: textMember(entry, 'displayName') ?? null, key });
  }
  return keys;
}

function isCertificate(key: string): boolean {
  try {
    certificateOf({ key });
    return true;
  } catch {
    return false;
  }
}

function addPassword(request: GraphRequest): Answer {
  return withBody(request, (record, body) => {
    const wanted = objectMember(body, 'passwordCredential') ?? {};
    const end = textMember(wanted, 'endDateTime');
    const made = request.tenant.catalog.addPassword(record, textMember(wanted, 'displayName') ?? null, end, request.now);
    const { value, ...rest } = made;
    const context = `${request.origin}/${request.version}/$metadata#microsoft.graph.passwordCredential`;
    return { status: 200, body: { '@odata.context': context, ...rest, hint: value.slice(0, 3), secretText: value } };
  });
}

function removePassword(request: GraphRequest): Answer {
  return withBody(request, (record, body) => {
    const keyId = textMember(body, 'keyId');
    if (!record.passwords.some((one) => one.keyId === keyId)) return failure(400, 'Request_BadRequest', 'No password credential found.');
    request.tenant.catalog.putApplication({ ...record, passwords: record.passwords.filter((one) => one.keyId !== keyId) });
    return { status: 204 };
  });
}

function listFederated(request: GraphRequest): Answer {
  return withApplication(request, (record) =>
    listBody(
      request,
      'federatedIdentityCredential',
      record.federated.map((one) => ({ ...one })),
      ['name', 'subject', 'issuer'],
    ),
  );
}

function addFederated(request: GraphRequest): Answer {
  return withBody(request, (record, body) => {
    const [name, issuer, subject] = ['name', 'issuer', 'subject'].map((member) => textMember(body, member) ?? '');
    if (name === undefined || issuer === undefined || subject === undefined || [name, issuer, subject].includes('')) {
      return failure(400, 'Request_BadRequest', "The properties 'name', 'issuer' and 'subject' are required.");
    }
    if (record.federated.some((one) => one.name === name || (one.issuer === issuer && one.subject === subject))) {
      return failure(
        409,
        'Request_MultipleObjectsWithSameKeyValue',
        'A federated credential with this name, or issuer and subject, exists.',
      );
    }
    if (record.federated.length >= mostFederated) return failure(400, 'Request_BadRequest', 'There are 20 federated credentials already.');
    const { audiences } = body;
    const made = {
      id: request.tenant.catalog.newId(),
      name,
      issuer,
      subject,
      audiences: isArray(audiences) ? audiences.filter((text) => typeof text === 'string') : ['api://AzureADTokenExchange'],
      description: textMember(body, 'description') ?? null,
    };
    request.tenant.catalog.putApplication({ ...record, federated: [...record.federated, made] });
    return { status: 201, body: plain(made) };
  });
}

function own(request: GraphRequest): Answer {
  return withApplication(request, (record) => addOwner(request, record, (changed) => request.tenant.catalog.putApplication(changed)));
}
