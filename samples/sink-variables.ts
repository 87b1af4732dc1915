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
