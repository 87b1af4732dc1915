import { expect, test } from 'vitest';
import { formatPlace } from '../domain/place.ts';
import { compileMapping } from './compile-mapping.ts';
import { buildPipeline, sampleColumns, type PipelineText } from './pipeline.test-data.ts';

const base = { active: 'status != "Terminated"', userName: 'email' } as const;

/** Findings without the notices about speed. */
function findings(text: PipelineText): readonly string[] {
  const { diagnostics } = compileMapping(buildPipeline(text), { readBytes: () => new TextEncoder().encode('code,iso2\nDE,de\n') });
  return diagnostics
    .filter(({ severity }) => severity !== 'notice')
    .map(({ code, severity, place, message }) => `${severity} ${code} ${place === undefined ? '' : formatPlace(place)} ${message}`);
}

test('all problems are told at once, each at its place inside its expression, in the order of the file', () => {
  expect(
    findings({
      let: { unused: '1' },
      attributes: { ...base, displayName: 'first_name & & last_name', title: 'departement', nickName: '$given', locale: '$trim(' },
    }),
  ).toEqual([
    expect.stringMatching(/^error JSN-101 test\.yaml:4:14 /),
    'error MAP-112 test.yaml:5:1 there is no column departement in source.columns',
    'error MAP-111 test.yaml:6:1 there is no variable or function $given',
    expect.stringMatching(/^error JSN-101 test\.yaml:7:/),
  ]);
});

test('problems in a function file are told in that file', () => {
  const use = {
    'people.jsonata':
      '$ok := function() { 1 };\n$bad := function($x) {\n  $x & $nothing & frist_name\n};\n$ok := function() { 2 };\n$broken := function( { };',
  };
  expect(findings({ use, attributes: { ...base, displayName: '$bad("x")' } })).toEqual([
    'error MAP-111 people.jsonata:3:8 there is no variable or function $nothing',
    'error MAP-112 people.jsonata:3:19 there is no column frist_name in source.columns',
    'error MAP-108 people.jsonata:5:1 $ok is defined already, in people.jsonata on line 1',
    expect.stringMatching(/^error JSN-101 people\.jsonata:6:/),
  ]);
});

test.each<[string, PipelineText]>([
  ['names bound inside an expression', { attributes: { ...base, title: '($x := department; $f := function($y) { $y & $x }; $f("a"))' } }],
  [
    'members of what is not the row',
    { columns: { ...sampleColumns, extra: { type: 'json' } }, attributes: { ...base, title: 'extra.people[role = "x"].title' } },
  ],
  [
    'a context that a function sets',
    { attributes: { ...base, title: '$join($map(["a", "b"], function($v, $i) { $v & $string($i) }), "-")' } },
  ],
  [
    'a default after a test',
    { columns: { ...sampleColumns, nick: { type: 'string' } }, attributes: { ...base, userName: 'nick ? nick : email' } },
  ],
  ['an elvis default', { columns: { ...sampleColumns, nick: { type: 'string' } }, attributes: { ...base, userName: 'nick ?: email' } }],
  [
    'an $exists test',
    { columns: { ...sampleColumns, nick: { type: 'string' } }, attributes: { ...base, userName: '$exists(nick) ? nick : email' } },
  ],
  [
    'a lookup with a default in active',
    {
      lookups: { land: { file: 'l.csv', key: 'code' } },
      columns: { ...sampleColumns, country_code: { type: 'string', whenNull: 'DE' } },
      attributes: { ...base, active: '$lookup($land, country_code, {"iso2": "x"}).iso2 != "gb"' },
    },
  ],
  [
    'whenNull as a compared value',
    { columns: { ...sampleColumns, kind: { type: 'string', whenNull: 'None' } }, attributes: { ...base, active: 'kind != "None"' } },
  ],
  ['an open column in protected.when', { protectedWhen: 'email in ["board@contoso.example"]', attributes: base }],
  ['membership in a list of values', { attributes: { ...base, active: 'status in ["Active", "Leave"]' } }],
  ['a literal attribute', { attributes: { ...base, active: true, title: { const: 'x' } } }],
  ['dates compared as text', { timezone: 'UTC', attributes: { ...base, active: 'hire_date <= $today()' } }],
  [
    'a function that reads a let',
    { use: { 'a.jsonata': '$f := function() { $given & "!" };' }, let: { given: 'first_name' }, attributes: { ...base, title: '$f()' } },
  ],
  ['no contract at all', { columns: 'undeclared', attributes: { active: true, userName: 'anything' } }],
])('there is no finding about %s', (_, text) => {
  expect(findings(text)).toEqual([]);
});

test.each<[string, PipelineText, string]>([
  [
    'an optional column',
    { attributes: { ...base, active: 'department != "x"' } },
    'active depends on column department, which may be NULL and states no whenNull',
  ],
  [
    'an open column through a let',
    { let: { d: 'email' }, attributes: { ...base, active: '$d != "x"' } },
    'active depends on column email, whose values are not listed',
  ],
  [
    'an open column through a function',
    { use: { 'a.jsonata': '$f := function() { email };' }, attributes: { ...base, active: '$f() != "x"' } },
    'active depends on column email, whose values are not listed',
  ],
  ['an open column in scope', { scope: 'email != "x"', attributes: base }, 'scope depends on column email, whose values are not listed'],
  [
    'a column that may be NULL, about protection',
    { protectedWhen: 'department = "Board"', attributes: base },
    'protected.when depends on column department, which may be NULL and states no whenNull',
  ],
  [
    'a column that is not declared',
    { columns: 'undeclared', attributes: base },
    'active depends on column status, which source.columns does not declare',
  ],
  [
    'an optional first day',
    {
      timezone: 'UTC',
      columns: { ...sampleColumns, hire_date: { type: 'date' } },
      employment: { start: 'hire_date' },
      attributes: { ...base, active: '$employed' },
    },
    'active depends on column hire_date, which may be NULL and states no whenNull',
  ],
  [
    'a zone that is compared as a text',
    {
      timezone: 'UTC',
      columns: { ...sampleColumns, site_zone: { type: 'string', required: true } },
      employment: { start: 'hire_date', zone: 'site_zone' },
      attributes: { ...base, active: '$employed and site_zone != "x"' },
    },
    'active depends on column site_zone, whose values are not listed',
  ],
])('%s cannot decide about accounts', (_, text, message) => {
  const found = findings(text);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^error MAP-116 /);
  expect(found[0]).toContain(message);
});

test.each(['$$.*', '$keys()', '$lookup($$, "status")', '$each($, function($v) { $v })', '$string()', '**'])(
  '%s in active is refused, because its columns cannot be known',
  (use) => {
    expect(findings({ attributes: { ...base, active: `$exists(${use})` } })).toContainEqual(expect.stringMatching(/^error MAP-117 /));
  },
);

test.each([
  ['title', '4', 'title takes text; the expression gives a number'],
  ['title', 'first_name = "x"', 'title takes text; the expression gives a boolean'],
  ['title', 'department ? department : 4', 'title takes text; the expression can give a number'],
  ['title', '[department]', 'title takes text; the expression gives a list'],
  ['active', '"yes"', 'active takes a boolean; the expression gives text'],
  ['emails[type eq "work"].primary', '"true"', 'emails[type eq "work"].primary takes a boolean; the expression gives text'],
])('%s: %s is a finding about types', (path, expression, message) => {
  expect(
    findings({ attributes: { ...base, [path]: expression } }).map((one) => one.slice(one.indexOf(' ', one.indexOf('test.yaml')) + 1)),
  ).toContain(message);
});

test('names that hide each other, names that come later, and cycles are errors', () => {
  expect(
    findings({ lookups: { a: { file: 'l.csv', key: 'code' } }, let: { a: '1' }, attributes: { ...base, title: '$string($a)' } }),
  ).toContainEqual(expect.stringMatching(/^error MAP-108 .* \$a is a lookup already$/));
  expect(
    findings({
      timezone: 'UTC',
      employment: { start: 'hire_date' },
      let: { started: 'first_name' },
      attributes: { ...base, title: '$started' },
    }),
  ).toContainEqual(expect.stringMatching(/^error MAP-108 .* \$started is given by employment already$/));
  expect(findings({ let: { a: '$b', b: '$a' }, attributes: { ...base, title: '$a' } })).toContainEqual(
    expect.stringMatching(/^error MAP-135 .* \$a uses \$b, which comes later$/),
  );
  expect(
    findings({ let: { a: '$f()' }, use: { 'a.jsonata': '$f := function() { $a };' }, attributes: { ...base, title: '$a' } }),
  ).toContainEqual(expect.stringMatching(/^error MAP-135 .* \$a uses \$a through a function, and it comes later$/));
});

test('$employed without employment is an error with its own way out', () => {
  const { diagnostics } = compileMapping(buildPipeline({ attributes: { ...base, active: '$employed' } }));
  expect(diagnostics).toContainEqual(expect.objectContaining({ code: 'MAP-111', fix: 'Add employment: { start: … } under transform.' }));
});

test('a date column in a dateTime attribute is warned of before any row, with the way out', () => {
  const urn = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User';
  const { diagnostics } = compileMapping(
    buildPipeline({ extensions: { [urn]: { Hired: 'dateTime' } }, attributes: { ...base, [`${urn}:Hired`]: 'hire_date' } }),
  );
  expect(diagnostics).toContainEqual(expect.objectContaining({ code: 'SCM-109', severity: 'warning', fix: 'Write $dateTime(hire_date).' }));
});

test('without a contract, names and types come from the live source', () => {
  const pipeline = buildPipeline({
    columns: 'undeclared',
    attributes: { active: true, userName: 'emial', title: 'grade', locale: 'email' },
  });
  const sourceColumns = [
    { name: 'email', type: 'string', nullable: true },
    { name: 'grade', type: 'integer' },
  ] as const;
  const found = compileMapping(pipeline, { sourceColumns }).diagnostics.filter(({ severity }) => severity !== 'notice');
  expect(found.map(({ code, message, fix }) => `${code} ${message} ${fix ?? ''}`.trim())).toEqual([
    'MAP-112 there is no column emial in what the source returns Did you mean email?',
    'MAP-129 title takes text; the expression gives a number',
  ]);
});
