import type { Clock } from '../domain/clock.ts';
import type { AttributeMapping } from './attribute-mapping.ts';
import type { DirectoryUserInput } from './directory.ts';
import type { Faults } from './faults.ts';
import type { ScopeClause } from './job.ts';
import type { Random } from './random.ts';
import type { ClientOptions, OutsideIssuer } from './registration.ts';
import type { EmulatorSwitches } from './switches.ts';

/** A provisioning app with its job, as an administrator set it up. */
export interface JobOptions {
  readonly displayName?: string;
  readonly servicePrincipalId?: string;
  readonly jobId?: string;
  /** False: the administrator has not started it. Default true. */
  readonly started?: boolean;
  /** null: none is set, so a start ends in quarantine. Default: an address of the tenant. */
  readonly notificationEmail?: string | null;
  /** Disables that one cycle may make; absent: the threshold is not enabled. */
  readonly deleteThreshold?: number;
  readonly skipOutOfScopeDeletions?: boolean;
  /** Attributes that were added to the job's schema, `<urn>:<attribute>`. Others of that URN are dropped silently. */
  readonly schemaExtensions?: readonly string[];
  /** Mappings beside the default ones; one with the target of a default mapping takes its place. */
  readonly mappings?: readonly AttributeMapping[];
  /** The scoping filter; default: all records. */
  readonly scope?: readonly ScopeClause[];
}

export interface TenantOptions {
  readonly tenantId?: string;
  /** Verified domains, the default domain first. Default `contoso.example`. */
  readonly domains?: readonly string[];
  /** Who is in the directory before the first upload. */
  readonly users?: readonly DirectoryUserInput[];
  /** Service principals that exist, but in another tenant. */
  readonly foreignServicePrincipals?: readonly string[];
}

export interface EmulatorOptions {
  readonly clock?: Clock;
  /** Makes the service's choices: order, latencies, ids of rows and users. Default: seeded. */
  readonly random?: Random;
  /** Ids and secrets of the tenant follow from it. Default 1. */
  readonly seed?: number;
  readonly port?: number;
  readonly host?: string;
  /**
   * At most so many milliseconds pass from a 202 until its rows are visible, and at least half of it, when nothing queues.
   * Default 600,000: the documented 5 to 10 minutes. 0: at once.
   */
  readonly latencyMs?: number;
  /** Folder for the tenant's state; absent: it ends with the process. */
  readonly dataDir?: string;
  readonly licence?: 'p1' | 'governance';
  readonly switches?: Partial<EmulatorSwitches>;
  readonly tenant?: TenantOptions;
  /** Default: one, with a secret and the rights that Joinery needs. */
  readonly clients?: readonly ClientOptions[];
  /** Default: one, started. Several share directory, window and day of the tenant. */
  readonly jobs?: readonly JobOptions[];
  readonly faults?: Faults;
  /** Nothing is set up: no provisioning app, no job, and one client, an administrator's. Other members go before it. */
  readonly empty?: boolean;
  /** Issuers that federated credentials may name. */
  readonly issuers?: readonly OutsideIssuer[];
}
