import { expect, it } from 'vitest';
import { loadPipeline } from '../pipeline/load.ts';
import { groundOf, movedGround } from './ground.ts';

const text = (edit: (yaml: string) => string): ReturnType<typeof groundOf> => {
  const loaded = loadPipeline('p.yaml', {
    environment: {},
    unset: 'standIn',
    readFile: (path) => {
      if (path.endsWith('p.yaml')) return edit(yaml);
      throw Object.assign(new Error('not there'), { code: 'ENOENT' });
    },
  });
  if (loaded.pipeline === undefined) throw new Error(JSON.stringify(loaded.diagnostics));
  return groundOf(loaded.pipeline);
};

const yaml = `pipeline: small
source:
  type: postgres
  connection: \${HR}
  table: hr.workers
  key: id
  columns: { id: { type: string, required: true }, status: { type: string, required: true, values: [A, B] } }
transform: { attributes: { active: 'status = "A"', userName: 'id & "@contoso.example"' } }
sink:
  type: entra
  tenant: \${T}
  servicePrincipal: \${S}
  job: \${J}
  auth: { client: '\${C}', secret: '\${X}' }
`;

it('names the sections that decide over a plan, and only those that are other', () => {
  const before = text((same) => same);
  const moved = (from: string, to: string): readonly string[] =>
    movedGround(
      before,
      text((same) => same.replace(from, to)),
    );
  expect(
    moved('pipeline: small', '# a word about it\n\npipeline: small\nplan: { maxAge: 3h }\nload: { staged: { when: always } }'),
  ).toEqual([]);
  expect(moved('pipeline: small', 'pipeline: small\nguards: { joiners: 1% }')).toEqual(['guards']);
  expect(moved('hr.workers', 'hr.people')).toEqual(['source']);
  expect(moved('pipeline: small', 'pipeline: small\nholds: { directory: unchecked }\nleavers: { outOfScope: keep }')).toEqual([
    'leavers',
    'holds',
  ]);
  expect(moved('pipeline: small', 'pipeline: small\nprotected: { workers: [W1] }')).toEqual(['protected']);
  const listed = `pipeline: small\nholds: { query: 'select id from held' }\nprotected: { when: 'id = "W1"' }`;
  const listing = text((same) => same.replace('pipeline: small', listed));
  const movedOfLists = (from: string, to: string): readonly string[] =>
    movedGround(
      listing,
      text((same) => same.replace('pipeline: small', listed).replace(from, to)),
    );
  expect(movedOfLists('pipeline: small', '# a word about it\npipeline: small')).toEqual([]);
  expect(movedOfLists('from held', 'from nobody')).toEqual(['holds']);
  expect(movedOfLists('id = "W1"', 'id = "W2"')).toEqual(['protected']);
  expect(moved('type: entra', 'type: entra\n  quota: governance')).toEqual(['sink']);
  expect(moved('${HR}', '${HR_ELSEWHERE}')).toEqual([]);
});

it('compares nothing that an older plan does not know', () => {
  expect(
    movedGround(
      {},
      text((same) => same),
    ),
  ).toEqual([]);
});
