/**
 * One row of the provisioning logs: Graph's `provisioningObjectSummary`, the members we read.
 * Source: graph-contract sections 3.2 and 3.3. Everything is optional that the service has been seen to leave out.
 */
export interface LogRow {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly activityDateTime: string;
  readonly jobId: string;
  readonly cycleId: string;
  /** Groups the rows that belong to one change of one entry. */
  readonly changeId: string;
  readonly provisioningAction: string;
  readonly provisioningStatusInfo: {
    readonly status: string;
    readonly errorInformation?: {
      readonly errorCode?: string | null;
      readonly errorCategory?: string | null;
      readonly reason?: string | null;
      readonly additionalDetails?: string | null;
      readonly recommendedAction?: string | null;
    } | null;
  };
  readonly provisioningSteps?: readonly LogStep[];
  /** `id` is the externalId. */
  readonly sourceIdentity?: { readonly id?: string | null; readonly displayName?: string | null } | null;
  readonly targetIdentity?: { readonly id?: string | null; readonly displayName?: string | null } | null;
  readonly modifiedProperties?: readonly {
    readonly displayName?: string | null;
    readonly oldValue?: string | null;
    readonly newValue?: string | null;
  }[];
}

export interface LogStep {
  readonly name: string;
  /** `import` `scoping` `matching` `processing` `referenceResolution` `export` */
  readonly provisioningStepType: string;
  readonly status: string;
  readonly description?: string | null;
  /** One key per attribute on import and export, with `.` and `:` stripped from the key; `SkipReason` on a skip. */
  readonly details?: Readonly<Record<string, string | null>> | null;
}
