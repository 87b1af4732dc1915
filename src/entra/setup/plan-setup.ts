import type { Json } from '../../domain/canonical-json.ts';
import { notificationsBody } from '../notifications.ts';
import { roleIds } from '../roles.ts';

/** What the runner proves itself with. */
export type WantedCredential =
  /** `held`: the environment file already has a secret of this application. */
  | { readonly kind: 'secret'; readonly held: boolean }
  /** DER as base64, and its SHA-1 thumbprint as Graph shows it (upper-case hex). */
  | { readonly kind: 'certificate'; readonly der: string; readonly thumbprint: string }
  | { readonly kind: 'federated'; readonly issuer: string; readonly subject: string }
  /** The identity exists already: its object id. No app registration is made. */
  | { readonly kind: 'managedIdentity'; readonly principal: string };

export interface WantedSetup {
  /** Display name of the provisioning app; the two identities are named after it. */
  readonly name: string;
  readonly email: string;
  readonly deletionThreshold: number;
  readonly credential: WantedCredential;
  /** Where the administrator's identity has its secret already. */
  readonly administratorSecretHeld: boolean;
  readonly start: boolean;
  /** False: the runner uploads to every provisioning app of the tenant instead of the one that it owns. */
  readonly ownership: boolean;
  /** False: the runner reads no users, so no holds, no taken user names, no adopt and no verify. */
  readonly readsUsers: boolean;
  /** Graph's origin, for references between objects. */
  readonly graphOrigin: string;
}

/** An identity as the tenant has it. */
export interface ObservedIdentity {
  readonly application?: {
    readonly id: string;
    readonly appId: string;
    readonly thumbprints: readonly string[];
    /** As Graph has them, without the keys themselves. */
    readonly keyCredentials: readonly { readonly [name: string]: Json }[];
    readonly federated: readonly { readonly issuer: string; readonly subject: string }[];
  };
  readonly principal?: { readonly id: string; readonly appId: string; readonly roleIds: readonly string[] };
}

/** What the tenant has of all this. Missing members are made. */
export interface ObservedSetup {
  readonly template: string;
  readonly graphPrincipal: string;
  readonly provisioning?: string;
  readonly owners: readonly string[];
  readonly job?: { readonly id: string; readonly code: string };
  readonly email?: string;
  readonly deletionThreshold?: number;
  readonly runner: ObservedIdentity;
  readonly administrator: ObservedIdentity;
}

/** One request; `{name}` in path and body stands for a value that an earlier request yields. */
export interface SetupStep {
  readonly words: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly body?: Json;
  /** Name → path in the answer's JSON. */
  readonly yields?: Readonly<Record<string, string>>;
  readonly role: string;
}

export interface SetupPlan {
  readonly steps: readonly SetupStep[];
  /** What is there already, by the names that the steps use. */
  readonly known: Readonly<Record<string, string>>;
  /** Rights that an identity has and does not need, in words. Set-up takes nothing away: somebody may have given them on purpose. */
  readonly excess: readonly string[];
}

/** Roles of the runner, and no more. Source: graph-contract 1.2. */
function runnerGrants({ ownership, readsUsers }: WantedSetup): readonly (keyof typeof roleIds)[] {
  const upload = ownership ? ('SynchronizationData-User.Upload.OwnedBy' as const) : ('SynchronizationData-User.Upload' as const);
  const reads = ['ProvisioningLog.Read.All', 'Synchronization.Read.All'] as const;
  return [upload, ...reads, ...(readsUsers ? (['User.Read.All'] as const) : [])];
}

/** Job actions need this role at least. Source: graph-contract 4.1. */
const ownedApplications = { name: 'Application.ReadWrite.OwnedBy', id: '18a4783c-866b-4cc7-a460-3d5e5662c884' } as const;
const applicationRole = 'Application.ReadWrite.All';
const grantRole = 'AppRoleAssignment.ReadWrite.All';
const jobRole = 'Synchronization.ReadWrite.All';

/** The requests that are missing between what is wanted and what is there, in order; none when all is as it should be. Pure. */
export function planSetup(wanted: WantedSetup, observed: ObservedSetup): SetupPlan {
  const steps: SetupStep[] = [];
  const known: Record<string, string> = { template: observed.template, graph: observed.graphPrincipal };
  if (observed.provisioning === undefined) {
    steps.push({
      words: `make the provisioning app “${wanted.name}” from Microsoft’s template`,
      method: 'POST',
      path: '/v1.0/applicationTemplates/{template}/instantiate',
      body: { displayName: wanted.name },
      yields: { provisioning: 'servicePrincipal.objectId' },
      role: applicationRole,
    });
  } else known['provisioning'] = observed.provisioning;
  steps.push(...planIdentity('runner', wanted, observed.runner, known));
  if (wanted.credential.kind === 'managedIdentity') {
    known['runner'] = wanted.credential.principal;
    known['runnerClient'] = observed.runner.principal?.appId ?? '';
  }
  for (const role of runnerGrants(wanted)) grant(steps, 'runner', role, roleIds[role], observed.runner);
  if (wanted.ownership) own(steps, 'runner', wanted, observed, known);
  steps.push(...planIdentity('administrator', wanted, observed.administrator, known));
  grant(steps, 'administrator', ownedApplications.name, ownedApplications.id, observed.administrator);
  own(steps, 'administrator', wanted, observed, known);
  const base = '/v1.0/servicePrincipals/{provisioning}/synchronization';
  if (observed.job === undefined) {
    steps.push({
      words: 'create the synchronization job',
      method: 'POST',
      path: `${base}/jobs`,
      body: { templateId: 'API2AAD' },
      yields: { job: 'id' },
      role: jobRole,
    });
  } else known['job'] = observed.job.id;
  if (observed.email !== wanted.email || observed.deletionThreshold !== wanted.deletionThreshold) {
    steps.push({
      words: `set the notification e-mail ${wanted.email} and the accidental-deletion threshold ${String(wanted.deletionThreshold)}`,
      method: 'PUT',
      path: `${base}/secrets`,
      body: jsonOf(notificationsBody(wanted.email, wanted.deletionThreshold)),
      role: jobRole,
    });
  }
  // A paused or quarantined job is somebody's decision or trouble; set-up starts only what never ran.
  if (wanted.start && (observed.job === undefined || observed.job.code === 'NotRun' || observed.job.code === 'NotConfigured')) {
    steps.push({ words: 'start the job', method: 'POST', path: `${base}/jobs/{job}/start`, role: jobRole });
  }
  const excess = [
    ...excessOf(
      'runner',
      observed.runner,
      runnerGrants(wanted).map((role) => roleIds[role]),
    ),
    ...excessOf('administrator', observed.administrator, [ownedApplications.id]),
  ];
  return { steps, known, excess };
}

function excessOf(identity: Identity, { principal }: ObservedIdentity, wanted: readonly string[]): readonly string[] {
  const names = new Map<string, string>(Object.entries(roleIds).map(([name, id]) => [id, name]));
  return (principal?.roleIds ?? [])
    .filter((id) => !wanted.includes(id))
    .map((id) => `the ${identity} has the role ${names.get(id) ?? id}, which it does not need`);
}

type Identity = 'runner' | 'administrator';

function planIdentity(
  identity: Identity,
  wanted: WantedSetup,
  observed: ObservedIdentity,
  known: Record<string, string>,
): readonly SetupStep[] {
  const steps: SetupStep[] = [];
  const { credential } = wanted;
  if (identity === 'runner' && credential.kind === 'managedIdentity') return steps;
  const displayName = `${wanted.name} ${identity}`;
  if (observed.application === undefined) {
    steps.push({
      words: `register the application “${displayName}”`,
      method: 'POST',
      path: '/v1.0/applications',
      body: { displayName, signInAudience: 'AzureADMyOrg', tags: ['joinery'] },
      yields: { [`${identity}App`]: 'id', [`${identity}Client`]: 'appId' },
      role: applicationRole,
    });
  } else {
    known[`${identity}App`] = observed.application.id;
    known[`${identity}Client`] = observed.application.appId;
  }
  if (observed.principal === undefined) {
    const words = `make the service principal of “${displayName}”`;
    steps.push({
      words,
      method: 'POST',
      path: '/v1.0/servicePrincipals',
      body: { appId: `{${identity}Client}` },
      yields: { [identity]: 'id' },
      role: applicationRole,
    });
  } else known[identity] = observed.principal.id;
  const path = `/v1.0/applications/{${identity}App}`;
  const secret = identity === 'administrator' ? !wanted.administratorSecretHeld : credential.kind === 'secret' && !credential.held;
  if (secret) {
    const body = { passwordCredential: { displayName: 'joinery entra setup' } };
    steps.push({
      words: `make a client secret for “${displayName}”`,
      method: 'POST',
      path: `${path}/addPassword`,
      body,
      yields: { [`${identity}Secret`]: 'secretText' },
      role: applicationRole,
    });
  }
  if (identity === 'administrator') return steps;
  if (credential.kind === 'certificate' && observed.application?.thumbprints.includes(credential.thumbprint) !== true) {
    // The list replaces the one that is there: left out, the certificates in use would stop working.
    const kept = (observed.application?.keyCredentials ?? []).map((one) => ({ ...one, key: null }));
    const keyCredentials = [...kept, { type: 'AsymmetricX509Cert', usage: 'Verify', displayName: 'joinery', key: credential.der }];
    steps.push({
      words: `attach the certificate ${credential.thumbprint} to “${displayName}”`,
      method: 'PATCH',
      path,
      body: { keyCredentials },
      role: applicationRole,
    });
  }
  if (credential.kind === 'federated') {
    const { issuer, subject } = credential;
    if (observed.application?.federated.some((one) => one.issuer === issuer && one.subject === subject) !== true) {
      const body = {
        name: `joinery-${String((observed.application?.federated.length ?? 0) + 1)}`,
        issuer,
        subject,
        audiences: ['api://AzureADTokenExchange'],
      };
      steps.push({
        words: `trust ${issuer} for ${subject} as “${displayName}”`,
        method: 'POST',
        path: `${path}/federatedIdentityCredentials`,
        body,
        role: applicationRole,
      });
    }
  }
  return steps;
}

function grant(steps: SetupStep[], identity: Identity, name: string, appRoleId: string, observed: ObservedIdentity): void {
  if (observed.principal?.roleIds.includes(appRoleId) === true) return;
  steps.push({
    words: `grant the ${identity} ${name}`,
    method: 'POST',
    path: '/v1.0/servicePrincipals/{graph}/appRoleAssignedTo',
    body: { principalId: `{${identity}}`, resourceId: '{graph}', appRoleId },
    role: grantRole,
  });
}

function own(
  steps: SetupStep[],
  identity: Identity,
  wanted: WantedSetup,
  observed: ObservedSetup,
  known: Readonly<Record<string, string>>,
): void {
  if (observed.owners.includes(known[identity] ?? '')) return;
  steps.push({
    words: `make the ${identity} an owner of the provisioning app, and of nothing else`,
    method: 'POST',
    path: '/v1.0/servicePrincipals/{provisioning}/owners/$ref',
    body: { '@odata.id': `${wanted.graphOrigin}/v1.0/directoryObjects/{${identity}}` },
    role: applicationRole,
  });
}

function jsonOf(value: object): Json {
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}
