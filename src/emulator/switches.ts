import { JoineryError } from '../domain/error.ts';

/** One choice that the documents leave open or state in two ways. The documentation's table is made from these. */
export interface SwitchDeclaration<T> {
  readonly default: T;
  /** The values in words, for the table and for messages. */
  readonly values: string;
  readonly accepts: (value: unknown) => boolean;
  /** Section of the service contract in docs/emulator.md. */
  readonly topic: string;
  readonly text: string;
}

function choice<const V extends readonly (string | number)[]>(
  values: V,
  preset: V[number],
  topic: string,
  text: string,
): SwitchDeclaration<V[number]> {
  return { default: preset, values: values.join(', '), accepts: (value) => values.some((one) => one === value), topic, text };
}

function flag(preset: boolean, topic: string, text: string): SwitchDeclaration<boolean> {
  return { default: preset, values: 'true, false', accepts: (value) => typeof value === 'boolean', topic, text };
}

function count(preset: number, topic: string, text: string): SwitchDeclaration<number> {
  return {
    default: preset,
    values: 'a number from 0',
    accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
    topic,
    text,
  };
}

function word(preset: string, topic: string, text: string): SwitchDeclaration<string> {
  return { default: preset, values: 'a word', accepts: (value) => typeof value === 'string' && /^[\w.]+$/.test(value), topic, text };
}

function names(topic: string, text: string): SwitchDeclaration<readonly string[]> {
  return {
    default: [],
    values: 'a list of names',
    accepts: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
    topic,
    text,
  };
}

/** Every switch. The defaults are what the contract proposes, or the stricter reading where it proposes nothing. */
export const switchDeclarations = {
  operationsPerRequest: count(50, 'bulkUpload', 'Operations that one request may hold; more is 400 for the whole request.'),
  badRequestCode: word('BadRequest', 'bulkUpload', 'The `code` of the 400 answer; only the message `Invalid Data Format` is documented.'),
  requireEnterpriseSchema: flag(
    false,
    'bulkUpload',
    'True: `data.schemas` has to name the enterprise extension too, as the reference says; Microsoft’s samples do not always.',
  ),
  validateTypes: flag(
    true,
    'bulkUpload',
    'True: a core or enterprise attribute of the wrong JSON type is 400; false: it is not looked at.',
  ),
  missingExternalId: choice(
    ['failureRow', 'badRequest', 'dropped'],
    'failureRow',
    'bulkUpload',
    'An operation without `externalId`: accepted and failed in the logs, refused with 400, or accepted and lost.',
  ),
  payloadLimitBytes: count(4_194_304, 'bulkUpload', 'Bytes that a request body may have; 0: no limit. No limit is documented.'),
  payloadLimitStatus: choice([413, 400], 413, 'bulkUpload', 'The status of a body above the limit.'),
  locationVersion: choice(
    ['beta', 'request'],
    'beta',
    'bulkUpload',
    'The version in the `location` header of a 202: beta as both reference pages print it, or that of the request.',
  ),
  foreignPrincipalStatus: choice([403, 404, 400], 403, 'bulkUpload', 'The status for a service principal of another tenant.'),
  windowCalls: count(40, 'limits', 'bulkUpload calls of the tenant in any window.'),
  windowMilliseconds: count(5_000, 'limits', 'Length of that window. The reference page alone says 40 a second: 1000.'),
  dailyCalls: count(0, 'limits', 'bulkUpload calls of the tenant in any 24 hours; 0: by licence, 2,000 for P1 and 6,000 for Governance.'),
  bulkRetryAfter: choice(['present', 'absent'], 'present', 'limits', 'Whether the 429 of bulkUpload carries `Retry-After`.'),
  throttledCallsCount: flag(false, 'limits', 'True: a call that was answered 429 counts against window and day all the same.'),
  bucketSize: count(
    100_000,
    'limits',
    'Operations that a job’s ingestion store holds, escrows included; a request that does not fit is 500.',
  ),
  logCalls: count(5, 'limits', 'Provisioning log calls of one application in any log window.'),
  logWindowMilliseconds: count(10_000, 'limits', 'Length of that window.'),
  logRetryAfter: choice(['present', 'absent'], 'present', 'limits', 'Whether the 429 of the provisioning logs carries `Retry-After`.'),
  operationOrder: choice(
    ['random', 'inOrder'],
    'random',
    'processing',
    'The order in which what a cycle found is processed, over operations and over requests.',
  ),
  duplicateExternalId: choice(
    ['lastWins', 'fail', 'shuffled'],
    'lastWins',
    'processing',
    'Several operations of one request with one `externalId`: in array order, all failed as DuplicateSourceEntries, or in any order.',
  ),
  entriesPerSecond: count(1_000, 'processing', 'How fast a cycle processes; 0: at once.'),
  cycleIntervalMilliseconds: count(
    2_400_000,
    'processing',
    'A cycle starts at least this often while the job is active, with or without work.',
  ),
  activeOmitted: choice(['disable', 'unchanged'], 'disable', 'processing', 'What a record without `active` does to the account.'),
  inactiveUnknown: choice(
    ['create', 'skip'],
    'create',
    'processing',
    'A record with `active: false` that matches nobody: created disabled, or skipped.',
  ),
  flowNullValues: names('processing', 'First gate of clearing: source attributes (`<urn>:department`) with “Flow null values”.'),
  clearingMappings: names('processing', 'Second gate of clearing: target attributes (`department`) whose mapping clears.'),
  missingDisplayName: choice(
    ['fail', 'useUserName'],
    'fail',
    'processing',
    'A create without `displayName`: fails as MandatoryFieldsMissing, or takes the user name.',
  ),
  unknownDomainCode: choice(
    ['AzureActiveDirectoryInvalidUserPrincipalName', 'InvalidDomain'],
    'AzureActiveDirectoryInvalidUserPrincipalName',
    'processing',
    'The error code of a `userName` whose domain the tenant has not verified.',
  ),
  managerHeals: flag(
    false,
    'processing',
    'True: an unresolved manager is tried again in every later cycle, without the record being sent again.',
  ),
  redundantUpdates: flag(false, 'processing', 'True: an unchanged record is logged as an update of `accountEnabled`, a known limitation.'),
  escrow: flag(true, 'processing', 'True: failed entries are kept and retried by the service.'),
  escrowIntervalMilliseconds: count(2_400_000, 'processing', 'Time to the first retry; doubled each time, up to a day.'),
  escrowMaximumRetries: count(30, 'processing', 'Retries after which an escrow is given up.'),
  quarantineFailures: count(5_000, 'jobs', 'Escrows from which the job’s failure rate is looked at.'),
  startWithoutEmail: choice(['quarantine', 'allow'], 'quarantine', 'jobs', 'Starting a job that has no notification e-mail.'),
  restartPurges: choice(
    ['whenStopped', 'always', 'never'],
    'whenStopped',
    'jobs',
    'When a restart throws away what was uploaded before it.',
  ),
  rowsPerChange: choice(
    ['several', 'one'],
    'several',
    'logs',
    'Several: the import of an entry has a row of its own beside the row of its export, both with one changeId.',
  ),
  unchangedRows: choice(
    ['always', 'never'],
    'always',
    'logs',
    'Whether a record that changes nothing yields a row (skipped, RedundantExport).',
  ),
  statusInfoFilter: choice(['beta', 'both', 'neither'], 'beta', 'logs', 'Where `statusInfo/status` may be filtered on.'),
  provisioningStatusFilter: flag(false, 'logs', 'True: `provisioningStatusInfo/status` may be filtered on, which no page documents.'),
  logPageSize: count(1_000, 'logs', 'Largest and default page of the provisioning logs.'),
  retentionDays: count(30, 'logs', 'Days after which rows are gone; 7 without a premium licence.'),
  createdUserVisible: choice(
    ['afterRow', 'withRow', 'immediately'],
    'afterRow',
    'users',
    'When a created user appears under /users: after its log row is visible, with it, or when it is created.',
  ),
  principalReadyMilliseconds: count(0, 'set-up', 'Time until a service principal made from a template can be used; it is 404 before.'),
  tokenLifetimeSeconds: count(3_599, 'tokens', 'Life of an access token.'),
  deviceSignIn: choice(
    ['atSecondPoll', 'manual', 'declined'],
    'atSecondPoll',
    'tokens',
    'The person who is shown a device code: signs in soon, waits for `POST /emulator/device`, or declines.',
  ),
  devicePollSeconds: count(5, 'tokens', 'Pause between polls that the answer to a device code request asks for.'),
  assertionClock: choice(
    ['emulator', 'system'],
    'emulator',
    'tokens',
    'Which clock judges the times in a client assertion. A client library that knows only the machine’s clock needs `system` beside a virtual clock.',
  ),
} as const;

export type SwitchName = keyof typeof switchDeclarations;
type ValueOf<D> = D extends SwitchDeclaration<infer T> ? T : never;
export type EmulatorSwitches = { -readonly [K in SwitchName]: ValueOf<(typeof switchDeclarations)[K]> };

export function isSwitchName(name: string): name is SwitchName {
  return Object.hasOwn(switchDeclarations, name);
}

/** All switches at their defaults. */
export function defaultSwitches(): EmulatorSwitches {
  const out: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(switchDeclarations)) out[name] = declaration.default;
  return out as EmulatorSwitches; // oxlint-disable-line typescript/no-unsafe-type-assertion -- every declared name was just set to its declared default
}

/** Sets the named switches, all or none. Throws EMU-103 for a name that is not declared or a value that it does not take. */
export function setSwitches(switches: EmulatorSwitches, changes: Readonly<Record<string, unknown>>): void {
  const accepted: [SwitchName, unknown][] = [];
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    if (!isSwitchName(name)) throw new JoineryError('EMU-103', `The emulator has no switch "${name}".`);
    const declaration = switchDeclarations[name];
    if (!declaration.accepts(value)) {
      throw new JoineryError('EMU-103', `The switch "${name}" takes ${declaration.values}, not ${JSON.stringify(value)}.`);
    }
    accepted.push([name, value]);
  }
  Object.assign(switches, Object.fromEntries(accepted));
}
