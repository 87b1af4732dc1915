/**
 * Limits of `bulkUpload`: 40 calls in any 5 s (the provisioning pages; the Graph reference's “40 per second” is contradicted by them and
 * would be five times as fast), and a number of calls per tenant in any 24 h, which the licence decides (`sink.quota`). Source: graph-contract 2.1.
 * The store paces by them, across processes; nothing in this folder does.
 */
export const uploadLimits = {
  windowCalls: 40,
  windowMilliseconds: 5_000,
  dayMilliseconds: 86_400_000,
  /** User operations per call. Source: graph-contract 1.3. */
  operationsPerCall: 50,
} as const;

/** `GET /auditLogs/provisioning`: 5 requests in any 10 s, per application and tenant. Source: graph-contract 2.1. */
export const logLimits = { calls: 5, milliseconds: 10_000, rowsPerPage: 1_000 } as const;
