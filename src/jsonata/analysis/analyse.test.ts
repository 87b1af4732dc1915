import { describe, expect, it } from 'vitest';
import { parseExpression } from '../parse.ts';
import { analyse, type Analysis } from './analyse.ts';
import type { AnalysisEnvironment, ColumnFact } from './environment.ts';
import { describeType, typeOf } from './types.ts';

const columns = new Map<string, ColumnFact>([
  ['worker_id', { type: 'string', nothing: false }],
  ['first_name', { type: 'string', nothing: false }],
  ['middle_name', { type: 'string', nothing: true }],
  ['status', { type: 'string', nothing: false, values: ['Active', 'Leave', 'Terminated'] }],
  ['is_manager', { type: 'boolean', nothing: false }],
  ['fte', { type: 'number', nothing: true }],
  ['hire_date', { type: 'date', nothing: false }],
]);
const environment: AnalysisEnvironment = {
  columns,
  functions: new Map([
    ['mailNickname', { signature: '<s-s:s>' }],
    ['today', { signature: '<:s>', readsClock: true }],
  ]),
  variables: new Map([
    ['given', typeOf('string', true)],
    ['country', typeOf('object')],
  ]),
};

const look = (source: string): Analysis => analyse({ ast: parseExpression(source), source }, environment);
const kinds = (source: string): string[] => look(source).findings.map(({ kind }) => kind);
const result = (source: string): string => {
  const type = look(source).result;
  return `${describeType(type)}${type.nothing ? '?' : ''}`;
};

describe('analyse', () => {
  it('names a column that there is not, where it stands, with the nearest one', () => {
    const source = 'first_name & " " & midle_name';
    expect(look(source).findings).toEqual([{ kind: 'unknown-column', offset: 19, length: 10, name: 'midle_name', nearest: 'middle_name' }]);
    expect(look('`job title`').findings).toMatchObject([{ kind: 'unknown-column', offset: 0, length: 11, nearest: undefined }]);
  });

  it('takes names inside of steps, filters and functions for what they are, not for columns', () => {
    expect(kinds('$country[code = "DE"].{"n": name}.n')).toEqual([]);
    expect(kinds('$lookup($country, status).iso2')).toEqual([]);
    expect(kinds('$map(["a"], function($r) { $r.code & first_name })')).toEqual([]);
    expect(look('$.first_name & $$.fte').columns.size).toBe(2);
  });

  it('notes comparisons that can never hold', () => {
    expect(look('fte = "1"').findings).toEqual([
      { kind: 'incompatible-comparison', offset: 4, length: 1, operator: '=', left: 'number', right: 'string' },
    ]);
    expect(kinds('middle_name = null')).toEqual(['incompatible-comparison']);
    expect(kinds('hire_date > 20240101')).toEqual(['incompatible-comparison']);
    expect(kinds('is_manager > 1')).toEqual(['incompatible-comparison']);
    expect(kinds('first_name + 1')).toEqual(['not-a-number']);
    expect(kinds('hire_date > "2024-01-01" and fte >= 0.5 and fte * 2 > 1')).toEqual([]);
  });

  it('notes a value that a closed list does not have', () => {
    expect(look('status = "Actve"').findings).toEqual([
      {
        kind: 'value-outside-list',
        offset: 9,
        length: 7,
        column: 'status',
        value: 'Actve',
        values: ['Active', 'Leave', 'Terminated'],
        nearest: 'Active',
      },
    ]);
    expect(kinds('status in ["Leave", "Gone"]')).toEqual(['value-outside-list']);
    expect(kinds('"Leave" != status')).toEqual([]);
  });

  it('says of each column whether it is only compared with its closed list', () => {
    const uses = look('status = "Active" or status in ["Leave"] ? is_manager : middle_name = "x"').columns;
    expect([...uses].map(([name, { onlyClosed }]) => [name, onlyClosed])).toEqual([
      ['status', true],
      ['is_manager', false],
      ['middle_name', false],
    ]);
    expect(look('status = "Active" and $uppercase(status) = "X"').columns.get('status')?.onlyClosed).toBe(false);
    expect(look('is_manager and $not(is_manager)').columns.get('is_manager')).toEqual({ offsets: [0, 20], onlyClosed: true });
    expect(look('is_manager and $string(is_manager) = "true"').columns.get('is_manager')?.onlyClosed).toBe(false);
  });

  it.each([
    ['first_name', 'string'],
    ['middle_name', 'string?'],
    ['first_name & fte', 'string'],
    ['fte + 1', 'number?'],
    ['$uppercase(first_name)', 'string'],
    ['$uppercase(middle_name)', 'string?'],
    ['$mailNickname(first_name, middle_name)', 'string?'],
    ['middle_name ? middle_name : first_name', 'string'],
    ['middle_name ?? first_name', 'string'],
    ['middle_name ?: first_name', 'string'],
    ['middle_name ? $trim(middle_name)', 'string?'],
    ['$exists(middle_name) and is_manager ? middle_name : "x"', 'string'],
    ['$given ? $given : "x"', 'string'],
    ['status = "Active"', 'boolean'],
    ['fte > 1', 'boolean?'],
    ['fte ? fte : "none"', 'number or string'],
    ['[first_name]', 'array'],
    ['{"a": first_name}', 'object'],
    ['($n := first_name; $length($n))', 'number'],
    ['function($x) { $x }', 'function'],
    ['$country.iso2', 'anything?'],
    ['first_name[0]', 'anything?'],
    ['$substringBefore(first_name, "-") ~> $lowercase', 'string'],
    ['$lowercase(first_name) ~> $substring(1)', 'string'],
    ['null', 'null'],
  ])('knows that %s gives %s', (source, type) => {
    expect(result(source)).toBe(type);
    expect(kinds(source)).toEqual([]);
  });

  it('notes unknown functions and variables, and the forgotten dollar', () => {
    expect(look('$upercase(first_name)').findings).toEqual([
      { kind: 'unknown-function', offset: 0, length: 9, name: 'upercase', nearest: 'uppercase' },
    ]);
    expect(look('uppercase(first_name)').findings).toEqual([
      { kind: 'unknown-function', offset: 0, length: 9, name: 'uppercase', nearest: 'uppercase' },
    ]);
    expect(look('$givn & "x"').findings).toEqual([{ kind: 'unknown-variable', offset: 0, length: 5, name: 'givn', nearest: 'given' }]);
    expect(kinds('($f := function($n) { $n = 0 ? 0 : $f($n - 1) }; $f(3))')).toEqual([]);
  });

  it('notes names that hide others', () => {
    expect(look('($count := 1; $count)').findings).toMatchObject([{ kind: 'shadowed-name', offset: 1, name: 'count', hides: 'function' }]);
    expect(kinds('($given := first_name; $given)')).toEqual(['shadowed-name']);
    expect(kinds('($x := 1; $map([1], function($x) { $x }))')).toEqual(['shadowed-name']);
    expect(kinds('($x := 1; $y := 2; $x + $y)')).toEqual([]);
  });

  it('tells what reads the clock and what is random', () => {
    expect(look('hire_date > $now()')).toMatchObject({ readsClock: true, random: false });
    expect(look('hire_date > $today()')).toMatchObject({ readsClock: true });
    expect(look('$random() > 0.5 ? 1 : 2')).toMatchObject({ readsClock: false, random: true });
    expect(look('[1, 2] ~> $shuffle')).toMatchObject({ random: true });
    expect(look('hire_date')).toMatchObject({ readsClock: false, random: false });
  });

  it('lets every name pass where the columns are not known', () => {
    const source = 'whatever.it & "x"';
    expect(analyse({ ast: parseExpression(source), source }, { ...environment, columns: undefined }).findings).toEqual([]);
  });
});
