import { afterEach, describe, expect, it } from 'vitest';
import { defaultRoles } from '../../src/emulator/index.ts';
import { Secret } from '../../src/domain/masking.ts';
import { openGraph } from '../../src/entra/graph.ts';
import { readSchemaText, writeSchemaText } from '../../src/entra/schema/job-schema.ts';
import { openTokens } from '../../src/entra/tokens.ts';
import { uploadsOf } from '../workplace.ts';
import { openStory, people, type Story } from './story.ts';

let story: Story;
afterEach(async () => {
  await story.close();
});

const two = people([
  { id: 'W1', given: 'Anna', family: 'One', title: 'Chief', department: 'Sales' },
  { id: 'W2', given: 'Ben', family: 'Two', department: 'Sales' },
  { id: 'W3', given: 'Cleo', family: 'Three' },
]);
const administrator = { clients: [{ roles: defaultRoles }, { roles: ['Application.ReadWrite.OwnedBy'] as const }] };

interface SchemaDocument {
  readonly directories: readonly {
    readonly objects: readonly { readonly attributes: { readonly name: string; flowNullValues?: boolean }[] }[];
  }[];
  readonly synchronizationRules: readonly {
    readonly objectMappings: readonly { readonly attributeMappings: { readonly targetAttributeName: string; flowType?: string }[] }[];
  }[];
}

/** What an administrator does in the portal. */
async function editSchema(edit: (document: SchemaDocument) => void): Promise<void> {
  const runner = await story.open();
  const [, admin] = story.work.emulator.clients;
  const auth = { client: admin?.clientId ?? '', secret: new Secret('secret', admin?.clientSecret ?? '') };
  const sink = { ...runner.pipeline.sink, auth };
  const tokens = openTokens(sink, { clock: story.clock });
  const graph = openGraph(sink, tokens, { clock: story.clock });
  try {
    const before = await readSchemaText(graph);
    const document: SchemaDocument = JSON.parse(before);
    edit(document);
    expect(document).not.toEqual(JSON.parse(before));
    await writeSchemaText(graph, JSON.stringify(document));
  } finally {
    await graph.close();
    await tokens.close();
    await runner.close();
  }
}

describe('a change on the side of the job', () => {
  it('marks who has the attribute, and the next plan sends exactly them, once', async () => {
    story = await openStory({}, administrator);
    await story.sql(two);
    await story.run();
    await editSchema((document) => {
      const title = document.directories
        .flatMap(({ objects }) => objects)
        .flatMap(({ attributes }) => attributes)
        .find(({ name }) => name === 'title');
      if (title !== undefined) title.flowNullValues = true;
    });
    // Stage by stage as in one go.
    const apart = await story.open();
    const { id } = await apart.extract();
    await apart.transform({ run: id });
    expect((await apart.batch({ run: id })).plan).toMatchObject({ counts: { mover: 1 }, price: { operations: 1 } });
    await apart.load({ run: id });
    await apart.reconcile();
    await apart.close();
    expect(story.events).toContainEqual(
      expect.objectContaining({ type: 'warning', diagnostic: expect.objectContaining({ code: 'STG-406' }) }),
    );
    expect((await story.run()).plan.price.operations).toBe(0);
    await editSchema((document) => {
      const mappings = document.synchronizationRules
        .flatMap(({ objectMappings }) => objectMappings)
        .flatMap(({ attributeMappings }) => attributeMappings);
      const surname = mappings.find(({ targetAttributeName }) => targetAttributeName === 'surname');
      if (surname !== undefined) surname.flowType = 'ObjectAddOnly';
    });
    const runner = await story.open();
    expect((await runner.plan()).plan.price.operations).toBe(3);
    // A plan that nobody applies leaves the marks where they are.
    await runner.close();
    const file = `${story.folder}/story.yaml`;
    await editSchema((document) => {
      const mappings = document.synchronizationRules
        .flatMap(({ objectMappings }) => objectMappings)
        .flatMap(({ attributeMappings }) => attributeMappings);
      const surname = mappings.find(({ targetAttributeName }) => targetAttributeName === 'surname');
      if (surname !== undefined) surname.flowType = 'Always';
    });
    expect(await story.command('apply', file, '--run', 'latest')).toMatchObject({
      code: 8,
      err: expect.stringContaining('mappings of the provisioning job'),
    });
    await story.command('plan', file);
    await story.rewrite({ guards: 'first: { joiners: 10000, rejections: 100% }\n  leavers: 1%', leavers: 'outOfScope: keep' });
    for (const stage of ['apply', 'load']) {
      const refused = await story.command(stage, file, '--run', 'latest');
      expect(refused).toMatchObject({ code: 8, err: expect.stringContaining('leavers and guards of the pipeline changed') });
    }
    await story.rewrite({});
    expect((await story.run()).plan).toMatchObject({ counts: { mover: 3 } });
    expect((await story.run()).plan.price.operations).toBe(0);
  });

  it('is another ledger where the job is another one: it asks for adopt, and then finds everybody', async () => {
    story = await openStory({}, { jobs: [{}, {}] });
    await story.sql(two);
    await story.run();
    // A listing shows a new account some minutes later.
    story.clock.advance(3_600_000);
    const calls = uploadsOf(story.work.emulator);
    const other = story.work.emulator.jobs[1]?.jobId ?? '';
    story.work.environment['ENTRA_JOB_ID'] = other;
    story.work.environment['ENTRA_SERVICE_PRINCIPAL_ID'] = story.work.emulator.jobs[1]?.servicePrincipalId ?? '';
    await expect(story.run()).rejects.toMatchObject({ code: 'PLN-204', message: expect.stringContaining(other) });
    const apart = await story.open();
    const { id } = await apart.extract();
    await apart.transform({ run: id });
    await expect(apart.batch({ run: id })).rejects.toMatchObject({ code: 'PLN-204', message: expect.stringContaining(other) });
    await apart.close();
    expect(uploadsOf(story.work.emulator)).toBe(calls);
    const runner = await story.open();
    const report = await runner.adopt();
    expect(report).toMatchObject({ adopted: 3 });
    await runner.close();
    await story.sql(people([{ id: 'W4', given: 'Dora', family: 'Four' }]), `delete from workers where id = 'W3'`);
    expect((await story.run()).plan).toMatchObject({ first: true, counts: { joiner: 1 } });
    story.clock.advance(25 * 3_600_000);
    await story.run();
    expect(story.accounts()).toEqual({ W1: 'on', W2: 'on', W3: 'on', W4: 'on' });
  });

  it('that purges its queue loses what was in flight, and the next run sends it again', async () => {
    story = await openStory({}, administrator);
    await story.sql(two);
    const { environment } = story.work;
    const [, admin] = story.work.emulator.clients;
    Object.assign(environment, { ENTRA_ADMIN_CLIENT_ID: admin?.clientId, ENTRA_ADMIN_CLIENT_SECRET: admin?.clientSecret });
    const file = `${story.folder}/story.yaml`;
    await story.run();
    await story.sql(`update workers set title = 'Clerk' where id = 'W1'`);
    const runner = await story.open();
    const { run } = await runner.plan();
    await runner.load({ run: run.id });
    await runner.close();
    expect(await story.command('entra', 'pause', file, '--yes')).toMatchObject({ code: 0 });
    // A newer version waits behind the one in flight, which is silent after an hour; and its run still holds the pipeline.
    await story.sql(`update workers set title = 'Boss' where id = 'W1'`);
    const later = await story.open();
    await later.load({ run: (await later.plan()).run.id });
    story.clock.advance(2 * 3_600_000);
    const status = async (): Promise<unknown> =>
      JSON.parse((await story.command('entra', 'status', file, '--json')).out.trim().split('\n').at(-1) ?? '');
    expect(await status()).toMatchObject({
      job: {
        code: 'Paused',
        synchronized: 3,
        failures: 0,
        lastSuccessfulExecution: { state: 'Succeeded' },
        lastExportingExecution: { exported: 3 },
      },
      calls: { used: 2, of: 2000 },
      open: 1,
      silent: ['W1'],
      waiting: ['W1'],
    });
    const told = await story.command('entra', 'status', file);
    for (const words of ['silent       W1', 'waiting      W1', '2 of 2,000 calls', '3 records with an account'])
      expect(told.out).toContain(words);
    const lease = await later.store.acquireLease('story', 'a run', story.clock.now());
    expect(await story.command('entra', 'restart', file, '--yes')).toMatchObject({ err: expect.stringContaining('STO-201') });
    await lease.release();
    await later.close();
    expect(await status()).toMatchObject({ job: { code: 'Paused' }, open: 1 });
    const restarted = await story.command('entra', 'restart', file, '--yes');
    expect(restarted).toMatchObject({ code: 0, out: expect.stringContaining('1 operation marked as lost') });
    expect((await story.run()).plan.price.operations).toBe(1);
    expect(story.property('W1', 'jobTitle')).toBe('Boss');
    expect(await status()).toMatchObject({ open: 0, silent: [], waiting: [] });
    const logs = await story.command('entra', 'logs', file, '--run', run.id, '--json');
    const rows = logs.out
      .trim()
      .split('\n')
      .map((line): { type: string; externalId?: string } => JSON.parse(line));
    expect(new Set(rows.filter(({ type }) => type === 'row').map(({ externalId }) => externalId))).toEqual(new Set(['W1']));
    expect((await story.command('entra', 'logs', file, '--status', 'failed')).err).toContain('CLI-101');

    // A restart of a job that runs drops only what failed and would have been tried again.
    await story.command('rename', file, '--worker', 'W2', '--to', 'ben@unknown.example');
    await story.command('apply', file, '--run', 'latest', '--wait', '30m');
    expect(await status()).toMatchObject({ job: { code: 'Active' }, open: 1 });
    expect((await story.command('entra', 'restart', file, '--yes')).out).toContain('1 operation marked as lost');
    expect(await status()).toMatchObject({ open: 0 });
  });
});
