import { expect, test } from 'vitest';
import { coreUserSchema, enterpriseUserSchema } from '../domain/payload.ts';
import { formatPlace } from '../domain/place.ts';
import type { Json } from '../domain/canonical-json.ts';
import type { Verdict } from '../domain/verdict.ts';
import { compileMapping } from './compile-mapping.ts';
import { base, buildPipeline, compileSample, rowGroup, sampleColumns, sampleInstant, type PipelineText } from './pipeline.test-data.ts';

async function evaluate(text: PipelineText, ...changes: readonly Readonly<Record<string, Json | undefined>>[]): Promise<Verdict> {
  return compileSample(text).evaluate(rowGroup(...changes), sampleInstant);
}

async function payloadOf(text: PipelineText, ...changes: readonly Readonly<Record<string, Json>>[]): Promise<object> {
  const verdict = await evaluate(text, ...changes);
  if (verdict.kind !== 'draft') throw new Error(JSON.stringify(verdict, undefined, 1));
  return verdict.draft.payload;
}

function told(verdict: Verdict): readonly string[] {
  const list = verdict.kind === 'rejected' ? verdict.reasons : verdict.warnings;
  return list.map(({ code, message }) => `${code} ${message}`);
}

const department = `${enterpriseUserSchema}:department`;
const manager = `${enterpriseUserSchema}:manager.value`;

test('a row becomes a complete payload', async () => {
  const verdict = await evaluate({
    timezone: 'Europe/Berlin',
    lookups: { country: { file: 'country.csv', key: 'code' } },
    use: { 'people.jsonata': '/* names */ $shown := function($a, $b) { $a & " " & $b };\n$unused := function() { 1 };' },
    scope: 'worker_id != "0"',
    columns: { ...sampleColumns, worker_id: { type: 'string', required: true, values: ['4711', '0'] } },
    employment: { start: 'hire_date', end: 'last_day', zone: 'site_zone' },
    let: { given: '$trim(first_name)' },
    attributes: {
      active: 'status != "Terminated" and $employed',
      userName: { once: '[$lowercase($given) & "@contoso.example", email]' },
      'name.givenName': '$given',
      'name.familyName': 'last_name',
      displayName: '$shown($given, last_name)',
      title: { const: 'Analyst' },
      'emails[type eq "work"].value': 'email',
      'addresses[type eq "work"].country': '$lookup($country, country_code).iso2',
      [department]: { value: 'department', empty: 'clear' },
      [manager]: 'manager_id',
      'urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate': '$dateTime(hire_date)',
    },
    clearing: [department],
    extensions: { 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User': { HireDate: 'dateTime' } },
  });
  expect(verdict).toMatchObject({
    kind: 'draft',
    externalId: '4711',
    warnings: [],
    draft: {
      active: true,
      preHire: false,
      manager: '7',
      empty: [],
      once: [{ path: 'userName', candidates: ['mara@contoso.example'] }],
      payload: {
        schemas: [coreUserSchema, enterpriseUserSchema, 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User'],
        externalId: '4711',
        active: true,
        name: { givenName: 'Mara', familyName: 'Keller' },
        displayName: 'Mara Keller',
        title: 'Analyst',
        emails: [{ type: 'work', primary: true, value: 'mara@contoso.example' }],
        addresses: [{ type: 'work', country: 'de' }],
        [enterpriseUserSchema]: { department: 'Finance', manager: { value: '7' } },
        'urn:ietf:params:scim:schemas:extension:contoso:1.0:User': { HireDate: '2020-01-01T00:00:00+00:00' },
      },
    },
  });
  expect(Object.isFrozen(verdict)).toBe(true);
});

test('NULL reaches an expression as nothing, and whenNull stands for it where it is stated', async () => {
  const attributes = {
    ...base,
    displayName: 'first_name & department',
    title: '$exists(department) ? "known" : "unknown"',
    locale: 'country_code',
  };
  const columns = { ...sampleColumns, country_code: { type: 'string', whenNull: 'XX' } } as const;
  expect(await payloadOf({ attributes, columns }, { department: null, country_code: null })).toMatchObject({
    displayName: 'Mara',
    title: 'unknown',
    locale: 'XX',
  });
});

test('empty attributes follow their emptiness, and a required one rejects', async () => {
  const attributes = {
    ...base,
    title: 'department',
    nickName: { value: '""', empty: 'omit' },
    locale: { value: null, empty: 'clear' },
  } as const;
  const verdict = await evaluate({ attributes, clearing: ['locale'] }, { department: null });
  expect(verdict).toMatchObject({
    kind: 'draft',
    draft: {
      empty: [
        { path: 'title', rule: 'keep' },
        { path: 'nickName', rule: 'omit' },
        { path: 'locale', rule: 'clear' },
      ],
    },
  });
  expect(told(await evaluate({ attributes: { ...base, title: { value: 'department', empty: 'reject' } } }, { department: '' }))).toEqual([
    'MAP-210 title is empty',
  ]);
  expect(told(await evaluate({ attributes: base }, { email: '' }))).toEqual(['MAP-210 userName is empty']);
});

test('what the contract with HR does not allow rejects the row, every reason at once', async () => {
  const columns = {
    ...sampleColumns,
    grade: { type: 'integer' },
    pay: { type: 'decimal', class: 'sensitive' },
    flag: { type: 'boolean' },
    at: { type: 'datetime' },
  } as const;
  const broken = {
    status: 'Suspended',
    first_name: null,
    hire_date: '2026-02-30',
    grade: 1.5,
    pay: 'much',
    flag: 'yes',
    at: 'now',
    department: 4,
  };
  const verdict = await evaluate({ attributes: { ...base, displayName: '$error("stop")' }, columns }, broken);
  expect(told(verdict)).toEqual([
    'MAP-203 column status is S•••, none of Active, Leave, Terminated',
    'MAP-202 column hire_date is 2•••, which is no date (YYYY-MM-DD)',
    'MAP-201 column first_name is NULL and required',
    'MAP-202 column department is •••, which is no text',
    'MAP-202 column grade is 1•••, which is no integer',
    'MAP-202 column pay is •••, which is no decimal number',
    'MAP-202 column flag is y•••, which is no boolean',
    'MAP-202 column at is n•••, which is no date and time (ISO 8601)',
    expect.stringContaining('MAP-207 displayName:'),
  ]);
  expect(verdict).toMatchObject({ saysInactive: false });
});

test('a column that the query does not return rejects, and is not taken for NULL', async () => {
  expect(told(await evaluate({ attributes: base }, { department: undefined }))).toEqual([
    'MAP-204 column department is not among the columns that the query returns',
  ]);
  expect(told(await evaluate({ columns: 'undeclared', attributes: { ...base, active: true, title: 'no_such_column' } }))).toEqual([
    'MAP-204 column no_such_column is not among the columns that the query returns',
  ]);
});

test('a failing attribute is named, with the place inside its expression and its inputs masked', async () => {
  const verdict = await evaluate({ attributes: { ...base, displayName: 'first_name & $uppercase(department - 1)', title: 'last_name' } });
  expect(told(verdict)).toHaveLength(1);
  expect(told(verdict)[0]).toMatch(/^MAP-207 displayName: .*"-".*\(first_name = M•••, department = F•••\)$/);
  expect(JSON.stringify(verdict)).not.toMatch(/Finance|Mara/);
  const [reason] = verdict.kind === 'rejected' ? verdict.reasons : [];
  expect(reason?.place === undefined ? '' : formatPlace(reason.place)).toBe('test.yaml:3:36');
});

test('what an author lets $error and $assert say is shown in his words, without what he put between them', async () => {
  const use = { 'people.jsonata': '$named := function($x) { $x ? $x : $error("no name for " & $x & " of this worker") };' };
  const said = async (expression: string, row: Record<string, string | null> = {}): Promise<string> => {
    const verdict = await evaluate({ use, attributes: { ...base, displayName: expression } }, row);
    expect(JSON.stringify(verdict)).not.toMatch(/finance|mara|FINANCE|MARA/i);
    return told(verdict)[0] ?? '';
  };
  expect(await said('$error("bad name " & $uppercase(first_name) & ", of " & department)')).toMatch(
    /^MAP-207 displayName: bad name •••, of ••• \(/,
  );
  expect(await said('$assert(false, first_name & " is no name") & ""')).toMatch(/^MAP-207 displayName: ••• is no name \(/);
  expect(await said('$error(first_name)')).toMatch(/^MAP-207 displayName: ••• \(/);
  expect(await said('$error("not yet decided")')).toBe('MAP-207 displayName: not yet decided');
  expect(await said('$named("")')).toMatch(/^MAP-207 displayName: no name for  of this worker/);
});

test('a failure inside a function is placed where the function is called, which is all that the reference engine tells', async () => {
  const use = { 'people.jsonata': '$one := function() { 1 };\n\n$half := function($x) {\n  $x / 2\n};' };
  const verdict = await evaluate({ use, attributes: { ...base, displayName: '$string($half(first_name))' } });
  const [reason] = verdict.kind === 'rejected' ? verdict.reasons : [];
  expect(reason?.place === undefined ? '' : formatPlace(reason.place)).toBe('test.yaml:3:14');
});

test('a failing let is told once, not for each attribute that uses it', async () => {
  const verdict = await evaluate({
    let: { bad: '$number(first_name)' },
    attributes: { ...base, displayName: '$string($bad)', title: '$string($bad)' },
  });
  expect(told(verdict)).toHaveLength(1);
  expect(told(verdict)[0]).toMatch(/^MAP-207 \$bad: /);
});

test('an error of a library function keeps its code and its way out', async () => {
  const verdict = await evaluate({ attributes: { ...base, title: '$dateTime(department)' } });
  expect(verdict).toMatchObject({ kind: 'rejected', reasons: [{ code: 'JSN-502' }] });
});

test('a row out of scope is told apart from a rejected one, and another column cannot keep it in scope', async () => {
  const text = { scope: 'status != "Leave"', attributes: base } as const;
  expect(await evaluate(text, { status: 'Leave', first_name: null })).toMatchObject({ kind: 'outOfScope' });
  expect(await evaluate(text, { status: 'Gone' })).toMatchObject({ kind: 'rejected' });
});

test('active and scope that are neither true nor false reject', async () => {
  expect(told(await evaluate({ attributes: { ...base, active: 'status = "Active" ? true' } }, { status: 'Leave' }))).toEqual([
    'MAP-208 active came out as nothing',
  ]);
  // JSON columns have no type that could be checked before.
  const columns = { ...sampleColumns, extra: { type: 'json', whenNull: false } } as const;
  expect(told(await evaluate({ columns, attributes: { ...base, active: 'extra' } }, { extra: 'yes' }))).toEqual([
    'MAP-208 active came out as a string',
  ]);
  expect(told(await evaluate({ columns, scope: 'extra', attributes: base }, { extra: 1 }))).toEqual(['MAP-208 scope came out as a number']);
});

test('a rejected worker says inactive only if every row of the key does', async () => {
  const text = { attributes: base } as const;
  expect(await evaluate(text, { status: 'Terminated', first_name: null })).toMatchObject({ kind: 'rejected', saysInactive: true });
  expect(await evaluate(text, { status: 'Terminated' }, { status: 'Terminated' })).toMatchObject({ kind: 'rejected', saysInactive: true });
  expect(await evaluate(text, { status: 'Terminated' }, { status: 'Active' })).toMatchObject({ kind: 'rejected', saysInactive: false });
  expect(await evaluate(text, { status: 'Terminated' }, { status: 'Quit' })).toMatchObject({ kind: 'rejected', saysInactive: false });
});

test('of several rows of a key the primary one counts', async () => {
  const columns = { ...sampleColumns, is_primary: { type: 'boolean', required: true } } as const;
  const text = { primary: 'is_primary', columns, attributes: { ...base, title: 'department' } };
  expect(await payloadOf(text, { is_primary: false, department: 'A' }, { is_primary: true, department: 'B' })).toMatchObject({
    title: 'B',
  });
  expect(await payloadOf(text, { is_primary: false, department: 'A' })).toMatchObject({ title: 'A' });
  expect(told(await evaluate(text, { is_primary: false }, { is_primary: false }))).toEqual([
    'MAP-206 of 2 rows with this key (rows 1 and 2) none has is_primary = true; they are equal',
  ]);
  expect(
    told(await evaluate(text, { is_primary: true, department: 'A' }, { is_primary: true, last_name: 'K' }, { is_primary: false })),
  ).toEqual([
    'MAP-206 of 3 rows with this key (rows 1, 2 and 3) 2 have is_primary = true; they contradict each other in last_name and department',
  ]);
});

test('several rows of a key without a rule are a rejection that names rows and contradiction', async () => {
  expect(told(await evaluate({ attributes: base }, { status: 'Active' }, { status: 'Leave' }))).toEqual([
    'MAP-205 2 rows have this key (rows 1 and 2); they contradict each other in status',
  ]);
});

test('a worker who manages himself has no manager, and a warning', async () => {
  const verdict = await evaluate({ attributes: { ...base, [manager]: 'manager_id' } }, { manager_id: '4711' });
  expect(verdict).toMatchObject({ kind: 'draft', warnings: [{ code: 'MAP-214' }], draft: { empty: [{ path: manager, rule: 'keep' }] } });
  expect(verdict.kind === 'draft' && verdict.draft.manager).toBeUndefined();
});

test('a pre-hire is inactive only because the first day has not come', async () => {
  const text = {
    timezone: 'Europe/Berlin',
    employment: { start: 'hire_date', preHire: 14 * 86_400_000 },
    attributes: { ...base, active: 'status != "Terminated" and $employed' },
  } as const;
  const soon = { hire_date: '2026-12-01' };
  expect(await evaluate(text, soon)).toMatchObject({
    draft: { active: false, preHire: true },
    nextDate: Date.parse('2026-11-30T23:00:00Z'),
  });
  expect(await evaluate(text, { ...soon, status: 'Terminated' })).toMatchObject({ draft: { active: false, preHire: false } });
  expect(await evaluate(text, { hire_date: '2027-01-15' })).toMatchObject({
    draft: { active: false, preHire: false },
    nextDate: Date.parse('2026-12-31T23:00:00Z'),
  });
});

test('values of the wrong SCIM type, functions and control characters reject by name', async () => {
  const columns = { ...sampleColumns, extra: { type: 'json', required: true } } as const;
  const attributes = { ...base, title: 'extra[0]', nickName: '$uppercase', displayName: 'first_name & "\\u0007"', locale: 'extra' };
  expect(told(await evaluate({ columns, attributes }, { extra: [4, 5] }))).toEqual([
    expect.stringMatching(/^MAP-215 nickName came out as a function/),
    expect.stringMatching(/^SCM-102 title is a number/),
    expect.stringMatching(/^SCM-110 displayName holds/),
    expect.stringMatching(/^SCM-102 locale is a list/),
  ]);
});

test('candidates of a once-only attribute are texts without repetition', async () => {
  const once = '["a", "", "b", "a"]';
  expect(await evaluate({ attributes: { ...base, userName: { once } } })).toMatchObject({
    draft: { once: [{ path: 'userName', candidates: ['a', 'b'] }] },
  });
  const columns = { ...sampleColumns, extra: { type: 'json', required: true } } as const;
  expect(told(await evaluate({ columns, attributes: { ...base, userName: { once: 'extra' } } }, { extra: [1] }))).toEqual([
    'SCM-102 userName: a candidate is no text',
  ]);
});

test('protection is asked of every row, and is unknown where a row has no answer', async () => {
  const columns = { ...sampleColumns, country_code: { type: 'string', whenNull: 'DE' } } as const;
  const text = { protectedWhen: 'status = "Leave"', scope: 'country_code != "XX"', attributes: base, columns } as const;
  const asked = async (...rows: readonly Record<string, Json>[]): Promise<boolean | undefined> => (await evaluate(text, ...rows)).protected;
  expect(await asked({ status: 'Leave' })).toBe(true);
  expect(await asked({ status: 'Leave', country_code: 'XX' })).toBe(true);
  expect(await asked({ status: 'Leave', first_name: null })).toBe(true);
  expect(await asked({ status: 'Active' })).toBe(false);
  expect(await asked({ status: 'Active' }, { status: 'Leave' })).toBe(true);
  expect(await asked({ status: 'Active' }, { status: 'Terminated' })).toBe(false);
  expect(await asked({ status: 'Active' }, { status: 'Gone' })).toBeUndefined();
  expect((await evaluate({ attributes: base })).protected).toBeUndefined();
});

test('an end that has come is told with the verdict, of several rows the latest', async () => {
  const text = {
    timezone: 'UTC',
    employment: { start: 'hire_date', end: 'last_day' },
    attributes: { ...base, active: '$employed' },
  } as const;
  const ended = async (...rows: readonly Record<string, Json>[]): Promise<number | undefined> => (await evaluate(text, ...rows)).endedAt;
  expect(await ended({ last_day: '2026-11-20' })).toBe(Date.parse('2026-11-21T00:00:00Z'));
  expect(await ended({ last_day: '2026-11-22' })).toBeUndefined();
  expect(await ended({ last_day: '2026-11-18' }, { last_day: '2026-11-20' })).toBe(Date.parse('2026-11-21T00:00:00Z'));
});

test('the mapping id moves with everything that can change a verdict, and with nothing else', () => {
  const text: PipelineText = { timezone: 'Europe/Berlin', let: { given: 'first_name' }, attributes: { ...base, displayName: '$given' } };
  const { id } = compileSample(text);
  expect(compileSample({ ...text }).id).toBe(id);
  const changes: readonly PipelineText[] = [
    { timezone: 'Europe/Paris' },
    { let: { given: 'last_name' } },
    { attributes: { ...text.attributes, displayName: '$given ' } },
    { attributes: { ...text.attributes, displayName: { value: '$given', empty: 'omit' } } },
    { columns: { ...sampleColumns, department: { type: 'string', required: true } } },
    { scope: 'status != "Leave"' },
    { protectedWhen: 'status = "Leave"' },
    { employment: { start: 'hire_date' } },
    { lookups: { country: { file: 'country.csv', key: 'code' } } },
    { use: { 'a.jsonata': '$f := function() { 1 }' } },
    { extensions: { 'urn:x:y': { A: 'string' } } },
  ];
  const ids = changes.map((change) => compileSample({ ...text, ...change }).id);
  expect(new Set([id, ...ids]).size).toBe(changes.length + 1);
});

test('two runs with different instants can share a mapping while evaluations overlap', async () => {
  const mapping = compileSample({ timezone: 'UTC', attributes: { ...base, title: '$today()' } });
  const days = ['2026-01-01', '2026-06-01', '2026-01-01', '2026-12-31'];
  const verdicts = await Promise.all(days.map(async (day) => mapping.evaluate(rowGroup(), Date.parse(`${day}T12:00:00Z`))));
  expect(verdicts.map((verdict) => verdict.kind === 'draft' && verdict.draft.payload['title'])).toEqual(days);
  expect(mapping.readsClock).toBe(true);
});

test('a limit of the engine is a rejection with its own code', async () => {
  const endless = '($f := function($n) { 1 + $f($n + 1) }; $f(0))';
  expect(await evaluate({ attributes: { ...base, title: endless } })).toMatchObject({ kind: 'rejected', reasons: [{ code: 'JSN-104' }] });
});

test('every evaluation is counted, and can be held against the reference engine', async () => {
  const { mapping } = compileMapping(buildPipeline({ attributes: base }), { verify: true });
  const verdict = await mapping?.evaluate(rowGroup(), sampleInstant);
  expect(verdict?.kind).toBe('draft');
  expect(mapping?.stats()).toMatchObject({ evaluations: 2, verified: 2 });
});

test('a value of the source that has no lossless form rejects the row and is never taken for NULL', async () => {
  const group = rowGroup();
  const rows = group.rows.map((row) => ({
    key: row.key,
    fingerprint: row.fingerprint,
    ordinal: row.ordinal,
    values: { ...row.values, last_day: null },
    problems: [{ column: 'last_day', message: 'is an infinite date' }],
  }));
  const verdict = await compileSample({}).evaluate({ ...group, rows }, sampleInstant);
  expect(verdict).toMatchObject({
    kind: 'rejected',
    saysInactive: false,
    reasons: [{ code: 'MAP-216', message: 'column last_day is an infinite date' }],
  });
});
