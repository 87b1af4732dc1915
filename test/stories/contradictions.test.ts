import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fillDirty } from '../../samples/databases.ts';
import { freshDatabase } from '../database.ts';
import { openWorkplace, root, type Workplace } from '../workplace.ts';

/** Microsoft's export, of which 265 of 624 ids have several rows; the sample's pipeline without its declared rule (`primary`). */
let work: Workplace;
let folder: string;
let pipeline: string;
const rows = new Map<string, string[]>();
const accounts = (): Map<string, boolean> => {
  work.emulator.settle();
  return new Map(work.emulator.directory.users().map(({ employeeId, accountEnabled }) => [employeeId ?? '', accountEnabled]));
};

beforeAll(async () => {
  const hr = await freshDatabase('contradictions');
  await fillDirty(hr);
  for (const [id, status] of await published()) rows.set(id, [...(rows.get(id) ?? []), status]);
  for (const [id, { length }] of rows) if (length === 1) rows.delete(id);
  folder = await mkdtemp(join(tmpdir(), 'joinery-contradictions-'));
  pipeline = join(folder, 'no-rule.yaml');
  const text = await readFile(join(root, 'pipelines', 'contoso-dirty.yaml'), 'utf8');
  const several = `select * from hr_export where "WorkerID" in (select "WorkerID" from hr_export group by 1 having count(*) > 1) order by "WorkerID" collate "C", "RowNumber"`;
  const changed = text
    .replace('query: workers-dirty.sql', `query: ${several}`)
    .replace(/^ {2}primary: is_primary\n/m, '')
    .replace(/^ {4}is_primary: .*\n/m, '')
    .replaceAll('../samples/', `${root}samples/`)
    .replace(/^guards:[\s\S]*?\n\n/m, 'guards: { first: { joiners: 1000, rejections: 100% }, leavers: 1000, rejections: 1000 }\n\n');
  await writeFile(pipeline, changed);
  // A third of them has an account that is on, a third one that is off, a third none.
  const users = [...rows.keys()].flatMap((employeeId, index) => {
    if (index % 3 === 2) return [];
    return [{ employeeId, userPrincipalName: `${employeeId}@contoso.example`, displayName: employeeId, accountEnabled: index % 3 === 0 }];
  });
  work = await openWorkplace({ variables: { HR_EXPORT_URL: hr }, emulator: { tenant: { users } } });
});

afterAll(async () => {
  await work.close();
  await rm(folder, { recursive: true, force: true });
});

it('without a declared rule rows that contradict each other neither enable, disable nor create anybody', async () => {
  expect(rows.size).toBe(265);
  const before = accounts();
  const runner = await work.open(pipeline);
  expect(await runner.adopt()).toMatchObject({ counts: { matched: before.size } });
  const { plan } = await runner.run();
  await runner.close();
  const after = accounts();
  // Whoever was on and of whom every row says inactive is contradicted by nobody: he leaves. Nobody else moves, in either direction, and no hold is needed for it.
  const says = (id: string): boolean => rows.get(id)?.every((status) => status === 'Inactive') === true;
  const due = [...before].filter(([id, on]) => on && says(id)).map(([id]) => id);
  expect(due.length).toBeGreaterThan(10);
  expect([...after].filter(([id, on]) => before.get(id) !== on).map(([id]) => id)).toEqual(due);
  expect(plan).toMatchObject({ counts: { joiner: 0, rehire: 0, enable: 0, leaver: due.length }, rejections: { fresh: 265 } });
  expect(plan.held).toBeUndefined();
});

async function published(): Promise<readonly (readonly [id: string, status: string])[]> {
  const text = await readFile(join(root, 'samples', 'microsoft', 'workers.csv'), 'utf8');
  return text
    .split(/\r?\n/)
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', status = ''] = line.split(',');
      return [id, status];
    });
}
