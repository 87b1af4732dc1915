/** What is known of an emulated tenant, and what `joinery emulator --json` prints when it listens. */
export type Connection = Readonly<Record<'origin' | 'tenantId' | 'servicePrincipalId' | 'jobId' | 'clientId' | 'clientSecret', string>>;

/** The variables that the sinks of the sample pipelines want. */
export function sinkVariables(connection: Connection): Record<string, string> {
  return {
    ENTRA_TENANT_ID: connection.tenantId,
    ENTRA_SERVICE_PRINCIPAL_ID: connection.servicePrincipalId,
    ENTRA_JOB_ID: connection.jobId,
    ENTRA_EMULATOR_ORIGIN: connection.origin,
    ENTRA_CLIENT_ID: connection.clientId,
    ENTRA_CLIENT_SECRET: connection.clientSecret,
  };
}

/** The sink of that tenant as a pipeline file says it, to be followed by more of `sink`. `auth`: what proves who the client is, in YAML's flow style. */
export function sinkText(auth = 'secret: "${ENTRA_CLIENT_SECRET}"'): string {
  return `sink:
  type: entra
  tenant: \${ENTRA_TENANT_ID}
  servicePrincipal: \${ENTRA_SERVICE_PRINCIPAL_ID}
  job: \${ENTRA_JOB_ID}
  emulator: \${ENTRA_EMULATOR_ORIGIN}
  auth: { client: "\${ENTRA_CLIENT_ID}", ${auth} }
`;
}
