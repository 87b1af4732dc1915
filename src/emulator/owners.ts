import { listBody, referencedId } from './catalog-body.ts';
import type { GraphRequest } from './endpoint.ts';
import { failure, type Answer } from './graph-answer.ts';
import { readBody } from './json.ts';

/** Whatever in the catalogue has owners: an application or a service principal. */
interface Owned {
  readonly owners: readonly string[];
}

/** `GET …/owners` */
export function ownersBody(request: GraphRequest, { owners }: Owned): Answer {
  return listBody(
    request,
    'directoryObject',
    owners.map((id) => ({ id })),
    ['id'],
  );
}

/** `POST …/owners/$ref`: `put` keeps the record with the owner that the body names. */
export function addOwner<T extends Owned>(request: GraphRequest, record: T, put: (record: T) => void): Answer {
  const id = referencedId(readBody(request.body));
  if (id === undefined) return failure(400, 'Request_BadRequest', "The property '@odata.id' does not name a directory object.");
  if (record.owners.includes(id)) {
    return failure(
      400,
      'Request_BadRequest',
      "One or more added object references already exist for the following modified properties: 'owners'.",
    );
  }
  put({ ...record, owners: [...record.owners, id] });
  return { status: 204 };
}
