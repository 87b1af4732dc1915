import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatPlace } from '../domain/place.ts';
import { attribute, design, edit, enterprise, environment, files, load, loaded } from './design.test-data.ts';
import { loadPipeline } from './load.ts';
import type { Pipeline, SourceDeclaration } from './pipeline.ts';

function databaseOf({ source }: Pipeline): Exclude<SourceDeclaration, { readonly type: 'csv' }> {
  if (source.type === 'csv') throw new Error('a CSV file');
  return source;
}

describe('loadPipeline', () => {
  it('reads the pipeline of the design', () => {
    const pipeline = loaded(design);
    expect(pipeline).toMatchObject({
      name: 'contoso-workforce',
      file: 'hr/pipelines/contoso.yaml',
      folder: resolve('hr/pipelines'),
      timezone: 'Europe/Berlin',
      source: { type: 'postgres', key: 'worker_id', primary: 'is_primary_assignment', statementTimeout: 900_000 },
      lookups: { country: { file: resolve('hr/samples/country-codes.csv'), key: 'code' } },
      leavers: { vanished: { action: 'disable', fullPasses: 2, hours: 86_400_000 }, outOfScope: 'disable' },
      plan: { maxAge: 86_400_000 },
      load: {
        staged: { when: 'muchChanges', stages: [10, 200], change: { share: 0.05, atLeast: 10 } },
        pause: { failed: { share: 0.05, atLeast: 1 }, unconfirmed: 100_000 },
        reserve: { disables: 0.05, others: 0 },
      },
      sink: {
        tenant: '8d1f0c4e-5f0b-4c57-9a3e-2f3b9d6c7a10',
        auth: { certificate: resolve('/etc/joinery/entra.pem') },
        cloud: { name: 'global', login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
        quota: { name: 'p1', calls: 2000 },
        clearing: [`${enterprise}:department`],
        extensions: {},
      },
    });
    expect(pipeline.transform.attributes.map(({ path }) => path)).toEqual([
      'active',
      'userName',
      'name.givenName',
      'name.familyName',
      'displayName',
      'emails[type eq "work"].value',
      'addresses[type eq "work"].country',
      `${enterprise}:department`,
      `${enterprise}:manager.value`,
      'urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate',
    ]);
    expect(pipeline.transform).toMatchObject({
      use: [{ file: resolve('hr/transforms/people.jsonata'), text: files['hr/transforms/people.jsonata'] }],
      scope: { kind: 'expression', text: 'worker_type != "Volunteer"', path: 'transform.scope' },
      employment: { start: 'hire_date', end: 'last_day', zone: 'site_zone', preHire: 14 * 86_400_000 },
      let: [{ name: 'given', formula: { text: 'preferred_name ? preferred_name : first_name' } }],
    });
  });

  it.each(['hr.workers', 'hr."Worker List"', '[HR].[Worker ""(1)]', '"o\'b""x"'])('takes %s as the name of a table', (table) => {
    const written = edit(['  query: workers.sql', `  table: ${JSON.stringify(table)}`]);
    expect(databaseOf(loaded(written)).table).toBe(table);
  });

  it('fills in conservative guards', () => {
    const pipeline = loaded(
      edit(['guards:\n  leavers: { percent: 2, atLeast: 10, atMost: 500 }\n  first: { joiners: 6000, rejections: 1% }\n', '']),
    );
    expect(pipeline.guards).toEqual({
      leavers: { share: 0.02, atLeast: 10, atMost: 500 },
      joiners: { share: 0.1, atLeast: 50, atMost: 2_000 },
      enables: { share: 0.05, atLeast: 25, atMost: 1_000 },
      renames: { share: 0.01, atLeast: 10, atMost: 200 },
      rekeys: { share: 0.01, atLeast: 5, atMost: 100 },
      emptied: { each: { share: 0.02, atLeast: 10, atMost: 500 }, attributes: {} },
      changes: {
        each: { share: 0.2, atLeast: 50, atMost: 5_000 },
        attributes: {},
        groups: { by: expect.stringMatching(/:department$/), share: 0.75, minimum: 20 },
      },
      rejections: { share: 0.05, atLeast: 10, atMost: 2_000 },
      keyless: { share: 0.005, atLeast: 5, atMost: 100 },
      population: { share: 0.05, atLeast: 10, atMost: 2_000 },
      week: 3,
      first: { joiners: 100, rejections: { share: 0.01, atLeast: 0 } },
    });
    expect(pipeline.approvers).toEqual({ users: [], runner: 'refused' });
  });

  it('takes limits of single attributes by any name that the plan shows, and one limit for all of them in a word', () => {
    const leavers = 'leavers: { percent: 2, atLeast: 10, atMost: 500 }';
    const pipeline = loaded(
      edit([
        leavers,
        `${leavers}\n  emptied: 1%\n  changes: { attributes: { department: 0, displayName: 5% }, groups: { by: enterprise.department, share: 60% } }`,
      ]),
    );
    expect(pipeline.guards.emptied).toEqual({ each: { share: 0.01, atLeast: 10, atMost: 500 }, attributes: {} });
    expect(pipeline.guards.changes).toMatchObject({
      attributes: { displayName: { share: 0.05 }, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department': { atMost: 0 } },
      groups: { share: 0.6, minimum: 20 },
    });
    const wrong = edit([leavers, 'emptied: { attributes: { departmant: 0 } }\n  changes: { groups: { by: team } }']);
    expect(
      load(wrong)
        .diagnostics.filter(({ code }) => code === 'PIP-507')
        .map(({ message }) => message),
    ).toEqual(['departmant is not among transform.attributes', 'team is not among transform.attributes']);
  });

  it('takes approvers as a list, and as fields where the runner may be one', () => {
    const plain = loaded(edit(['guards:', 'approvers: [mkeller, aschmidt]\nguards:']));
    expect(plain.approvers).toEqual({ users: ['mkeller', 'aschmidt'], runner: 'refused' });
    const alone = loaded(edit(['guards:', 'approvers: { users: [mkeller], runner: allowed }\nguards:']));
    expect(alone.approvers).toEqual({ users: ['mkeller'], runner: 'allowed' });
  });

  it('keeps the bounds of a guard that are not written, and takes a bare number exactly', () => {
    const pipeline = loaded(
      edit(['leavers: { percent: 2, atLeast: 10, atMost: 500 }', 'leavers: 5%\n  joiners: 30\n  population: { percent: 1.5, atMost: 40 }']),
    );
    expect(pipeline.guards).toMatchObject({
      leavers: { share: 0.05, atLeast: 10, atMost: 500 },
      joiners: { share: 0, atLeast: 30, atMost: 30 },
      population: { share: 0.015, atLeast: 10, atMost: 40 },
      first: { joiners: 6000, rejections: { share: 0.01, atLeast: 0 } },
    });
  });

  it('takes a query from its file without what follows the statement', () => {
    expect(databaseOf(loaded(design)).query).toEqual({
      sql: 'select * -- all\nfrom workers',
      file: join('hr', 'pipelines', 'workers.sql'),
      firstLine: 1,
    });
  });

  it('takes a query that stands in the pipeline, and says in which line', () => {
    const source = databaseOf(loaded(edit(['query: workers.sql', 'query: |\n    select *\n    from workers'])));
    expect(source.query).toEqual({ sql: 'select *\nfrom workers', file: 'hr/pipelines/contoso.yaml', firstLine: 7 });
  });

  it('keeps secrets from being printed', () => {
    const pipeline = loaded(edit(['certificate: ${ENTRA_CERTIFICATE_FILE}', 'secret: { file: url.secret }\n']), {});
    expect(databaseOf(pipeline).connection.reveal()).toBe(environment.HR_DATABASE_URL);
    expect(pipeline.sink.auth.secret?.reveal()).toBe('postgres://hr:from-file@db/hr');
    expect(`${inspect(pipeline, { depth: 9 })}${JSON.stringify(pipeline)}`).not.toMatch(/hunter2|from-file/);
    expect(load(design).sources('url.secret')).toBeUndefined();
  });

  it('takes a password from the environment into an address that is written out', () => {
    const text = edit(['${HR_DATABASE_URL}', 'postgres://hr:${HR_PASSWORD}@db/hr?user=${ENTRA_CLIENT_ID}']);
    expect(databaseOf(loaded(text, { environment: { ...environment, HR_PASSWORD: 'p4ss' } })).connection.reveal()).toBe(
      `postgres://hr:p4ss@db/hr?user=${environment.ENTRA_CLIENT_ID}`,
    );
  });

  it('goes on with stand-ins where nothing is read or sent', () => {
    const { pipeline, diagnostics } = load(design, { environment: {}, unset: 'standIn' });
    expect(pipeline?.sink.tenant).toBe('00000000-0000-0000-0000-000000000000');
    expect(new Set(diagnostics.map(({ code, severity }) => `${code} ${severity}`))).toEqual(new Set(['PIP-201 notice']));
  });

  it('sends a state folder and a state address different ways', () => {
    expect(loaded(`${design}state: ../state\n`).state).toBe(resolve('hr/state'));
    const state = loaded(`${design}state: \${HR_DATABASE_URL}\n`).state;
    expect(String(state)).toBe('[secret state]');
  });

  it('opens an emulator on loopback only when it is named', () => {
    for (const origin of ['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080/']) {
      const { sink } = loaded(edit(['  quota: p1', `  quota: governance\n  emulator: ${origin}`]));
      expect(sink.cloud).toEqual({ name: 'emulator', login: new URL(origin).origin, graph: new URL(origin).origin });
      expect(sink.quota.calls).toBe(6000);
    }
    for (const origin of [
      'http://127.0.0.1.example.com',
      'http://localhost.example.com',
      'https://graph.microsoft.com',
      'http://[::2]:1',
    ]) {
      const { diagnostics } = load(edit(['  quota: p1', `  emulator: ${origin}`]));
      expect(diagnostics.map(({ code }) => code)).toEqual(['PIP-503']);
    }
  });
});

describe('places', () => {
  const locate = (pipeline: Pipeline, path: string, offset: number, length?: number): string => {
    const { formula } = attribute(pipeline, path);
    if (formula.kind !== 'expression') throw new Error('no expression');
    const place = formula.locate(offset, length);
    return `${String(place.line)}:${String(place.column)}-${String(place.endLine)}:${String(place.endColumn)}`;
  };

  it('of characters in an expression are those of the file, whatever its line ends, tabs and byte order mark', () => {
    const text = edit(['displayName: $given & " " & last_name', 'displayName:\t>-\n      $given &\n      last_name']);
    for (const variant of [text, `\uFEFF${text}`, text.replaceAll('\n', '\r\n'), `\uFEFF${text.replaceAll('\n', '\r\n')}`]) {
      const pipeline = loaded(variant);
      expect(attribute(pipeline, 'displayName').formula).toMatchObject({ text: '$given & last_name' });
      expect(locate(pipeline, 'displayName', 9, 9)).toBe('32:7-32:16');
      expect(locate(pipeline, 'displayName', 0, 18)).toBe('31:7-32:16');
    }
  });

  it('of an aliased expression are at its anchor, where the text stands', () => {
    const pipeline = loaded(edit(['displayName: $given & " " & last_name', 'displayName: &full last_name\n    nickName: *full']));
    expect(locate(pipeline, 'nickName', 0, 9)).toBe('30:24-30:33');
    expect(formatPlace(attribute(pipeline, 'nickName').place)).toBe('hr/pipelines/contoso.yaml:31:5');
  });

  it('of a field are of its value, or its name if it holds others, or the nearest parent that is written', () => {
    const { placeOf } = loaded(design);
    expect(['sink.job', 'sink.auth', 'sink.cloud', 'guards.population', 'nowhere'].map((path) => formatPlace(placeOf(path)))).toEqual(
      ['51:8', '52:3', '47:1', '44:1', '1:1'].map((at) => `hr/pipelines/contoso.yaml:${at}`),
    );
  });

  it('are shown with the text of each file', () => {
    const { sources } = load(design);
    expect(sources('hr/pipelines/contoso.yaml')).toBe(design);
    expect(sources('elsewhere.yaml')).toBeUndefined();
  });
});

describe('a pipeline that cannot be read', () => {
  it('is one line to YAML where its lines end with a carriage return alone: that is told once', () => {
    const text = edit().replaceAll('\n', '\r');
    const { diagnostics } = loadPipeline('mac.yaml', { environment, readFile: () => text });
    expect(diagnostics).toMatchObject([{ code: 'PIP-001', message: expect.stringContaining('carriage return'), place: { line: 1 } }]);
  });

  it('is not guessed: a letter of windows-1252 would be another one in every payload', () => {
    const folder = mkdtempSync(join(tmpdir(), 'joinery-'));
    try {
      const file = join(folder, 'people.yaml');
      const text = edit(['query: workers.sql', 'query: workers.sql # Büro']).split('\n');
      const line = text.findIndex((one) => one.includes('Büro')) + 1;
      writeFileSync(file, text.join('\n'), 'latin1');
      const place = { file, line, column: (text[line - 1] ?? '').indexOf('ü') + 1 };
      const message = `${file} cannot be read: it is not UTF-8; save it as UTF-8`;
      expect(loadPipeline(file, { environment }).diagnostics).toEqual([{ code: 'PIP-001', severity: 'error', message, place }]);
      writeFileSync(file, text.join('\n').replace('Büro', 'office'));
      writeFileSync(join(folder, 'workers.sql'), 'SELECT 1 -- Büro', 'latin1');
      expect(loadPipeline(file, { environment }).diagnostics).toContainEqual(
        expect.objectContaining({
          code: 'PIP-205',
          message: `${join(folder, 'workers.sql')}:1:14 cannot be read: it is not UTF-8; save it as UTF-8`,
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is one diagnostic', () => {
    const { diagnostics, pipeline } = loadPipeline('no-such.yaml', { environment });
    expect(pipeline).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: 'PIP-001', message: 'no-such.yaml does not exist' }]);
  });
});
