import { afterEach, describe, expect, it } from 'vitest';
import { enterpriseUserSchema } from '../../src/domain/payload.ts';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

const department = `${enterpriseUserSchema}:department`;
const hour = 3_600_000;
let story: Story;
afterEach(async () => {
  await story.close();
});

const warnings = (code: string): number =>
  story.events.filter((event) => event.type === 'warning' && event.diagnostic.code === code).length;

describe('change kinds', () => {
  it('go by pre-hire, enable, leaver and rehire, each counted apart, and a past leaver never becomes an account', async () => {
    story = await openStory();
    await story.sql(
      people([
        { id: 'PRE', given: 'Pre', family: 'Hire', starts: '2026-11-10' },
        { id: 'OFFER', given: 'Offer', family: 'Withdrawn', starts: '2026-11-10' },
        { id: 'PAST', given: 'Past', family: 'Leaver', ends: '2024-01-31' },
        { id: 'HERE', given: 'Here', family: 'Now' },
      ]),
    );
    expect((await story.run()).plan.counts).toMatchObject({ joiner: 1, 'pre-hire': 2 });
    expect(story.accounts()).toEqual({ PRE: 'off', OFFER: 'off', HERE: 'on' });

    await story.sql(`update workers set starts = '2027-06-01' where id = 'OFFER'`);
    const { out } = await story.command('plan', `${story.folder}/story.yaml`);
    expect(out).toContain('Cancelled before the first day, off already: OFFER');
    expect((await story.run()).plan).toMatchObject({ counts: { cancelled: 0, leaver: 0 }, rescinded: 1, price: { operations: 0 } });

    story.clock.advanceTo('2026-11-10T07:00:00Z');
    expect((await story.run()).plan.counts).toMatchObject({ enable: 1, rehire: 0 });
    expect(story.accounts()).toMatchObject({ PRE: 'on', OFFER: 'off' });

    await story.sql(`update workers set status = 'Terminated' where id = 'PRE'`);
    expect((await story.run()).plan.counts).toMatchObject({ leaver: 1 });
    await story.sql(`update workers set title = 'Former' where id = 'PRE'`);
    expect((await story.run()).plan).toMatchObject({ counts: { frozen: 1 }, price: { operations: 0 } });
    await story.sql(`update workers set status = 'Active' where id = 'PRE'`);
    expect((await story.run()).plan.counts).toMatchObject({ rehire: 1, enable: 0 });
    expect(story.property('PRE', 'jobTitle')).toBe('Former');
    // By scope, and back.
    await story.sql(`update workers set kind = 'Volunteer' where id = 'HERE'`);
    expect((await story.run()).plan.counts).toMatchObject({ leaver: 1 });
    expect(story.accounts()).toMatchObject({ HERE: 'off' });
    await story.sql(`update workers set kind = 'Employee' where id = 'HERE'`);
    expect((await story.run()).plan.counts).toMatchObject({ rehire: 1 });
    expect(story.accounts()).toEqual({ PRE: 'on', OFFER: 'off', HERE: 'on' });
  });
});

describe('dates', () => {
  it('act when they arrive although no row changed, at the end of the last day in the zone of the worker', async () => {
    story = await openStory();
    await story.sql(
      people([
        { id: 'TOKYO', given: 'T', family: 'One', ends: '2026-11-02', zone: 'Asia/Tokyo' },
        { id: 'BERLIN', given: 'B', family: 'Two', ends: '2026-11-02' },
        { id: 'LA', given: 'L', family: 'Three', ends: '2026-11-02', zone: 'America/Los_Angeles' },
      ]),
    );
    await story.run();
    expect(story.accounts()).toEqual({ TOKYO: 'on', BERLIN: 'on', LA: 'on' });
    for (const [at, expected] of [
      ['2026-11-02T15:30:00Z', { TOKYO: 'off', BERLIN: 'on', LA: 'on' }],
      ['2026-11-02T23:30:00Z', { TOKYO: 'off', BERLIN: 'off', LA: 'on' }],
      ['2026-11-03T08:30:00Z', { TOKYO: 'off', BERLIN: 'off', LA: 'off' }],
    ] as const) {
      story.clock.advanceTo(at);
      expect((await story.run()).plan.backDated).toBeUndefined();
      expect(story.accounts()).toEqual(expected);
    }
  });

  it('that are back-dated act at once, and one that is rescinded in time never acts', async () => {
    story = await openStory();
    await story.sql(
      people([
        { id: 'BACK', given: 'Back', family: 'Dated' },
        { id: 'STAY', given: 'Stay', family: 'On', ends: '2026-11-03' },
      ]),
    );
    await story.run();
    await story.sql(`update workers set ends = '2026-10-15' where id = 'BACK'`, `update workers set ends = null where id = 'STAY'`);
    const { plan } = await story.run();
    expect(plan).toMatchObject({ counts: { leaver: 1 }, backDated: 1 });
    expect(story.events).toContainEqual(
      expect.objectContaining({ type: 'warning', externalId: 'BACK', diagnostic: expect.objectContaining({ code: 'PLN-109' }) }),
    );
    story.clock.advanceTo('2026-11-05T07:00:00Z');
    await story.run();
    expect(story.accounts()).toEqual({ BACK: 'off', STAY: 'on' });
  });
});

describe('a clock', () => {
  it('that is minutes off changes no outcome, and one that is hours off plans for nobody', async () => {
    story = await openStory();
    await story.sql(people([{ id: 'W1', given: 'Anna', family: 'One', ends: '2026-11-02' }]));
    const skewed = (minutes: number): void => {
      story.work.emulator.setFaults({ request: () => ({ kind: 'skew', milliseconds: minutes * 60_000 }) });
    };
    skewed(-10);
    expect((await story.run()).tally).toEqual({ applied: 1 });
    // Ours is a day ahead: he would lose his last day.
    story.clock.advanceTo('2026-11-03T08:00:00Z');
    skewed(-24 * 60);
    await expect(story.run()).rejects.toMatchObject({ code: 'STG-110', message: expect.stringContaining('1440 minutes ahead') });
    expect(story.accounts()).toEqual({ W1: 'on' });
    skewed(10);
    expect((await story.run()).tally).toEqual({ applied: 1 });
    expect(story.accounts()).toEqual({ W1: 'off' });
  });
});

describe('vanishing', () => {
  const gone = `delete from workers where id = 'W2'`;
  const back = `insert into workers (id, given, family, title) values ('W2', 'Ben', 'Two', 'Changed')`;

  async function two(): Promise<void> {
    story = await openStory();
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One' },
        { id: 'W2', given: 'Ben', family: 'Two', title: 'Clerk' },
      ]),
    );
    await story.run();
    await story.sql(gone);
  }

  it('needs the passes and the hours, and sends what was confirmed with active false', async () => {
    await two();
    await story.run();
    await story.run();
    await story.run();
    expect(story.accounts()).toMatchObject({ W2: 'on' });
    story.clock.advance(25 * hour);
    expect((await story.run()).plan.counts).toMatchObject({ leaver: 1 });
    expect(story.accounts()).toMatchObject({ W1: 'on', W2: 'off' });
    expect(story.property('W2', 'jobTitle')).toBe('Clerk');
  });

  it('begins anew when the key was there again in between', async () => {
    await two();
    await story.run();
    story.clock.advance(25 * hour);
    await story.sql(back);
    await story.run();
    await story.sql(gone);
    await story.run();
    story.clock.advance(2 * hour);
    await story.run();
    expect(story.accounts()).toMatchObject({ W2: 'on' });
    story.clock.advance(25 * hour);
    await story.run();
    expect(story.accounts()).toMatchObject({ W2: 'off' });
  });

  it('is postponed by a row without a key, which could be about whoever is missing, and goes on where it was', async () => {
    story = await openStory({
      source:
        '  query: "select case when given = \'Lost\' then null else id end as id, given, family, status, starts, ends, zone, department, title, manager, person, kind from workers"\n',
    });
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One' },
        { id: 'W2', given: 'Ben', family: 'Two' },
      ]),
    );
    await story.run();
    await story.sql(gone);
    await story.run();
    await story.sql(people([{ id: 'W3', given: 'Lost', family: 'Row' }]));
    story.clock.advance(25 * hour);
    for (let pass = 0; pass < 3; pass++) await story.run();
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on' });
    await story.sql(`delete from workers where given = 'Lost'`);
    await story.run();
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'off' });
  });

  it('does not count a pass that a guard stopped', async () => {
    story = await openStory({ guards: 'population: 0' });
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One' },
        { id: 'W2', given: 'Ben', family: 'Two' },
      ]),
    );
    await story.run();
    await story.sql(gone);
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-201' });
    story.clock.advance(25 * hour);
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-201' });
    await story.rewrite({});
    story.clock.advance(25 * hour);
    await story.run();
    expect(story.accounts()).toMatchObject({ W2: 'on' });
  });
});

describe('names and emptiness', () => {
  it('give the second candidate to whoever comes later, and keep a name for life', async () => {
    story = await openStory();
    await story.sql(people([{ id: 'W1', given: 'Anna', family: 'One' }]));
    await story.run();
    await story.sql(people([{ id: 'W2', given: 'Anna', family: 'Two' }]), `update workers set given = 'Anne' where id = 'W1'`);
    await story.run();
    expect(story.property('W1', 'userPrincipalName')).toBe('anna@contoso.example');
    expect(story.property('W1', 'givenName')).toBe('Anne');
    expect(story.property('W2', 'userPrincipalName')).toBe('anna.two@contoso.example');
  });

  it('keep what was confirmed where HR has nothing any more', async () => {
    story = await openStory();
    await story.sql(people([{ id: 'W1', given: 'Anna', family: 'One', title: 'Chief', department: 'Sales' }]));
    await story.run();
    await story.sql(`update workers set title = null, department = 'Board' where id = 'W1'`);
    await story.run();
    expect(story.property('W1', 'jobTitle')).toBe('Chief');
    expect(story.property('W1', 'department')).toBe('Board');
  });

  it('clear, omit and reject as each attribute says, and what was sent empty is unknown until somebody sees it', async () => {
    const attributes = `    userName: id & "@contoso.example"
    displayName: { value: given, empty: reject }
    title: { value: title, empty: omit }
    enterprise: { department: { value: department, empty: clear } }`;
    const switches = { flowNullValues: [department], clearingMappings: ['department'] };
    story = await openStory(
      { attributes, sink: '  clearing: [department]', guards: 'emptied: 2\n  first: { joiners: 100, rejections: 100% }' },
      { switches },
    );
    const row = (id: string): Record<string, string> => ({ id, given: id, family: 'X', title: 'Chief', department: 'Sales' });
    await story.sql(people(['W1', 'W2', 'W3', 'W4'].map(row)));
    await story.run();
    const unknown = async (): Promise<unknown> => {
      const runner = await story.open();
      const entry = await runner.store.ledger.get({ tenant: runner.pipeline.sink.tenant, job: runner.pipeline.sink.job }, 'W1');
      await runner.close();
      return entry?.confirmed?.evidence.unknown;
    };
    await story.sql(`update workers set title = null, department = null where id = 'W1'`, `update workers set given = '' where id = 'W2'`);
    expect((await story.run()).plan).toMatchObject({ counts: { mover: 1 }, rejections: { fresh: 1 } });
    expect(story.property('W1', 'department')).toBeNull();
    expect(story.property('W1', 'jobTitle')).toBe('Chief');
    // The log row shows the department cleared, and says nothing of the title, which the account still has.
    expect(await unknown()).toEqual(['title']);
    const file = `${story.folder}/story.yaml`;
    expect((await story.command('adopt', file)).out).toContain('1 attribute that had been sent empty');
    expect(await unknown()).toBeUndefined();
    // Known again, it differs from what the pipeline wishes, and goes once more; an administrator then empties it by hand.
    expect((await story.run()).plan.counts).toMatchObject({ mover: 1 });
    story.setAccount('W1', { jobTitle: null });
    expect(await unknown()).toEqual(['title']);
    await story.command('adopt', file);
    expect(await unknown()).toBeUndefined();
    expect((await story.run()).plan.price.operations).toBe(0);
    // A column that turned NULL.
    await story.sql(`update workers set department = null`);
    const calls = uploadsOf(story.work.emulator);
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-201', message: expect.stringContaining('emptied.department') });
    expect(uploadsOf(story.work.emulator)).toBe(calls);
  });
});

describe('managers', () => {
  it('come with their reports; nobody is his own, circles are named, and one outside is left out', async () => {
    story = await openStory();
    await story.sql(
      people([
        { id: 'REPORT', given: 'Rep', family: 'One', manager: 'BOSS' },
        { id: 'BOSS', given: 'Boss', family: 'Two', manager: 'BOSS' },
        { id: 'LEFT', given: 'Left', family: 'Three', manager: 'RIGHT' },
        { id: 'RIGHT', given: 'Right', family: 'Four', manager: 'LEFT' },
        { id: 'LONE', given: 'Lone', family: 'Five', manager: 'ELSEWHERE' },
      ]),
    );
    const { plan, tally } = await story.run();
    expect(plan.counts).toMatchObject({ joiner: 5 });
    expect(plan.price.secondPass).toEqual({ operations: 3, calls: 1 });
    expect(tally['failed']).toBeUndefined();
    expect([warnings('MAP-214'), warnings('PLN-107'), warnings('PLN-104')]).toEqual([1, 1, 1]);
    expect(story.events).toContainEqual(
      expect.objectContaining({ diagnostic: expect.objectContaining({ message: expect.stringContaining('LEFT, RIGHT') }) }),
    );
    const id = (worker: string): unknown => story.property(worker, 'id');
    const managers = ['REPORT', 'BOSS', 'LEFT', 'RIGHT', 'LONE'].map((worker) => story.property(worker, 'managerId'));
    expect(managers).toEqual([id('BOSS'), null, id('RIGHT'), id('LEFT'), null]);
    expect((await story.run()).plan.price.operations).toBe(0);
  });
});

describe('a manager outside', () => {
  const attributes = (outside: string): string => `    userName: { once: 'id & "@contoso.example"' }
    name: { givenName: given, familyName: family }
    displayName: given
    enterprise:
      manager: { value: manager, outside: ${outside} }`;
  const move = `update workers set manager = 'ELSEWHERE', given = 'Moved' where id = 'W1'`;

  it('leaves the confirmed one where he is if the pipeline says keep, and rejects only if it says reject', async () => {
    story = await openStory({ attributes: attributes('keep') });
    await story.sql(
      people([
        { id: 'BOSS', given: 'Boss', family: 'One' },
        { id: 'W1', given: 'Anna', family: 'Two', manager: 'BOSS' },
      ]),
    );
    await story.run();
    await story.sql(move);
    expect((await story.run()).plan).toMatchObject({ counts: { mover: 1 }, rejections: { fresh: 0 } });
    expect(story.property('W1', 'managerId')).toBe(story.property('BOSS', 'id'));
    await story.rewrite({ attributes: attributes('reject') });
    expect((await story.run()).plan).toMatchObject({ rejections: { fresh: 1 } });
    // Whoever leaves is disabled all the same, and the manager who appears ends the rejection although no row of the worker moved.
    await story.sql(people([{ id: 'ELSEWHERE', given: 'Else', family: 'Where' }]));
    await story.run();
    expect((await story.run()).plan.rejections).toMatchObject({ fresh: 0, standing: 0 });
    expect(story.property('W1', 'managerId')).toBe(story.property('ELSEWHERE', 'id'));
    await story.sql(`update workers set manager = 'NOBODY', status = 'Terminated' where id = 'W1'`);
    await story.run();
    expect(story.accounts()).toMatchObject({ W1: 'off' });
  });
});

describe('resending', () => {
  it('plans whom somebody named although nothing differs, and apply restores what was changed by hand', async () => {
    story = await openStory();
    await story.sql(
      people([
        { id: 'W1', given: 'Anna', family: 'One', title: 'Chief' },
        { id: 'W2', given: 'Ben', family: 'Two' },
        { id: 'W3', given: 'Cleo', family: 'Three', status: 'Terminated' },
      ]),
    );
    await story.run();
    story.setAccount('W1', { jobTitle: 'Jester' });
    expect((await story.run()).plan.price.operations).toBe(0);
    const runner = await story.open();
    try {
      const { run, plan } = await runner.resend({ workers: ['W1'] });
      expect(plan).toMatchObject({ counts: { mover: 1 }, price: { operations: 1, calls: 1 } });
      expect(story.property('W1', 'jobTitle')).toBe('Jester');
      await runner.apply({ run: run.id });
      expect(story.property('W1', 'jobTitle')).toBe('Chief');
      expect((await runner.resend({ attributes: ['title'] })).plan.price.operations).toBe(1);
      expect((await runner.resend({ all: true })).plan.price.operations).toBe(2);
      // Over the row as it is: the columns, also those that are not sent, and what HR changed a moment ago. Who is off stays frozen.
      await story.sql(
        `update workers set zone = 'Europe/Paris' where id in ('W2', 'W3')`,
        `update workers set kind = 'Gone' where id = 'W1'`,
      );
      expect((await runner.resend({ where: 'zone != "Europe/Berlin" and $employed' })).plan.price.operations).toBe(1);
      await expect(runner.resend({ where: 'kind = "Contractor"' })).rejects.toMatchObject({ code: 'STG-106' });
      expect(story.events).toContainEqual(
        expect.objectContaining({
          type: 'warning',
          diagnostic: expect.objectContaining({ code: 'STG-407', message: expect.stringContaining(' W1:') }),
        }),
      );
      await expect(runner.resend({ where: 'zona = "Europe/Paris"' })).rejects.toMatchObject({
        code: 'STG-106',
        diagnostics: [{ code: 'MAP-112', place: { file: '--where', line: 1, column: 1 } }],
      });
      await expect(runner.resend({ where: 'zone = ' })).rejects.toMatchObject({ code: 'STG-106', diagnostics: [{ severity: 'error' }] });
      await expect(runner.resend({ workers: ['W9'] })).rejects.toMatchObject({ code: 'STG-106' });
      await expect(runner.resend({ attributes: ['shoeSize'] })).rejects.toMatchObject({ code: 'STG-106' });
    } finally {
      await runner.close();
    }
    expect((await story.run()).plan.price.operations).toBe(0);
  });
});
