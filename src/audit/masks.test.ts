import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { enterpriseUserSchema, coreUserSchema, type Payload } from '../domain/payload.ts';
import { loadPipeline } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { masksOf, personalParts } from './masks.ts';

const id = '11111111-1111-4111-8111-111111111111';
const { pipeline: loaded } = loadPipeline(fileURLToPath(new URL('../../pipelines/contoso.yaml', import.meta.url)), {
  environment: {
    HR_DATABASE_URL: 'postgres://hr:secret@127.0.0.1/hr',
    ENTRA_TENANT_ID: id,
    ENTRA_SERVICE_PRINCIPAL_ID: id,
    ENTRA_JOB_ID: `API2AAD.${id.replaceAll('-', '')}.${id}`,
    ENTRA_EMULATOR_ORIGIN: 'http://127.0.0.1:4444',
    ENTRA_CLIENT_ID: id,
    ENTRA_CLIENT_SECRET: 'secret',
  },
});
if (loaded === undefined) throw new Error('the sample pipeline does not load');
const pipeline: Pipeline = loaded;

/** As if a class stood in the file. */
function withClass(path: string, name: 'sensitive' | 'public'): Pipeline {
  const { transform } = pipeline;
  return {
    ...pipeline,
    transform: { ...transform, attributes: transform.attributes.map((one) => (one.path === path ? { ...one, class: name } : one)) },
  };
}

test('personal is the default, public is shown, the key and closed columns are shown', () => {
  const masks = masksOf(pipeline);
  expect(masks.attribute('displayName', 'Chloé Dąbrowski')).toBe('C•••');
  expect(masks.attribute('title', 'Analyst')).toBe('Analyst');
  expect(masks.attribute('some.unknown.path', 'Analyst')).toBe('A•••');
  expect(masks.named('worker_id', 'W000001')).toBe('W000001');
  expect(masks.named('status', 'Active')).toBe('Active');
  expect(masks.named('last_name', 'Dąbrowski')).toBe('D•••');
  expect(masks.named('$given', 'Chloé')).toBe('C•••');
});

test('a reason reveals what is personal, and nothing that is sensitive or made from the same columns', () => {
  const masks = masksOf(withClass('displayName', 'sensitive'), true);
  expect(masks.attribute('name.givenName', 'Chloé')).toBe('Chloé');
  expect(masks.attribute('displayName', 'Chloé Dąbrowski')).toBe('•••');
  // displayName is $given & last_name, and $given is made of the first names.
  for (const name of ['$given', 'last_name', 'first_name', 'preferred_name'])
    expect([name, masks.named(name, 'secret')]).toEqual([name, '•••']);
  expect(masks.named('department', 'Legal')).toBe('Legal');
});

test('the class of a column decides before what is made of it, and a sensitive column takes the lets that use it along', () => {
  const columns = (pipeline.source.columns ?? []).map((column) => {
    if (column.name === 'preferred_name') return { ...column, class: 'sensitive' as const };
    return column.name === 'city' || column.name === 'last_name' ? { ...column, class: 'public' as const } : column;
  });
  const masks = masksOf({ ...withClass('displayName', 'sensitive'), source: { ...pipeline.source, columns } }, true);
  expect(masks.named('preferred_name', 'Kay')).toBe('•••');
  expect(masks.named('$given', 'Kay')).toBe('•••');
  expect(masks.named('$nickname', 'kay.d')).toBe('•••');
  expect(masks.named('last_name', 'Dąbrowski')).toBe('Dąbrowski');
  expect(masksOf({ ...pipeline, source: { ...pipeline.source, columns } }).named('city', 'Gdynia')).toBe('Gdynia');
});

test('texts of the service lose the values of the payload and every address', () => {
  const masks = masksOf(pipeline);
  const payload: Payload = {
    schemas: [coreUserSchema],
    externalId: 'W000001',
    active: true,
    displayName: 'Chloé Dąbrowski',
    name: { familyName: 'Dąbrowski' },
    title: 'Analyst',
    [enterpriseUserSchema]: { employeeNumber: 'W000001', costCenter: 'CC1006' },
  };
  const text = 'Worker W000001: Chloé Dąbrowski, Dąbrowski <c.d@contoso.example>, Analyst of CC1006, Bearer abcdef';
  expect(masks.text(text, personalParts(payload, masks))).toBe('Worker W000001: C•••, D••• <c•••>, Analyst of CC1006, Bearer •••');
});
