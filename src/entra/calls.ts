/**
 * Every call of Graph that this program can make. `openGraph` sends no other one, so that a token goes nowhere else, whatever a `nextLink` says;
 * docs/reference/graph-calls.md shows an example of each, recorded.
 */
export interface GraphCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** After the version; `{…}` stands for one segment. */
  readonly path: string;
  readonly words: string;
  /** Who makes it. */
  readonly by: 'runner' | 'administrator' | 'set-up';
  /** The least application role that lets it. Source: graph-contract 1.2, 3.1, 4.1, 4.5. */
  readonly role: string;
}

const principal = '/servicePrincipals/{id}';
const job = `${principal}/synchronization/jobs/{job}`;
const application = '/applications/{id}';

export const graphCalls = [
  { method: 'POST', path: `${job}/bulkUpload`, words: 'Upload a batch', by: 'runner', role: 'SynchronizationData-User.Upload.OwnedBy' },
  { method: 'GET', path: '/auditLogs/provisioning', words: 'Read the provisioning logs', by: 'runner', role: 'ProvisioningLog.Read.All' },
  { method: 'GET', path: job, words: 'Read the job', by: 'runner', role: 'Synchronization.Read.All' },
  { method: 'GET', path: `${principal}/synchronization/jobs`, words: 'List the jobs', by: 'runner', role: 'Synchronization.Read.All' },
  { method: 'GET', path: `${principal}/synchronization/secrets`, words: 'Read notification e-mail and deletion threshold', by: 'runner', role: 'Synchronization.Read.All' },
  { method: 'GET', path: `${job}/schema`, words: 'Read the job’s schema', by: 'runner', role: 'Synchronization.Read.All' },
  { method: 'GET', path: '/users', words: 'Read the directory', by: 'runner', role: 'User.Read.All' },
  { method: 'GET', path: '/users/{id}', words: 'Look for one user', by: 'runner', role: 'User.Read.All' },
  { method: 'POST', path: `${job}/start`, words: 'Start the job', by: 'administrator', role: 'Application.ReadWrite.OwnedBy' },
  { method: 'POST', path: `${job}/pause`, words: 'Pause the job', by: 'administrator', role: 'Application.ReadWrite.OwnedBy' },
  { method: 'POST', path: `${job}/restart`, words: 'Restart the job', by: 'administrator', role: 'Application.ReadWrite.OwnedBy' },
  { method: 'PUT', path: `${job}/schema`, words: 'Change the job’s schema', by: 'administrator', role: 'Application.ReadWrite.OwnedBy' },
  { method: 'GET', path: '/applicationTemplates', words: 'Find the template by its name', by: 'set-up', role: 'Application.Read.All' },
  { method: 'POST', path: '/applicationTemplates/{id}/instantiate', words: 'Make the provisioning app', by: 'set-up', role: 'Application.ReadWrite.All' },
  { method: 'GET', path: '/servicePrincipals', words: 'Find a service principal', by: 'set-up', role: 'Application.Read.All' },
  { method: 'GET', path: principal, words: 'Read a managed identity', by: 'set-up', role: 'Application.Read.All' },
  { method: 'POST', path: '/servicePrincipals', words: 'Make a service principal', by: 'set-up', role: 'Application.ReadWrite.All' },
  { method: 'GET', path: `${principal}/appRoleAssignments`, words: 'Read who has which role', by: 'set-up', role: 'Application.Read.All' },
  { method: 'POST', path: `${principal}/appRoleAssignedTo`, words: 'Grant a role', by: 'set-up', role: 'AppRoleAssignment.ReadWrite.All' },
  { method: 'GET', path: `${principal}/owners`, words: 'Read the owners of the provisioning app', by: 'set-up', role: 'Application.Read.All' },
  { method: 'POST', path: `${principal}/owners/$ref`, words: 'Make somebody an owner of it', by: 'set-up', role: 'Application.ReadWrite.All' },
  { method: 'GET', path: '/applications', words: 'Find an app registration', by: 'set-up', role: 'Application.Read.All' },
  { method: 'POST', path: '/applications', words: 'Register an application', by: 'set-up', role: 'Application.ReadWrite.All' },
  { method: 'PATCH', path: application, words: 'Attach a certificate', by: 'set-up', role: 'Application.ReadWrite.All' },
  { method: 'POST', path: `${application}/addPassword`, words: 'Make a client secret', by: 'set-up', role: 'Application.ReadWrite.All' },
  { method: 'GET', path: `${application}/federatedIdentityCredentials`, words: 'Read whose tokens are trusted', by: 'set-up', role: 'Application.Read.All' },
  { method: 'POST', path: `${application}/federatedIdentityCredentials`, words: 'Trust the tokens of somebody else', by: 'set-up', role: 'Application.ReadWrite.All' },
  { method: 'POST', path: `${principal}/synchronization/jobs`, words: 'Create the job', by: 'set-up', role: 'Synchronization.ReadWrite.All' },
  { method: 'PUT', path: `${principal}/synchronization/secrets`, words: 'Set notification e-mail and deletion threshold', by: 'set-up', role: 'Synchronization.ReadWrite.All' },
] as const satisfies readonly GraphCall[]; // prettier-ignore

const patterns = graphCalls.map((call) => {
  const path = call.path.split('/').map((segment) => (segment.startsWith('{') ? '[^/]+' : segment.replace('$', String.raw`\$`)));
  return { call, pattern: new RegExp(`^/(?:v1\\.0|beta)${path.join('/')}/?$`) };
});

/** The call that a request is; undefined: none of ours. A literal path goes before one with a parameter in its place. */
export function callOf(method: string, pathname: string): GraphCall | undefined {
  const found = patterns.filter(({ call, pattern }) => call.method === method && pattern.test(pathname));
  return (found.find(({ call }) => !call.path.endsWith('}')) ?? found[0])?.call;
}
