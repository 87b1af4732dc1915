import { resolve, sep } from 'node:path';
import { expect, test } from 'vitest';
import { renderCoverage } from './draw-coverage.ts';
import { renderJUnit, renderTestReport } from './report.ts';
import { runMappingTests, type MappingTestReport } from './run-tests.ts';

const pipeline = `pipeline: small
timezone: Europe/Berlin
source:
  type: postgres
  connection: \${HR}
  table: workers
  key: id
  columns:
    id: { type: string, required: true }
    status: { type: string, required: true, values: [Active, Left] }
    hired: { type: date, required: true }
    nick: { type: string }
    name: { type: string, required: true }
    country: { type: string }
    boss: { type: string }
lookups:
  land: { file: land.csv, key: code }
transform:
  use: [shared.jsonata]
  employment: { start: hired, preHire: 7d }
  attributes:
    active: status = "Active" and $employed
    userName: { once: '[$lowercase(name) & "@x.example", id & "@x.example"]' }
    displayName: |
      nick
        ? $shown(nick)
        : name
    title: { value: "country ? $lookup($land, country).title", empty: omit }
    enterprise:
      manager: boss
sink:
  type: entra
  tenant: \${T}
  servicePrincipal: \${S}
  job: \${J}
  auth:
    client: \${C}
    secret: \${P}
  quota: p1
`;
const shared = '$shown := function($x) {\n  $length($x) > 2 ? $x : $uppercase($x)\n};\n';
const csv = 'code,title\nDE,Frau\nFR,Madame\n';

async function run(tests: string, change: (text: string) => string = (text) => text): Promise<MappingTestReport> {
  const files: Readonly<Record<string, string>> = {
    'small.test.yaml': tests,
    'small.yaml': change(pipeline),
    'shared.jsonata': shared,
    'land.csv': csv,
  };
  const read = (path: string): string => {
    const name = Object.keys(files).find((one) => path === resolve(one));
    if (name === undefined) throw new Error(`no file ${path}`);
    return files[name] ?? '';
  };
  return runMappingTests('small.test.yaml', { readFile: read, readBytes: (path) => new TextEncoder().encode(read(path)) });
}

const good = `asOf: 2026-11-22T08:00:00Z
row: { id: "7", status: Active, hired: 2020-01-01, name: Mara }
cases:
  - name: a worker without anything else
    expect:
      payload: { active: true, userName: mara@x.example, displayName: Mara }
  - name: a nickname counts
    row: { nick: Mimi, country: DE, boss: "8" }
    expect:
      active: true
      attributes: { displayName: Mimi, title: Frau, manager: "8", userName: [mara@x.example, 7@x.example] }
      warnings: []
  - name: a short nickname is written large
    row: { nick: Mo, country: XX }
    expect: { attributes: { displayName: MO, title: null } }
  - name: a starter
    asOf: 2019-12-30T08:00:00Z
    expect: { active: false, preHire: true }
  - name: an unknown status
    row: { status: Quit, name: null }
    expect: { rejected: [MAP-203, MAP-201], saysInactive: false }
  - name: two rows
    rows: [{ status: Left }, { status: Left }]
    expect: { rejected: MAP-205, saysInactive: true }
  - name: the head
    row: { boss: "7" }
    expect: { warnings: MAP-214 }
`;

const drawn = (report: MappingTestReport): readonly string[] =>
  renderCoverage(report)
    .replaceAll(`${resolve('.')}${sep}`, '')
    .split('\n');

test('cases pass when the mapping does what they say, and coverage counts what they reached', async () => {
  const report = await run(good);
  expect(report.diagnostics).toEqual([]);
  expect(report.cases.filter(({ passed }) => !passed)).toEqual([]);
  expect(report.passed).toBe(true);
  expect(drawn(report).slice(0, 5)).toEqual([
    'small.yaml: attributes 5 of 5, branches 6 of 6, lookup keys 1 of 2',
    '',
    '  small.yaml',
    '  ✗ 17 │   land: { file: land.csv, key: code }',
    '       │   ^^^^ no case asks for FR',
  ]);
});

test('what no case reaches is drawn onto the file that holds it', async () => {
  const report = await run(good.slice(0, good.indexOf('  - name: a nickname')));
  expect(drawn(report)).toEqual([
    'small.yaml: attributes 3 of 5, branches 2 of 6, lookup keys 0 of 2',
    '',
    '  shared.jsonata',
    '  ✗ 2 │   $length($x) > 2 ? $x : $uppercase($x)',
    '      │                     ^^ then: no case comes here',
    '      │                          ^^^^^^^^^^^^^^ else: no case comes here',
    '',
    '  small.yaml',
    '  ✗ 17 │   land: { file: land.csv, key: code }',
    '       │   ^^^^ no case asks for DE, FR',
    '  ✓ 22 │     active: status = "Active" and $employed',
    `  ✓ 23 │     userName: { once: '[$lowercase(name) & "@x.example", id & "@x.example"]' }`,
    '  ✓ 24 │     displayName: |',
    '  ✗ 26 │         ? $shown(nick)',
    '       │           ^^^^^^^^^^^^ then: no case comes here',
    '  ✓ 27 │         : name',
    '  ✗ 28 │     title: { value: "country ? $lookup($land, country).title", empty: omit }',
    '       │     ^^^^^ no case gives it a value',
    '       │                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ then: no case comes here',
    '  ✗ 30 │       manager: boss',
    '       │       ^^^^^^^ no case gives it a value',
  ]);
});

const bad = `asOf: 2026-11-22T08:00:00Z
row: { id: "7", status: Active, hired: 2020-01-01, name: Mara }
cases:
  - name: passes
    expect: { active: true }
  - name: 'fails in "values" <&>'
    expect:
      payload: { active: false, displayName: Maria, userName: mara@x.example, title: Frau }
  - name: fails in kind
    row: { status: Gone }
    expect: { active: true }
  - name: fails in codes
    row: { status: Gone }
    expect: { rejected: MAP-201 }
`;

test('a failed case shows what was expected and what came, by attribute', async () => {
  const report = await run(bad);
  expect(report.passed).toBe(false);
  expect(renderTestReport(report)).toBe(`small.test.yaml
  pass  passes
  FAIL  fails in "values" <&>
        at small.test.yaml:6:5
        payload.active
          - expected false
          + came     true
        payload.displayName
          - expected "Maria"
          + came     "Mara"
        payload.title
          - expected "Frau"
          + came     nothing
  FAIL  fails in kind
        at small.test.yaml:9:5
        verdict
          - expected a payload
          + came     a rejection (MAP-203 column status is G•••, none of Active, Left)
  FAIL  fails in codes
        at small.test.yaml:12:5
        rejected
          - expected ["MAP-201"]
          + came     ["MAP-203"]
  1 passed, 3 failed`);
});

test('JUnit output is well-formed, escaped and free of times', async () => {
  const xml = renderJUnit([await run(bad), await run('cases: []')]);
  expect(xml).toContain('<testsuite name="small.test.yaml" tests="4" failures="3" errors="0">');
  expect(xml).toContain('name="fails in &quot;values&quot; &lt;&amp;&gt;"');
  expect(xml).toContain('<testsuite name="small.test.yaml" tests="1" failures="0" errors="1">');
  expect(xml).not.toMatch(/time=/);
});

test('mocked lookups stand in for the files', async () => {
  const report = await run(`asOf: 2026-11-22T08:00:00Z
lookups: { land: { IT: { title: Signora } } }
cases:
  - name: mocked
    row: { id: "7", status: Active, hired: 2020-01-01, name: Mara, country: IT }
    expect: { attributes: { title: Signora } }
`);
  expect(report.passed).toBe(true);
  expect(report.coverage.filter(({ kind }) => kind === 'lookupKey')).toMatchObject([{ kind: 'lookupKey', name: 'land IT', reached: true }]);
});

test.each([
  ['YAML that does not parse', 'cases: [', 'MAP-301'],
  ['an unknown field', 'asOf: 2026-11-22T08:00:00Z\ncases:\n  - name: x\n    expected: {}', 'MAP-301'],
  ['no clock', 'cases:\n  - name: x\n    expect: {}', 'MAP-303'],
  ['a clock without zone', 'asOf: 2026-11-22\ncases:\n  - name: x\n    expect: {}', 'MAP-301'],
  ['row and rows', 'asOf: 2026-11-22T08:00:00Z\ncases:\n  - { name: x, row: {}, rows: [{}], expect: {} }', 'MAP-301'],
  ['a column that does not exist', 'asOf: 2026-11-22T08:00:00Z\ncases:\n  - { name: x, row: { nicc: x }, expect: {} }', 'MAP-302'],
  [
    'an attribute that is not mapped',
    'asOf: 2026-11-22T08:00:00Z\ncases:\n  - { name: x, expect: { attributes: { displayname: x } } }',
    'MAP-302',
  ],
  ['a lookup that does not exist', 'asOf: 2026-11-22T08:00:00Z\nlookups: { lend: {} }\ncases:\n  - { name: x, expect: {} }', 'MAP-302'],
  [
    'another pipeline that is not there',
    'pipeline: other.yaml\nasOf: 2026-11-22T08:00:00Z\ncases:\n  - { name: x, expect: {} }',
    'PIP-001',
  ],
])('%s fails the file with a code', async (_, text, code) => {
  const report = await run(text);
  expect({
    passed: report.passed,
    codes: [...new Set(report.diagnostics.filter(({ severity }) => severity === 'error').map((one) => one.code))],
  }).toEqual({ passed: false, codes: [code] });
});

test('what a case names wrongly is marked where it is named', async () => {
  const head = 'asOf: 2026-11-22T08:00:00Z\nrow: { nic: x }\ncases:\n';
  const names = await run(`${head}  - name: x\n    row: { nicc: x }\n    expect: { attributes: { displayname: x } }`);
  expect(names.diagnostics.map(({ message, place }) => [message, place?.line, place?.column])).toEqual([
    ['there is no column nic', 2, 8],
    ['there is no column nicc', 5, 12],
    ['there is no attribute displayname', 6, 29],
  ]);
  const unknown = await run(`${head}  - name: x\n    expect: { attribute: {} }`);
  expect(unknown.diagnostics.map(({ place }) => [place?.line, place?.column])).toEqual([[5, 15]]);
});

test('a mapping with an error fails the file, with the finding at its place', async () => {
  const report = await run(good, (text) => text.replace('$shown(nick)', '$show(nick)'));
  expect(renderTestReport(report)).toContain('small.yaml:26:11');
  expect(report.diagnostics).toContainEqual(expect.objectContaining({ code: 'MAP-111', fix: 'Did you mean $shown?' }));
});
