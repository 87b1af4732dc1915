/**
 * Microsoft Graph's application roles that Joinery's two identities need; ids are the same in every tenant.
 * Source: graph-contract 1.2.
 */
export const roleIds = {
  'SynchronizationData-User.Upload': 'db31e92a-b9ea-4d87-bf6a-75a37a9ca35a',
  'SynchronizationData-User.Upload.OwnedBy': '25c32ff3-849a-494b-b94f-20a8ac4e6774',
  'ProvisioningLog.Read.All': '091937d3-3e38-47a1-8649-b2f99d3035f1',
  'Synchronization.Read.All': '5ba43d2f-fa88-4db2-bd1c-a67c5f0fb1ce',
  'Synchronization.ReadWrite.All': '9b50c33d-700f-43b1-b2eb-87e89b703581',
  'User.Read.All': 'df021288-bdef-4463-88db-98f22de89214',
} as const;

/** Microsoft Graph's application id in every tenant. */
export const graphAppId = '00000003-0000-0000-c000-000000000000';

/** What a runner must be able to do, and the roles any of which lets it; the first is the least. */
export interface RoleNeed {
  readonly purpose: string;
  readonly anyOf: readonly string[];
  /** Not needed by every pipeline. */
  readonly optional?: boolean;
}

const ownedUpload = 'SynchronizationData-User.Upload.OwnedBy';
const anyUpload = 'SynchronizationData-User.Upload';

const runnerNeeds: readonly RoleNeed[] = [
  { purpose: 'to upload', anyOf: [ownedUpload, anyUpload] },
  { purpose: 'to read the provisioning logs', anyOf: ['ProvisioningLog.Read.All', 'AuditLog.Read.All', 'Directory.Read.All'] },
  {
    purpose: 'to read the job',
    anyOf: ['Synchronization.Read.All', 'Synchronization.ReadWrite.All', 'Application.ReadWrite.OwnedBy', 'Application.ReadWrite.All'],
  },
  {
    purpose: 'to find taken user names, to adopt and to verify',
    anyOf: ['User.Read.All', 'Directory.Read.All', 'User.ReadWrite.All'],
    optional: true,
  },
];

/** The runner's whole set: whatever else its token holds is more than it needs. */
const runnerRoles = new Set(runnerNeeds.map(({ anyOf }) => anyOf[0]).concat(anyUpload));

export function missingNeeds(held: readonly string[]): readonly RoleNeed[] {
  return runnerNeeds.filter(({ anyOf }) => !anyOf.some((role) => held.includes(role)));
}

/** Beside the right to upload to apps that it owns, the right to upload to every app of the tenant is more than it needs. */
export function excessRoles(held: readonly string[]): readonly string[] {
  return held.filter((role) => !runnerRoles.has(role) || (role === anyUpload && held.includes(ownedUpload)));
}
