import { defaulted, list, map, optional, record, required } from './kind.ts';
import { choice, guid, parsedText, text } from './kinds.ts';
import { secret } from './kinds-secret.ts';

const jobPattern = /^API2AAD\.[0-9a-fA-F]{32}\.[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** The form of a job id: graph-contract 4.1. On-premises jobs are let through here and refused with their own reason by the checks. */
const job = parsedText(
  {
    words: 'API2AAD.<32 hex digits>.<GUID>',
    code: 'PIP-501',
    environment: { standIn: `API2AAD.${'0'.repeat(32)}.00000000-0000-0000-0000-000000000000` },
  },
  (value) => (jobPattern.test(value) || isOnPremisesJob(value) ? value : undefined),
);

export function isOnPremisesJob(value: string): boolean {
  return /^API2AD\./i.test(value);
}

/** `http://127.0.0.1:8080`: the origin of an emulator; whether it is loopback is a check of its own. */
const origin = parsedText({ words: 'an origin such as http://127.0.0.1:8080', environment: { standIn: 'http://127.0.0.1:1' } }, (value) => {
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return bare && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined;
});

export function isLoopback(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

const environmentPath = text({ words: 'the path of a file', environment: { standIn: 'stand-in.pem' } });

const authFields = map({
  client: required(guid, { doc: 'Application (client) id of the app registration that uploads.', example: '${ENTRA_CLIENT_ID}' }),
  secret: optional(secret, {
    doc: 'Client secret. Exactly one of secret, certificate, federated and managedIdentity.',
    danger: 'Secrets expire and are copied; Microsoft advises certificates for production.',
    example: '${ENTRA_CLIENT_SECRET}',
    secret: true,
  }),
  certificate: optional(environmentPath, {
    doc: 'PEM file with the certificate and its private key. Exactly one of secret, certificate, federated and managedIdentity.',
    danger: 'The file holds a private key: only the runner may be able to read it.',
    example: '${ENTRA_CERTIFICATE_FILE}',
  }),
  federated: optional(
    map({
      file: required(environmentPath, {
        doc: 'File with the token of another issuer; read anew for each access token.',
        example: '${AZURE_FEDERATED_TOKEN_FILE}',
      }),
    }),
    {
      doc: 'Trust in another issuer (Kubernetes workload identity, GitHub Actions OIDC): no secret is kept anywhere. Exactly one of secret, certificate, federated and managedIdentity.',
      example: '{ file: "${AZURE_FEDERATED_TOKEN_FILE}" }',
    },
  ),
  managedIdentity: optional(choice(['userAssigned', 'systemAssigned'] as const), {
    doc: 'The identity that Azure gives the machine: userAssigned is the one whose client id is `client`, systemAssigned the machine’s own. Exactly one of secret, certificate, federated and managedIdentity.',
    example: 'userAssigned',
  }),
});

const extensionTypes = ['string', 'boolean', 'integer', 'decimal', 'dateTime'] as const;

export const sinkFields = map({
  type: required(
    choice(['entra'] as const, {
      code: 'PIP-104',
      reasons: {
        ad: 'on-premises Active Directory has other attribute rules, needs the provisioning agent, and cannot be emulated yet.',
        activedirectory:
          'on-premises Active Directory has other attribute rules, needs the provisioning agent, and cannot be emulated yet.',
        azuread: 'write entra.',
        scim: 'a SCIM server of your own is another kind of sink, with ids and reads that this one does not have.',
      },
    }),
    { doc: 'Microsoft Entra ID, API-driven inbound provisioning.', example: 'entra' },
  ),
  tenant: required(guid, { doc: 'Tenant id.', example: '${ENTRA_TENANT_ID}' }),
  servicePrincipal: required(guid, {
    doc: 'Object id of the service principal of the provisioning application; not the id of the app that uploads.',
    example: '${ENTRA_SERVICE_PRINCIPAL_ID}',
  }),
  job: required(job, {
    doc: 'Id of the synchronization job: API2AAD, 32 hex digits and a GUID, joined by points.',
    danger: 'Ledger and quota belong to the job: another id starts from nothing.',
    example: '${ENTRA_JOB_ID}',
  }),
  auth: required(authFields, {
    doc: 'How the uploading app proves who it is.',
    example: '{ client: "${ENTRA_CLIENT_ID}", secret: "${ENTRA_CLIENT_SECRET}" }',
  }),
  cloud: optional(choice(['global', 'usgov', 'dod', 'china'] as const), {
    doc: 'The cloud the tenant lives in: global (GCC too), usgov (US Government L4), dod (L5), china (21Vianet). Default: global.',
    example: 'global',
  }),
  emulator: optional(origin, {
    doc: 'Origin of a running joinery emulator, on loopback, instead of a cloud.',
    danger: 'A pipeline with this line never reaches Microsoft Entra.',
    example: '${ENTRA_EMULATOR_ORIGIN}',
  }),
  quota: defaulted(choice(['p1', 'governance'] as const), 'p1', 'p1', {
    doc: 'Calls per tenant in 24 hours: p1 is 2,000, governance (Entra ID Governance licences) 6,000.',
    danger: 'Without the licences the service refuses calls above 2,000, in the middle of a run.',
    example: 'governance',
  }),
  clearing: defaulted(list(text({ words: 'the name of an attribute' })), [], 'none', {
    doc: 'Attributes that the job is set to clear when they arrive empty; empty: clear is possible for these only. Named as in attributes (enterprise.department), by the last name if it is unique (department), or by the whole path.',
    danger: 'This states how the job is set, it does not set it; the job decides what is cleared.',
    example: '[department]',
  }),
  extensions: defaulted(
    record('URN', record('ATTRIBUTE', choice(extensionTypes), { pattern: /^[A-Za-z$][\w$-]*$/ }), {
      pattern: /^[uU][rR][nN]:.+:[^:]+$/,
      words: 'a map from URN to { attribute: type }',
    }),
    [],
    'none',
    {
      doc: 'Custom SCIM extensions with the type of each attribute: string, boolean, integer, decimal or dateTime.',
      example: '{ "urn:ietf:params:scim:schemas:extension:contoso:1.0:User": { HireDate: dateTime } }',
    },
  ),
});
