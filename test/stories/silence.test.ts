import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStory, people, type Story } from './story.ts';

const minute = 60_000;

/** One company whose service says nothing. The tests are one story and build on each other. */
describe('an operation without a row', () => {
  let story: Story;
  const pipeline = (): string => `${story.folder}/story.yaml`;
  /** One look every 25 minutes, each in a process of its own, until something is concluded. */
  async function lookOnly(times: number): Promise<readonly string[]> {
    for (let time = 0; time < times; time++) {
      story.clock.advance(25 * minute);
      const { out } = await story.command('reconcile', pipeline(), '--wait', '0', '--json');
      const found = out
        .split('\n')
        .filter((line) => line.includes('"type":"outcome"'))
        .map((line): { externalId: string; outcome: string; code?: string } => JSON.parse(line))
        .map(({ externalId, outcome, code }) => [externalId, outcome, ...(code === undefined ? [] : [code])].join(' '));
      if (found.length > 0) return found.toSorted();
    }
    return [];
  }
  async function load(): Promise<void> {
    const runner = await story.open();
    const { run } = await runner.plan();
    await runner.load({ run: run.id });
    await runner.close();
  }

  beforeAll(async () => {
    story = await openStory({}, { jobs: [{ scope: [{ attribute: 'title', operator: 'NOT EQUALS', value: 'External' }] }] });
    await story.sql(
      people(['W1', 'W2', 'W3'].map((id) => ({ id, given: `Given${id}`, family: 'One', title: 'Clerk', department: 'Sales' }))),
    );
    await story.run();
    story.clock.advance(60 * minute);
  });
  afterAll(async () => {
    await story.close();
  });

  it('is confirmed from the directory where the service writes no row for what changes nothing, instead of going silent for ever', async () => {
    story.work.emulator.setSwitches({ unchangedRows: 'never' });
    const runner = await story.open();
    const { run } = await runner.resend({ workers: ['W1'] });
    const { tally } = await runner.apply({ run: run.id });
    await runner.close();
    expect(tally).toEqual({ unchanged: 1 });
    expect((await story.run()).plan.price.operations).toBe(0);
    const explained = await story.command('explain', pipeline(), '--worker', 'W1');
    expect(explained.out).toContain('the account shows all that operation');
  });

  it('and overtook the same disable, of which only the answer was lost, is confirmed from the directory, too', async () => {
    await story.sql(people([{ id: 'W9', given: 'Given', family: 'Nine' }]));
    await story.run();
    await story.sql(`update workers set status = 'Terminated' where id = 'W9'`);
    let uploads = 0;
    story.work.emulator.setFaults({
      request: ({ path }) => (path.endsWith('bulkUpload') ? { kind: uploads++ === 0 ? 'resetAfterAccept' : 'drop' } : undefined),
    });
    await load();
    story.work.emulator.setFaults({});
    story.clock.advance(25 * 60 * minute);
    expect((await story.run()).tally).toEqual({ unchanged: 1 });
    expect(story.accounts()).toMatchObject({ W9: 'off' });
    expect((await story.run()).plan.price.operations).toBe(0);
  });

  it('is called silent by looks of processes that never wait, each of which sees one execution of the job; the cause is named', async () => {
    story.work.emulator.setFaults({ entry: ({ externalId }) => (externalId === 'W1' ? { kind: 'lost' } : undefined) });
    await story.sql(`update workers set title = 'Chief' where id = 'W1'`);
    await load();
    expect(await lookOnly(8)).toEqual(['W1 silent SilentNotWritten']);
    const steward = await story.command('audit', 'steward', pipeline());
    expect(steward.out).toMatch(/W1,silent,.*joinery entra doctor.*,SilentNotWritten/);
    story.work.emulator.setFaults({});
    expect((await story.run()).tally).toEqual({ applied: 1 });
    expect(story.property('W1', 'jobTitle')).toBe('Chief');
  });

  it('of a worker without an account is told from one that was not written, and from one whom the job’s scoping filter leaves out', async () => {
    story.work.emulator.setFaults({ entry: () => ({ kind: 'lost' }) });
    await story.sql(
      people([
        { id: 'W4', given: 'New', family: 'Joiner' },
        { id: 'W5', given: 'Out', family: 'Scope', title: 'External' },
      ]),
      `update workers set title = 'Chief' where id = 'W2'`,
    );
    story.work.emulator.directory.remove(String(story.property('W2', 'id')));
    await load();
    expect(await lookOnly(8)).toEqual(['W2 silent SilentNoAccount', 'W4 silent SilentNoAccount', 'W5 silent SilentOutOfScope']);
    story.work.emulator.setFaults({});
  });
});
