/** The Entra provisioning service on loopback: what other folders and tests may use of it. */
export { startEmulator, type Emulator } from './emulator.ts';
export type { EmulatorOptions, JobOptions, TenantOptions } from './options.ts';
export type { JobView } from './job-view.ts';
export type { DirectoryUser, DirectoryUserInput } from './directory.ts';
export type { EmulatorSwitches, SwitchName } from './switches.ts';
export type { EmulatorStats } from './tenant.ts';
export type { EntryFault, FaultEntry, FaultRequest, Faults, RequestFault, RowFault } from './faults.ts';
export type { LogEvent } from './provisioning-log.ts';
export { graphRoles, defaultRoles, type ClientOptions, type FederatedCredential, type GraphRole } from './registration.ts';
export { connectSharedClock, type SharedClock } from './shared-clock.ts';
export { SharedClockHost } from './shared-clock-host.ts';
export { connectionOf, parseLatency, runEmulatorServer, type EmulatorServerIo, type EmulatorServerOptions } from './serve.ts';
