import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSql } from '../samples/databases.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { freshDatabase } from './database.ts';
import { fillSmallDirty } from './small-company.ts';
import { openWorkplace, peopleOf, root, type Workplace } from './workplace.ts';

const pipeline = join(root, 'pipelines', 'contoso-dirty.yaml');
const nextDay = `update hr_export set "Department" = 'Research' where "WorkerStatus" = 'Active' and "RowNumber" % 7 = 0;
  update hr_export set "WorkerStatus" = 'Inactive' where "WorkerID" in (select "WorkerID" from hr_export group by 1 having count(*) = 1 order by 1 limit 5)`;

/** Opens pipeline and state anew for every stage, as separate processes do. */
async function stages(work: Workplace): Promise<string | undefined> {
  const alone = async <T>(stage: (runner: Awaited<ReturnType<Workplace['open']>>) => Promise<T>): Promise<T> => {
    const runner = await work.open(pipeline);
    try {
      return await stage(runner);
    } finally {
      await runner.close();
    }
  };
  const run = await alone((runner) => runner.extract());
  await alone((runner) => runner.transform({ run: run.id }));
  const { plan } = await alone((runner) => runner.batch({ run: 'latest' }));
  await alone((runner) => runner.load({ planHash: plan.hash.slice(0, 12) }));
  await alone((runner) => runner.reconcile());
  return plan.hash;
}

describe.each([
  ['a folder with SQLite', undefined],
  ['PostgreSQL', 'postgres'],
])('stage by stage with the state in %s', (_name, kind) => {
  let together: Workplace;
  let apart: Workplace;
  let url: string;

  beforeAll(async () => {
    url = await freshDatabase('stages');
    await fillSmallDirty(url);
    const open = async (): Promise<Workplace> =>
      openWorkplace({
        clock: new VirtualClock('2026-11-02T07:00:00Z'),
        variables: { HR_EXPORT_URL: url },
        ...(kind === undefined ? {} : { state: await freshDatabase('state') }),
      });
    together = await open();
    apart = await open();
  });

  afterAll(async () => {
    await together.close();
    await apart.close();
  });

  it.each(['the first run', 'a later run'])('%s has the plan hash and the end of `run`', async (which) => {
    if (which === 'a later run') await executeSql(url, nextDay);
    const { result } = await together.run(pipeline);
    expect(await stages(apart)).toBe(result.plan.hash);
    expect(peopleOf(apart.emulator)).toEqual(peopleOf(together.emulator));
  });

  it('refuses a stage out of turn, a plan that nobody chose and a run that there is not', async () => {
    const runner = await together.open(pipeline);
    try {
      await expect(runner.transform({ run: 'latest' })).rejects.toMatchObject({ code: 'STG-102' });
      await expect(runner.load({ planHash: 'ffffffffffff' })).rejects.toMatchObject({ code: 'STG-104' });
      await expect(runner.apply({ run: 'no-such-run' })).rejects.toMatchObject({ code: 'STG-101' });
    } finally {
      await runner.close();
    }
  });
});
