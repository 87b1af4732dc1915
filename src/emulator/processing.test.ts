import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { becomeStranger, coreSchema, enterpriseSchema, passLatency, record, type Stranger } from '../../test/stranger.ts';
import { startEmulator, type DirectoryUser, type Emulator, type EmulatorOptions } from './index.ts';

const extension = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User';

describe('processing', () => {
  let clock: VirtualClock;
  let emulator: Emulator;
  let stranger: Stranger;

  async function start(options: EmulatorOptions = {}): Promise<void> {
    await emulator?.close();
    clock = new VirtualClock('2026-11-22T08:00:00Z');
    emulator = await startEmulator({ clock, ...options });
    stranger = await becomeStranger(emulator);
  }
  async function provision(...records: Record<string, unknown>[]): Promise<void> {
    const reply = await stranger.upload(records);
    expect(reply.status).toBe(202);
    passLatency(emulator, clock);
    stranger = await becomeStranger(emulator);
  }
  const user = (id: string): DirectoryUser | undefined => emulator.directory.findByEmployeeId(id)[0];
  const lastRow = async (id: string): Promise<any> => (await stranger.rows(`sourceIdentity/id eq '${id}'`)).at(-1);
  const summary = (row: any): unknown => [
    row.provisioningAction,
    row.provisioningStatusInfo.status,
    row.provisioningStatusInfo.errorInformation?.errorCode,
  ];

  beforeEach(() => start());
  afterEach(() => emulator.close());

  it('creates by the default mapping: externalId, user name with the domain added, the work entries only', async () => {
    await provision({
      schemas: [coreSchema, enterpriseSchema],
      externalId: '10042',
      userName: 'm.keller',
      displayName: 'Mara Keller',
      name: { givenName: 'Mara', familyName: 'Keller' },
      title: 'Analyst',
      active: true,
      preferredLanguage: 'de-DE',
      emails: [{ type: 'work', value: 'm@x.example' }],
      phoneNumbers: [
        { type: 'mobile', value: '+49 1' },
        { type: 'work', value: '+49 30 1234' },
      ],
      addresses: [
        { type: 'home', locality: 'Bonn' },
        { type: 'work', streetAddress: 'Am Hof 1', locality: 'Berlin', postalCode: '10115', country: 'DE' },
      ],
      [enterpriseSchema]: { department: 'Finance', organization: 'Contoso', costCenter: '7' },
      [extension]: { HireDate: '2026-10-01T00:00:00Z' },
    });
    expect(user('10042')).toMatchObject({
      employeeId: '10042',
      userPrincipalName: 'm.keller@contoso.example',
      mailNickname: 'm.keller',
      accountEnabled: true,
      displayName: 'Mara Keller',
      givenName: 'Mara',
      surname: 'Keller',
      jobTitle: 'Analyst',
      department: 'Finance',
      city: 'Berlin',
      streetAddress: 'Am Hof 1',
      postalCode: '10115',
      country: 'DE',
      telephoneNumber: '+49 30 1234',
      preferredLanguage: 'de-DE',
    });
    for (const name of ['companyName', 'mail', 'employeeHireDate', 'employeeOrgData']) expect(user('10042')).not.toHaveProperty(name);
    const [received] = await stranger.rows("sourceIdentity/id eq '10042'");
    const details = received.provisioningSteps[0].details;
    expect(details).toMatchObject({
      active: 'True',
      namefamilyName: 'Keller',
      urnietfparamsscimschemasextensionenterprise20Userdepartment: 'Finance',
      'addresses[type eq "work"]locality': 'Berlin',
    });
    expect(Object.keys(details).some((key) => key.includes('contoso'))).toBe(false);
  });

  it('matches by externalId and employeeId, updates what differs, and skips what does not', async () => {
    await start({
      tenant: { users: [{ userPrincipalName: 'old@contoso.example', employeeId: '1', displayName: 'Old', department: 'HR' }] },
    });
    await provision(record('1', { userName: 'old@contoso.example', displayName: 'Old' }));
    expect(emulator.directory.size).toBe(1);
    const row = await lastRow('1');
    expect(summary(row)).toEqual(['update', 'success', undefined]);
    expect(row.modifiedProperties).toContainEqual({ displayName: 'department', oldValue: 'HR', newValue: 'Finance' });
    expect(row.modifiedProperties.map((one: any) => one.displayName)).not.toContain('accountEnabled');
    await provision(record('1', { userName: 'old@contoso.example', displayName: 'Old' }));
    const skip = await lastRow('1');
    expect(summary(skip)).toEqual(['other', 'skipped', 'RedundantExport']);
    expect(skip.provisioningSteps.at(-1).details.SkipReason).toBe('RedundantExport');
  });

  it('disables on active false, and on a record that leaves active out unless switched', async () => {
    const { active: _active, ...withoutActive } = record('2');
    await provision(record('1'), record('2'), record('3'));
    await provision(record('1', { active: false }), withoutActive);
    expect([user('1')?.accountEnabled, user('2')?.accountEnabled]).toEqual([false, false]);
    const row = await lastRow('2');
    expect(summary(row)).toEqual(['disable', 'success', undefined]);
    expect(row.modifiedProperties).toEqual([{ displayName: 'accountEnabled', oldValue: 'True', newValue: 'False' }]);
    emulator.setSwitches({ activeOmitted: 'unchanged' });
    const { active: _again, ...third } = record('3', { department: 'HR' });
    await provision(third);
    expect([user('3')?.accountEnabled, user('3')?.['department']]).toEqual([true, 'HR']);
  });

  const enterprise = (value: unknown): Record<string, unknown> => ({ [enterpriseSchema]: value });
  it.each([
    ['omitted', enterprise({ organization: 'x' }), 'Finance', null],
    ['omitted with its extension', enterprise(undefined), 'Finance', 'Finance'],
    ['null', enterprise({ department: null }), 'Finance', null],
    ['empty', enterprise({ department: '' }), '', null],
    ['a value', enterprise({ department: 'HR' }), 'HR', 'HR'],
  ])('treats an attribute that is %s as table 2.5 says, without and with both gates of clearing', async (_name, members, closed, open) => {
    await provision(record('1'));
    await provision(record('1', members));
    expect(user('1')?.['department']).toBe(closed);
    await start({ switches: { flowNullValues: [`${enterpriseSchema}:department`] } });
    await provision(record('1'));
    await provision(record('1', members));
    expect(user('1')?.['department']).toBe(closed);
    await start({ switches: { flowNullValues: [`${enterpriseSchema}:department`], clearingMappings: ['department'] } });
    await provision(record('1'));
    await provision(record('1', members));
    expect(user('1')?.['department']).toBe(open);
  });

  it('says in the log that a null attribute was skipped', async () => {
    await provision(record('1'));
    await provision(record('1', { title: null, displayName: 'New' }));
    expect(JSON.stringify((await lastRow('1')).provisioningSteps)).toContain("The attribute 'jobTitle' has a null value");
  });

  it('sets the manager in a later update row of the same change, whatever the order in the upload', async () => {
    await provision(record('1', { manager: '2' }), record('2'));
    expect(user('1')?.managerId).toBe(user('2')?.id);
    const rows = await stranger.rows("sourceIdentity/id eq '1'");
    expect(rows.map((row) => row.provisioningAction)).toEqual(['other', 'create', 'update']);
    expect(new Set(rows.map((row) => row.changeId)).size).toBe(1);
    expect(rows[2].modifiedProperties).toEqual([{ displayName: 'manager', oldValue: null, newValue: user('2')?.id }]);
  });

  it('warns about a manager whom this job has not processed and does not heal until the record is sent again', async () => {
    await start({ tenant: { users: [{ userPrincipalName: 'boss@contoso.example', employeeId: '9' }] } });
    await provision(record('1', { manager: '9' }));
    const row = await lastRow('1');
    expect([row.provisioningAction, row.provisioningStatusInfo.status]).toEqual(['update', 'warning']);
    expect(row.provisioningStatusInfo.errorInformation.reason).toMatch(/^We were unable to assign 9 as the manager of 1\./);
    await provision(record('9', { userName: 'boss@contoso.example' }));
    expect(user('1')?.managerId).toBeNull();
    await provision(record('1', { manager: '9' }));
    expect(user('1')?.managerId).toBe(user('9')?.id);
  });

  it('heals an unresolved manager by itself when the switch says so', async () => {
    await start({ switches: { managerHeals: true } });
    await provision(record('1', { manager: '9' }));
    await provision(record('9'));
    expect(user('1')?.managerId).toBe(user('9')?.id);
  });

  const failures: readonly [string, Record<string, unknown>, string, string, RegExp][] = [
    [
      'a user name that exists',
      record('5', { userName: 'taken@contoso.example' }),
      '5',
      'AzureActiveDirectoryDuplicateUserPrincipalName',
      /same value for property userPrincipalName/,
    ],
    [
      'a domain that the tenant has not verified',
      record('5', { userName: 'a@fabrikam.example' }),
      '5',
      'AzureActiveDirectoryInvalidUserPrincipalName',
      /domain does not exist/,
    ],
    [
      'a user name with signs that are not allowed',
      record('5', { userName: 'Jörg Ö@contoso.example' }),
      '5',
      'AzureActiveDirectoryInvalidUserPrincipalName',
      /form/,
    ],
    [
      'no externalId',
      { ...record(''), externalId: undefined },
      '',
      'EntryJoiningPropertyValueIsMissing',
      /^Source identifier of an entry cannot be empty$/,
    ],
    ['no display name', { ...record('5'), displayName: undefined }, '5', 'MandatoryFieldsMissing', /displayName/],
    [
      'a user mastered on-premises',
      record('6', { department: 'New' }),
      '6',
      'AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises',
      /on-premises/,
    ],
    ['two users with the matching value', record('7'), '7', 'DuplicateTargetEntries', /matching value '7'/],
  ];
  it.each(failures)('fails in the log, not in the request, for %s', async (_name, one, id, code, reason) => {
    await start({
      tenant: {
        users: [
          { userPrincipalName: 'Taken@contoso.example' },
          { userPrincipalName: 'six@contoso.example', employeeId: '6', onPremisesSyncEnabled: true },
          { userPrincipalName: 'seven@contoso.example', employeeId: '7' },
          { userPrincipalName: 'sept@contoso.example', employeeId: '7' },
        ],
      },
    });
    await provision(one);
    const row = await lastRow(id);
    expect(row.provisioningStatusInfo.status).toBe('failure');
    expect(row.provisioningStatusInfo.errorInformation.errorCode).toBe(code);
    expect(row.provisioningStatusInfo.errorInformation.reason).toMatch(reason);
    expect(emulator.directory.size).toBe(4);
  });

  it('keeps a failed entry, retries it after 40 minutes, then later and later, and applies it once the cause is gone', async () => {
    await start({ tenant: { users: [{ userPrincipalName: 'taken@contoso.example' }] } });
    await provision(record('5', { userName: 'taken@contoso.example' }));
    const reason = async (): Promise<string> => (await lastRow('5')).provisioningStatusInfo.errorInformation?.reason;
    expect(await reason()).toMatch(
      /This operation was retried 0 times\. It will be retried again after this date: 2026-11-22T08:4\d.* UTC$/,
    );
    clock.advance(41 * 60_000);
    passLatency(emulator, clock);
    stranger = await becomeStranger(emulator);
    const retry = await lastRow('5');
    expect(retry.provisioningSteps[0]).toMatchObject({
      name: 'EntryEscrowRetry',
      details: { CountProcessed: '1', TypeName: 'EscrowedEntryDefault' },
    });
    expect(await reason()).toContain('retried 1 times');
    const blocker = emulator.directory.findByUserPrincipalName('taken@contoso.example');
    emulator.directory.remove(blocker?.id ?? '');
    clock.advance(81 * 60_000);
    passLatency(emulator, clock);
    stranger = await becomeStranger(emulator);
    expect(user('5')?.userPrincipalName).toBe('taken@contoso.example');
    const rows = await stranger.rows("sourceIdentity/id eq '5'");
    expect(summary(rows.at(-1))).toEqual(['create', 'success', undefined]);
    expect(new Set(rows.map((row) => row.changeId)).size).toBe(1);
    expect(emulator.jobs[0]?.escrowed).toBe(0);
  });

  it('lets a newer record take the place of an escrowed one', async () => {
    await provision(record('5', { userName: 'x@fabrikam.example' }));
    expect(emulator.jobs[0]?.escrowed).toBe(1);
    await provision(record('5'));
    expect(emulator.jobs[0]?.escrowed).toBe(0);
    clock.advance(86_400_000);
    emulator.settle();
    expect(user('5')?.userPrincipalName).toBe('worker.5@contoso.example');
  });

  it('takes custom attributes that are in the job schema and mapped, but no date without a time', async () => {
    const hire = `${extension}:HireDate`;
    await start({ jobs: [{ schemaExtensions: [hire], mappings: [{ source: hire, target: 'employeeHireDate' }] }] });
    await provision(
      record('1', { [extension]: { HireDate: '2026-10-01T00:00:00-05:00' } }),
      record('2', { [extension]: { HireDate: '2026-10-01' } }),
    );
    expect([user('1')?.['employeeHireDate'], user('2')?.['employeeHireDate']]).toEqual(['2026-10-01T05:00:00Z', undefined]);
    await start({ jobs: [{ mappings: [{ source: 'title', target: 'headline' }] }] });
    await provision(record('1', { title: 'x' }));
    expect((await lastRow('1')).provisioningStatusInfo.errorInformation.reason).toContain("'headline' is not a valid propertyName");
  });

  it('processes several records of one externalId in one request so that the last wins, or fails them, as switched', async () => {
    const twice = [record('1', { department: 'first' }), record('1', { department: 'last' })];
    await provision(...twice);
    expect(user('1')?.['department']).toBe('last');
    await start({ switches: { duplicateExternalId: 'fail' } });
    await provision(...twice, record('2'));
    expect([user('1'), user('2')?.employeeId]).toEqual([undefined, '2']);
    expect(summary(await lastRow('1'))).toEqual(['create', 'failure', 'DuplicateSourceEntries']);
  });

  it('skips who is outside the scoping filter, and disables who leaves it', async () => {
    await start({ jobs: [{ scope: [{ attribute: 'userType', operator: 'NOT EQUALS', value: 'External' }] }] });
    await provision(record('1'), record('2', { userType: 'External' }));
    expect(user('2')).toBeUndefined();
    expect(summary(await lastRow('2'))).toEqual(['other', 'skipped', 'EntrySynchronizationSkipped']);
    await provision(record('1', { userType: 'External' }));
    expect(user('1')?.accountEnabled).toBe(false);
  });

  it('quarantines with TooManyDeletes and stages the disables when the threshold is passed', async () => {
    await start({ jobs: [{ deleteThreshold: 2 }] });
    const ids = ['1', '2', '3'];
    await provision(...ids.map((id) => record(id)));
    await provision(...ids.map((id) => record(id, { active: false })), record('4'));
    expect(ids.map((id) => user(id)?.accountEnabled)).toEqual([true, true, true]);
    expect(user('4')).toBeDefined();
    expect((await lastRow('1')).provisioningAction).toBe('stagedDelete');
    expect(emulator.jobs[0]?.state.quarantine?.reason).toBe('TooManyDeletes');
  });

  it('logs an unchanged record as an update or not at all, as switched', async () => {
    await start({ switches: { redundantUpdates: true } });
    await provision(record('1'));
    await provision(record('1'));
    expect((await lastRow('1')).modifiedProperties).toEqual([{ displayName: 'accountEnabled', oldValue: 'True', newValue: 'True' }]);
    emulator.setSwitches({ redundantUpdates: false, unchangedRows: 'never' });
    const before = emulator.logRows().length;
    await provision(record('1'));
    expect(emulator.logRows()).toHaveLength(before);
  });

  it('ends in the same directory whatever the order, for distinct workers over several uploads', async () => {
    const workers = fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 1, max: 12 }),
        manager: fc.integer({ min: 1, max: 12 }),
        department: fc.constantFrom('A', 'B'),
        active: fc.boolean(),
      }),
      { selector: (worker) => worker.id, minLength: 1, maxLength: 12 },
    );
    const result = async (records: Record<string, unknown>[], seed: number): Promise<unknown> => {
      const ownClock = new VirtualClock('2026-11-22T08:00:00Z');
      const own = await startEmulator({ clock: ownClock, seed });
      const client = await becomeStranger(own);
      await client.upload(records);
      passLatency(own, ownClock);
      const key = new Map(own.directory.users().map((one) => [one.id, one.employeeId]));
      const state = own.directory
        .users()
        .map((one) =>
          JSON.stringify([one.employeeId, one.userPrincipalName, one['department'], one.accountEnabled, key.get(one.managerId ?? '')]),
        )
        .toSorted((left, right) => left.localeCompare(right));
      await own.close();
      return state;
    };
    await fc.assert(
      fc.asyncProperty(workers, fc.nat(1_000), async (list, seed) => {
        const records = list.map(({ id, manager, department, active }) =>
          record(String(id), { manager: String(manager), department, active }),
        );
        expect(await result(records, seed)).toEqual(await result(records.toReversed(), seed + 1));
      }),
      { numRuns: 25 },
    );
  });
});
