import type { AttributePath } from '../domain/payload.ts';
import type { PipelineValues } from './declaration.ts';
import { isLoopback, isOnPremisesJob } from './declare-sink.ts';
import type { AuthDeclaration, SinkDeclaration } from './pipeline.ts';
import type { Reading } from './reading.ts';

type SinkValues = NonNullable<PipelineValues['sink']>;

/**
 * Login and Graph hosts of each cloud: graph-contract 4.7. China has two login hosts in Microsoft's documents; this is the one of
 * the Graph deployments page, which MSAL uses too.
 */
const clouds = {
  global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  usgov: { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
  dod: { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
  china: { login: 'https://login.chinacloudapi.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' },
} as const;

/** Calls per tenant in 24 hours: graph-contract 2.1. */
const quotas = { p1: 2000, governance: 6000 } as const;

export function buildSink(values: SinkValues, clearing: readonly AttributePath[], reading: Reading): SinkDeclaration | undefined {
  const { type, tenant, servicePrincipal, job, auth, quota } = values;
  if (job !== undefined && isOnPremisesJob(job)) {
    reading.report(
      'PIP-502',
      reading.rangeOf('sink.job'),
      'sink.job is a job for on-premises Active Directory (API2AD), which is not supported',
    );
  }
  const cloud = buildCloud(values, reading);
  const access = auth === undefined ? undefined : buildAuth(auth, reading);
  if (!type || tenant === undefined || servicePrincipal === undefined || job === undefined || access === undefined) return undefined;
  return {
    type,
    tenant,
    servicePrincipal,
    job,
    auth: access,
    cloud,
    quota: { name: quota, calls: quotas[quota] },
    clearing,
    extensions: Object.fromEntries(
      values.extensions.map(({ name, value }) => [name, Object.fromEntries(value.map((attribute) => [attribute.name, attribute.value]))]),
    ),
  };
}

function buildCloud({ cloud = 'global', emulator, quota }: SinkValues, reading: Reading): SinkDeclaration['cloud'] {
  if (reading.isWritten('sink.cloud') && reading.isWritten('sink.emulator')) {
    reading.report('PIP-106', reading.rangeOf('sink.emulator'), 'sink has both cloud and emulator');
  }
  if (emulator !== undefined) {
    if (!isLoopback(emulator)) {
      reading.report('PIP-503', reading.rangeOf('sink.emulator'), `sink.emulator is ${emulator}, which is not loopback`);
    }
    return { name: 'emulator', login: emulator, graph: emulator };
  }
  if (quota === 'governance' && cloud !== 'global') {
    const message = `quota: governance in the cloud ${cloud}: Entra ID Governance was not available there`;
    reading.report('PIP-505', reading.rangeOf('sink.quota'), message, { severity: 'warning' });
  }
  if (cloud === 'china') {
    const message = 'provisioning logs are not documented for the cloud china: outcomes may never be known';
    reading.report('PIP-505', reading.rangeOf('sink.cloud'), message, { severity: 'warning' });
  }
  return { name: cloud, ...clouds[cloud] };
}

const proofs = ['secret', 'certificate', 'federated', 'managedIdentity'] as const;

function buildAuth(
  { client, secret, certificate, federated, managedIdentity }: NonNullable<SinkValues['auth']>,
  reading: Reading,
): AuthDeclaration | undefined {
  const written = proofs.filter((name) => reading.isWritten(`sink.auth.${name}`));
  const [first] = written;
  if (written.length !== 1) {
    const message = first === undefined ? 'sink.auth has neither secret nor certificate' : `sink.auth has both ${written.join(' and ')}`;
    reading.report('PIP-106', reading.rangeOf(first === undefined ? 'sink.auth' : `sink.auth.${first}`), message, {
      fix:
        first === undefined
          ? 'Add certificate: ${ENTRA_CERTIFICATE_FILE}, secret: ${ENTRA_CLIENT_SECRET}, federated or managedIdentity.'
          : 'Keep exactly one of them.',
    });
  }
  if (client === undefined) return undefined;
  const file = federated?.file;
  return {
    client,
    ...(secret === undefined ? {} : { secret }),
    ...(certificate === undefined ? {} : { certificate: reading.absolutePath(certificate) }),
    ...(file === undefined ? {} : { federated: { file: reading.absolutePath(file) } }),
    ...(managedIdentity === undefined ? {} : { managedIdentity }),
  };
}
