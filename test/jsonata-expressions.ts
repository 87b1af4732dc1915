import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

/**
 * Random JSONata and random inputs for it, for the comparison of the compiled engine with the reference. `general` mixes
 * all of the language without regard for types; `mapping` writes what an HR mapping would.
 */
export interface Trial {
  readonly expression: string;
  readonly input: unknown;
  readonly bindings: Record<string, unknown>;
}

const names = ['a', 'b', 'c', 'd', 'e'] as const;
const variables = ['x', 'y', 'z'] as const;

const leaf = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', '', 'ab', 'x1', '2024-02-29', '12', 'Ünï', '😀z') },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, -1, 3.5, 100) },
  { weight: 1, arbitrary: fc.constantFrom(true, false) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const documents: Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom<string>(...names), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const object = fc.dictionary(fc.constantFrom<string>(...names), documents, { minKeys: 1, maxKeys: 5, noNullPrototype: true });
const generalInput: Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: object },
  { weight: 1, arbitrary: fc.array(object, { maxLength: 3 }) },
  { weight: 1, arbitrary: documents },
);

const literal = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '2',
    '-1',
    '3.5',
    '"a"',
    '"b"',
    '""',
    '"ab"',
    '"x1"',
    'true',
    'false',
    'null',
    '[]',
    '[1]',
    '{}',
    '[1..3]',
    '"2024-02-29"',
  ),
);
const name = fc.constantFrom<string>(...names);
const variable = fc.constantFrom('$', '$$', ...variables.map((one) => `$${one}`));
const binary = fc.constantFrom('+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', '&', 'and', 'or', 'in', '&', '=');
const ofOne = fc.constantFrom(
  'string',
  'length',
  'uppercase',
  'lowercase',
  'trim',
  'number',
  'boolean',
  'not',
  'exists',
  'count',
  'sum',
  'max',
  'keys',
  'reverse',
  'type',
  'distinct',
  'spread',
  'merge',
  'abs',
  'floor',
  'round',
  'sort',
  'average',
  'toMillis',
  'fromMillis',
);
const ofTwo = fc.constantFrom(
  'substring',
  'substringBefore',
  'substringAfter',
  'contains',
  'split',
  'join',
  'append',
  'lookup',
  'pad',
  'power',
  'zip',
  'round',
  'match',
  'formatBase',
);
const overFunction = fc.constantFrom('map', 'filter', 'each', 'sift', 'single', 'sort', 'reduce');
const regexes = fc.constantFrom('/a/', '/[a-z]/i', '/(.)(.)/', '/x*/', '/^a|b$/', '/\\d+/');

/** What the ties of a letrec give is not known to the compiler. */
const asText = (tied: Arbitrary<unknown>): Arbitrary<string> => tied.map((text) => (typeof text === 'string' ? text : ''));

const grammar = fc.letrec((tie) => {
  const e = asText(tie('expression'));
  const call = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(ofOne, e).map(([f, x]) => `$${f}(${x})`) },
    { weight: 3, arbitrary: fc.tuple(ofTwo, e, e).map(([f, x, y]) => `$${f}(${x}, ${y})`) },
    { weight: 1, arbitrary: ofOne.map((f) => `$${f}()`) },
    { weight: 1, arbitrary: fc.tuple(e, e, e).map(([x, y, z]) => `$substring(${x}, ${y}, ${z})`) },
    { weight: 1, arbitrary: fc.tuple(e, regexes).map(([x, r]) => `$contains(${x}, ${r})`) },
    { weight: 1, arbitrary: fc.tuple(e, regexes, e).map(([x, r, y]) => `$replace(${x}, ${r}, ${y})`) },
    { weight: 1, arbitrary: fc.tuple(e, regexes).map(([x, r]) => `$match(${x}, ${r})`) },
    { weight: 1, arbitrary: fc.tuple(e, regexes).map(([x, r]) => `$split(${x}, ${r})`) },
    { weight: 1, arbitrary: fc.tuple(e, e, e).map(([x, y, z]) => `$replace(${x}, ${y}, ${z})`) },
    { weight: 3, arbitrary: fc.tuple(overFunction, e, asText(tie('lambda'))).map(([f, x, l]) => `$${f}(${x}, ${l})`) },
    { weight: 1, arbitrary: fc.tuple(overFunction, e, ofOne).map(([f, x, g]) => `$${f}(${x}, $${g})`) },
    { weight: 1, arbitrary: fc.tuple(e, ofOne).map(([x, g]) => `(${x}) ~> $${g}`) },
    { weight: 1, arbitrary: fc.tuple(e, ofTwo, e).map(([x, g, y]) => `(${x}) ~> $${g}(${y})`) },
    { weight: 1, arbitrary: fc.tuple(asText(tie('lambda')), e).map(([l, x]) => `${l}(${x})`) },
    { weight: 1, arbitrary: fc.tuple(ofTwo, e, e).map(([f, x, y]) => `$${f}(?, ${x})(${y})`) },
    { weight: 1, arbitrary: fc.tuple(ofOne, ofOne, e).map(([f, g, x]) => `(${x}) ~> ($${f} ~> $${g})`) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...variables), e).map(([v, x]) => `$${v}(${x})`) },
  );
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'jsonata', withCrossShrink: true },
      { weight: 3, arbitrary: literal },
      { weight: 5, arbitrary: name },
      { weight: 2, arbitrary: variable },
      { weight: 4, arbitrary: fc.tuple(e, binary, e).map(([x, o, y]) => `(${x} ${o} ${y})`) },
      { weight: 4, arbitrary: fc.tuple(asText(tie('step')), asText(tie('step'))).map(([x, y]) => `${x}.${y}`) },
      {
        weight: 2,
        arbitrary: fc.tuple(asText(tie('step')), asText(tie('step')), asText(tie('step'))).map(([x, y, z]) => `${x}.${y}.${z}`),
      },
      { weight: 2, arbitrary: fc.tuple(e, e, e).map(([x, y, z]) => `(${x} ? ${y} : ${z})`) },
      { weight: 1, arbitrary: fc.tuple(e, e).map(([x, y]) => `(${x} ? ${y})`) },
      { weight: 1, arbitrary: fc.tuple(e, e).map(([x, y]) => `(${x} ?? ${y})`) },
      { weight: 1, arbitrary: fc.tuple(e, e).map(([x, y]) => `(${x} ?: ${y})`) },
      { weight: 2, arbitrary: fc.array(e, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`) },
      { weight: 2, arbitrary: fc.tuple(e, e).map(([x, y]) => `{"k": ${x}, "l": ${y}}`) },
      { weight: 1, arbitrary: fc.tuple(e, e).map(([x, y]) => `{$string(${x}): ${y}}`) },
      { weight: 3, arbitrary: fc.tuple(asText(tie('step')), e).map(([x, y]) => `${x}[${y}]`) },
      { weight: 1, arbitrary: asText(tie('step')).map((x) => `${x}[]`) },
      { weight: 1, arbitrary: fc.tuple(asText(tie('step')), fc.constantFrom('0', '-1', '1', '[0,1]')).map(([x, y]) => `${x}[${y}]`) },
      { weight: 1, arbitrary: fc.tuple(asText(tie('step')), fc.constantFrom('', '<', '>'), e).map(([x, d, y]) => `${x}^(${d}${y})`) },
      { weight: 1, arbitrary: fc.tuple(asText(tie('step')), e, e).map(([x, k, v]) => `${x}{$string(${k}): ${v}}`) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.array(asText(tie('statement')), { minLength: 1, maxLength: 2 }), e)
          .map(([s, x]) => `(${s.join('; ')}; ${x})`),
      },
      { weight: 6, arbitrary: call },
      { weight: 1, arbitrary: e.map((x) => `-(${x})`) },
      { weight: 1, arbitrary: fc.tuple(name, name, e).map(([p, k, v]) => `($ ~> |${p}|{"${k}": ${v}}|)`) },
    ),
    step: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'jsonata' },
      { weight: 6, arbitrary: name },
      { weight: 1, arbitrary: variable },
      { weight: 1, arbitrary: fc.constantFrom('*', '**') },
      { weight: 1, arbitrary: e.map((x) => `(${x})`) },
      { weight: 1, arbitrary: fc.array(e, { maxLength: 2 }).map((items) => `[${items.join(', ')}]`) },
      { weight: 1, arbitrary: fc.tuple(name, e).map(([x, y]) => `${x}[${y}]`) },
      { weight: 1, arbitrary: name.map((x) => `${x}[]`) },
      { weight: 1, arbitrary: ofOne.map((f) => `$${f}($)`) },
    ),
    lambda: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'jsonata' },
      e.map((x) => `function($x) { ${x} }`),
      e.map((x) => `function($x, $y) { ${x} }`),
      fc.tuple(e, e, e).map(([x, y, z]) => `function($x, $y) { ${x} ? ${y} : ${z} }`),
      fc.tuple(asText(tie('statement')), e).map(([s, x]) => `function($x, $y, $z) { (${s}; ${x}) }`),
      e.map((x) => `function($x)<x-:x> { ${x} }`),
    ),
    statement: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'jsonata' },
      fc.tuple(fc.constantFrom(...variables), e).map(([v, x]) => `$${v} := ${x}`),
      fc.tuple(fc.constantFrom(...variables), asText(tie('lambda'))).map(([v, l]) => `$${v} := ${l}`),
      e,
    ),
  };
});

export const generalTrials: Arbitrary<Trial> = fc.record({
  expression: asText(grammar['expression'] ?? fc.constant('')),
  input: generalInput,
  bindings: fc.dictionary(fc.constantFrom<string>(...variables), documents, { maxKeys: 2, noNullPrototype: true }),
});

const columns = ['first_name', 'last_name', 'preferred_name', 'email', 'phone', 'dept', 'hire_date', 'end_date', 'fte', 'active'] as const;
const column = fc.constantFrom(...columns, 'missing');
const texts = fc.constantFrom('Ada', 'Łukasz', 'de la Cruz', '', ' two  words ', "O'Brien", 'a@b.example', 'D1', '+49 30 1');
const dates = fc.constantFrom('2024-02-29', '2023-12-31', '29.02.2024', '31.12.1999', '30.02.2023', '2024-06-01T10:00:00Z', '1.2.2024');
const cell = fc.oneof(
  { weight: 6, arbitrary: texts },
  { weight: 2, arbitrary: dates },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, 0, 1, 0.5, true, false) },
);
const hrRow = fc.tuple(...columns.map(() => cell)).map((cells) => {
  const row = Object.fromEntries(columns.map((one, index) => [one, cells[index]]).filter(([, value]) => value !== undefined));
  return { ...row, roles: [{ code: 'R1', main: true }, { code: 'R2' }], address: { city: 'Köln', lines: ['a', 'b'] }, tags: [] };
});

const mapping = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'mapping', withCrossShrink: true },
    { weight: 6, arbitrary: column },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        '"x"',
        '" "',
        '"D1"',
        'null',
        '12',
        'address.city',
        'address.lines',
        'roles.code',
        'roles[main].code',
        'roles[0].code',
        'tags',
        '$table.D1.name',
      ),
    },
    { weight: 3, arbitrary: fc.tuple(asText(tie('value')), asText(tie('value'))).map(([x, y]) => `${x} & ${y}`) },
    {
      weight: 3,
      arbitrary: fc.tuple(asText(tie('condition')), asText(tie('value')), asText(tie('value'))).map(([c, x, y]) => `(${c} ? ${x} : ${y})`),
    },
    { weight: 1, arbitrary: fc.tuple(asText(tie('condition')), asText(tie('value'))).map(([c, x]) => `(${c} ? ${x})`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('lowercase', 'uppercase', 'trim', 'string', 'length'), asText(tie('value')))
        .map(([f, x]) => `$${f}(${x})`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('substringBefore', 'substringAfter', 'contains', 'split'),
          asText(tie('value')),
          fc.constantFrom('" "', '"-"', '"@"', 'dept'),
        )
        .map(([f, x, y]) => `$${f}(${x}, ${y})`),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(asText(tie('value')), fc.constantFrom(0, 1, 3, -2)).map(([x, n]) => `$substring(${x}, ${String(n)})`),
    },
    { weight: 1, arbitrary: fc.tuple(asText(tie('value')), asText(tie('value'))).map(([x, y]) => `$join([${x}, ${y}], " ")`) },
    { weight: 1, arbitrary: asText(tie('value')).map((x) => `$lookup({"D1": "One", "D2": 2}, ${x})`) },
    {
      weight: 2,
      arbitrary: fc.tuple(asText(tie('value')), fc.constantFrom('name', 'boss.name', 'list')).map(([x, n]) => `$lookup($table, ${x}).${n}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(column, fc.constantFrom('"[D01].[M01].[Y0001]"', '"[Y0001]-[M01]-[D01]"'))
        .map(([x, p]) => `$fromMillis($toMillis(${x}, ${p}), "[Y0001]/[M01]/[D01]")`),
    },
    { weight: 1, arbitrary: column.map((x) => `$fromMillis($toMillis(${x}))`) },
    {
      weight: 1,
      arbitrary: fc.tuple(asText(tie('value')), asText(tie('value'))).map(([x, y]) => `{"value": ${x}, "type": "work", "n": ${y}}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(asText(tie('condition')), asText(tie('value')), asText(tie('value')))
        .map(([c, x, y]) => `[${c} ? {"value": ${x}}, ${y}]`),
    },
    { weight: 1, arbitrary: fc.tuple(asText(tie('value')), asText(tie('value'))).map(([x, y]) => `($v := ${x}; $v ? $v & "!" : ${y})`) },
    { weight: 1, arbitrary: fc.tuple(asText(tie('value')), asText(tie('value'))).map(([x, y]) => `(${x} ?? ${y})`) },
    { weight: 1, arbitrary: asText(tie('value')).map((x) => `$shout(${x})`) },
    { weight: 1, arbitrary: asText(tie('value')).map((x) => `$map(roles, function($r) { $r.code & ${x} })`) },
    { weight: 1, arbitrary: asText(tie('value')).map((x) => `$replace(${x}, /[^a-z]/i, "")`) },
  ),
  condition: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'mapping' },
    column,
    fc.tuple(column, fc.constantFrom('"D1"', '""', 'null', '1', 'true')).map(([x, y]) => `${x} = ${y}`),
    fc.tuple(column, fc.constantFrom('"D1"', 'last_name')).map(([x, y]) => `${x} != ${y}`),
    fc.tuple(column, fc.constantFrom('<', '>='), fc.constantFrom('$asOf', '"2024-01-01"')).map(([x, o, y]) => `${x} ${o} ${y}`),
    fc.tuple(asText(tie('condition')), fc.constantFrom('and', 'or'), asText(tie('condition'))).map(([x, o, y]) => `(${x} ${o} ${y})`),
    fc.tuple(column, fc.constantFrom('["D1", "D2"]', 'roles.code')).map(([x, y]) => `${x} in ${y}`),
    asText(tie('condition')).map((x) => `$not(${x})`),
    column.map((x) => `$exists(${x})`),
  ),
}));

export const mappingTrials: Arbitrary<Trial> = fc.record({
  expression: asText(mapping['value'] ?? fc.constant('')),
  input: hrRow,
  bindings: fc.constant({
    asOf: '2024-06-01',
    table: { D1: { name: 'One', boss: { name: 'B' } }, Ada: { name: null, list: [1] }, x: { list: [] } },
  }),
});
