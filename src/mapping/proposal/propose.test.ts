import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadPipeline } from '../../pipeline/load.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import type { ColumnShape, SurveyedColumn, TableSurvey } from '../../pipeline/survey.ts';
import { compileMapping } from '../compile-mapping.ts';
import { proposeKey } from './key.ts';
import { meaningOf, meanings } from './meanings.ts';
import { propose } from './propose.ts';
import type { Proposal } from './proposal.ts';
import { writePipeline } from './write-pipeline.ts';

const rows = 20;
const shape = (over: Partial<ColumnShape> = {}): ColumnShape => ({
  nulls: 0,
  blanks: 0,
  distinct: rows,
  longest: 10,
  forms: { words: rows },
  domains: 0,
  timesOfDay: 0,
  words: [],
  isWords: false,
  keys: 0,
  ...over,
});
const column = (name: string, over: Partial<SurveyedColumn> = {}): SurveyedColumn => ({
  name,
  databaseType: 'text',
  type: 'string',
  nullable: true,
  shape: shape(),
  ...over,
});
const surveyOf = (columns: readonly SurveyedColumn[], over: Partial<TableSurvey> = {}): TableSurvey => ({
  type: 'postgres',
  name: 'hr.workers',
  kind: 'table',
  columns,
  primaryKey: [],
  uniqueKeys: [],
  rows,
  isWhole: true,
  ...over,
});
const status = (name: string, words: readonly string[]): SurveyedColumn =>
  column(name, { shape: shape({ distinct: words.length, words, isWords: true }) });

function written(survey: TableSurvey): {
  readonly proposal: Proposal;
  readonly text: string;
  readonly pipeline: Pipeline;
  readonly findings: readonly string[];
} {
  const proposal = propose(survey, proposeKey(survey, undefined));
  const texts = {
    name: 'workers',
    type: survey.type,
    origin: survey.name,
    source: { variable: 'HR_DATABASE_URL', table: 'hr.workers' },
    order: 'x',
    emulator: false,
    grants: 'g.sql',
  };
  const text = writePipeline(proposal, texts);
  const { pipeline, diagnostics } = loadPipeline('workers.yaml', { environment: {}, unset: 'standIn', readFile: () => text });
  if (pipeline === undefined) throw new Error(`${diagnostics.map(({ message }) => message).join('\n')}\n${text}`);
  const compiled = compileMapping(pipeline);
  const findings = [...diagnostics, ...compiled.diagnostics].filter(({ code }) => code !== 'PIP-201');
  return { proposal, text, pipeline, findings: findings.map(({ severity, code, message }) => `${severity} ${code} ${message}`) };
}

const expressionsOf = (proposal: Proposal): Readonly<Record<string, string>> =>
  Object.fromEntries(proposal.attributes.filter(({ isSure }) => isSure).map(({ path, expression }) => [path.join('.'), expression]));
const comments = (proposal: Proposal): Readonly<Record<string, string>> =>
  Object.fromEntries(proposal.attributes.filter(({ isSure }) => !isSure).map(({ path, reason }) => [path.join('.'), reason]));

describe('a proposed pipeline', () => {
  it('reads back as the contract that was proposed, and compiles, whatever the columns are called and hold', () => {
    const known = Object.values(meanings).flatMap(({ names }) => names.split(' '));
    const name = fc.oneof(
      fc.constantFrom(...known),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        'true',
        '#',
        ': ',
        'a`b',
        'a"b',
        "it's",
        '*',
        '&x',
        '\n- x',
        '\u2028',
        '~',
        'Straße Nr.',
        '$x',
        'and',
        '0x1',
        '{a}',
        '\u0085',
        'a\\',
      ),
    );
    const anyColumn = fc.record({
      name: name.filter((each) => each.trim() !== '' && !each.includes('${')),
      databaseType: fc.constantFrom('text', 'bigint', 'date', 'timestamp without time zone', 'x\ny'),
      type: fc.constantFrom('string', 'integer', 'number', 'decimal', 'boolean', 'date', 'datetime', 'json'),
      nullable: fc.constantFrom(true, false, undefined),
      shape: fc.constantFrom(
        undefined,
        shape(),
        shape({ forms: { email: rows }, domains: 1 }),
        shape({ forms: { date: rows }, timesOfDay: 0 }),
        shape({ words: ['Active', 'Left'], isWords: true }),
        shape({ words: ['0', '1'], isWords: true, keys: rows }),
      ),
      labels: fc.constantFrom(undefined, ['Active', 'On Leave', 'Left'], ['on', 'off', "it's"]),
    });
    fc.assert(
      fc.property(fc.uniqueArray(anyColumn, { selector: (each) => each.name, maxLength: 8 }), (columns) => {
        const rest = columns.filter((each) => meaningOf(each.name) !== 'workerId' && each.name !== 'worker_id');
        const { proposal, pipeline, findings } = written(surveyOf([column('worker_id'), ...rest]));
        const declared = (pipeline.source.columns ?? []).map((each) => ({ ...each, place: undefined }));
        expect(declared).toEqual(
          proposal.columns.filter(({ isRead }) => isRead).map((each) => ({ name: each.name, ...each.declaration, place: undefined })),
        );
        expect(findings.filter((line) => line.startsWith('error'))).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });

  it('takes names in English and German, and a status whose every value is a known word', () => {
    const { proposal, findings } = written(
      surveyOf([
        column('Personal-Nr.', { nullable: false }),
        column('Vorname'),
        column('Nachname'),
        column('Abteilung', { shape: shape({ distinct: 2 }) }),
        column('Dienst-E-Mail', { shape: shape({ forms: { email: rows }, domains: 1, distinct: 3 }) }),
        status('Status', ['Aktiv', 'Ausgeschieden', 'Elternzeit']),
        column('Geburtsdatum', { type: 'date' }),
      ]),
    );
    expect(findings).toEqual([]);
    expect(expressionsOf(proposal)).toMatchObject({
      active: 'Status in ["Aktiv", "Elternzeit"]',
      'name.givenName': 'Vorname',
      displayName: '$trim(Vorname & " " & Nachname)',
      'enterprise.employeeNumber': '`Personal-Nr.`',
      'enterprise.department': 'Abteilung',
      'emails.work': '`Dienst-E-Mail`',
    });
    expect(proposal.columns.find(({ name }) => name === 'Geburtsdatum')).toMatchObject({
      isRead: false,
      declaration: { class: 'sensitive' },
    });
    expect(proposal.columns.find(({ name }) => name === 'Status')?.declaration).toEqual({
      type: 'string',
      required: true,
      values: ['Aktiv', 'Ausgeschieden', 'Elternzeit'],
    });
  });

  it.each<[string, readonly SurveyedColumn[], string]>([
    ['a boolean', [column('is_active', { type: 'boolean' })], 'is_active'],
    ['a boolean that says the opposite', [column('ausgeschieden', { type: 'boolean' })], '$not(ausgeschieden)'],
    ['flags of a letter', [status('aktiv', ['J', 'N'])], 'aktiv = "J"'],
    ['flags of a digit', [{ ...status('active', ['0', '1']), type: 'integer' }], 'active = 1'],
    ['labels of an enum', [column('status', { labels: ['left', 'active'], shape: undefined })], 'status = "active"'],
    ['first and last day', [column('hire_date', { type: 'date' }), column('last_day', { type: 'date' })], '$employed'],
  ])('lets %s decide who works here', (_what, columns, expression) => {
    const { proposal, pipeline, findings } = written(surveyOf([column('worker_id'), ...columns]));
    expect(findings.filter((line) => !line.startsWith('notice'))).toEqual([]);
    expect(expressionsOf(proposal)['active']).toBe(expression);
    expect(pipeline.guards.first.joiners).not.toBe(0);
  });

  it.each<[string, readonly SurveyedColumn[]]>([
    ['nothing', []],
    ['words that are not all known', [column('status', { shape: shape({ words: ['Active'], isWords: false }) })]],
    ['words of those who work here alone', [status('status', ['Active'])]],
    ['two columns', [column('is_active', { type: 'boolean' }), status('status', ['Active', 'Left'])]],
    [
      'days beside a status that is not understood',
      [column('hire_date', { type: 'date' }), column('last_day', { type: 'date' }), column('status')],
    ],
  ])('lets nobody be created while %s say who works here, and says so', (_what, columns) => {
    const { proposal, pipeline, text } = written(surveyOf([column('worker_id'), ...columns]));
    expect(pipeline.guards.first.joiners).toBe(0);
    expect(text).toMatch(/^# DECIDE who works here/m);
    expect(proposal.isActiveOpen).toBe(true);
  });

  it('says that nobody who left was among those who were looked at, and not that the words are unknown', () => {
    const { text } = written(surveyOf([column('worker_id'), status('status', ['Active', 'On Leave'])]));
    expect(text).toContain('status could say who works here, but it is Active or On Leave for everybody who was looked at');
  });

  it.each<[string, readonly SurveyedColumn[], string]>([
    ['the column that is surely the whole name', [column('display_name'), column('first_name'), column('last_name')], 'display_name'],
    [
      'given and family name where two columns could be the whole name',
      [column('full_name'), column('display_name'), column('first_name'), column('last_name')],
      '$trim(first_name & " " & last_name)',
    ],
    ['the family name alone', [column('last_name'), column('job_title')], 'last_name'],
    [
      'the given name where the family name is empty',
      [column('first_name'), column('last_name', { shape: shape({ forms: {}, nulls: rows, distinct: 0 }) })],
      'first_name',
    ],
    ['a nickname for want of others', [column('nickname')], 'nickname'],
  ])('calls people by %s', (_what, columns, expression) => {
    const { proposal, findings } = written(surveyOf([column('worker_id'), ...columns]));
    expect(expressionsOf(proposal)['displayName']).toBe(expression);
    expect(findings.join()).not.toContain('MAP-141');
    expect(proposal.decide.join()).not.toContain('displayName');
  });

  it('asks what people are called where no column says so, in the file and in check', () => {
    const { text, findings } = written(surveyOf([column('worker_id'), column('full_name'), column('display_name')]));
    expect(text).toMatch(/^# DECIDE what people are called \(attributes.displayName\)/m);
    expect(text).toMatch(/^ {4}# displayName: full_name # .*full_name, display_name could be meant/m);
    expect(findings).toContain('notice MAP-141 displayName is not mapped: Entra creates nobody without one');
  });

  it('leaves as a comment what may be private, what does not look so and what two columns could be', () => {
    const { proposal, text } = written(
      surveyOf([
        column('worker_id'),
        column('street'),
        column('city'),
        column('phone', { shape: shape({ forms: { phone: rows } }) }),
        column('email', { shape: shape({ forms: { email: rows }, domains: 12 }) }),
        column('country', { shape: shape({ forms: { country: 15, words: 5 } }) }),
        column('department'),
        column('dept'),
        column('manager', { shape: shape({ keys: 3 }) }),
        column('job_title', { shape: shape({ forms: {}, nulls: rows, distinct: 0 }) }),
      ]),
    );
    expect(comments(proposal)).toMatchObject({
      'addresses.work.streetAddress': expect.stringContaining('may be about the home'),
      'addresses.work.locality': expect.stringContaining('may be about the home'),
      'phoneNumbers.work': expect.stringContaining('may be a private one'),
      'emails.work': expect.stringContaining('12 domains'),
      'enterprise.department': expect.stringContaining('department, dept could be meant'),
      'enterprise.manager': expect.stringContaining('17 of 20 values are the key of no row'),
      title: expect.stringContaining('empty in every row'),
    });
    expect(text).toContain('        # streetAddress: street #');
    expect(Object.keys(expressionsOf(proposal))).toEqual(['active', 'userName', 'enterprise.employeeNumber']);
  });

  it('says that an attribute is public only where few values are shared by many', () => {
    const of = (distinct: number): boolean | undefined =>
      propose(surveyOf([column('worker_id'), column('department', { shape: shape({ distinct }) })]), {
        column: 'worker_id',
        reason: '',
      }).attributes.find(({ path }) => path.at(-1) === 'department')?.isPublic;
    expect([of(4), of(5)]).toEqual([true, false]);
  });
});

describe('the key', () => {
  const key = (columns: readonly string[], over: Partial<TableSurvey> = {}, asked?: string): string =>
    proposeKey(
      surveyOf(
        columns.map((name) => column(name)),
        over,
      ),
      asked,
    ).column;
  it('is the column that was asked for, the one that is named so, or the one of the primary key', () => {
    expect(key(['id', 'Personalnummer'], { primaryKey: ['id'] })).toBe('Personalnummer');
    expect(key(['id', 'name'], { primaryKey: ['id'] })).toBe('id');
    expect(key(['employee_id', 'person_id'], { uniqueKeys: [['person_id']] })).toBe('person_id');
    expect(key(['worker_id', 'assignment'], { primaryKey: ['worker_id', 'assignment'] })).toBe('worker_id');
    expect(key(['a', 'b'], {}, 'b')).toBe('b');
  });
  it.each<[string, readonly string[], Partial<TableSurvey>, string | undefined]>([
    ['none is named so', ['a', 'b'], {}, undefined],
    ['the primary key has two columns', ['a', 'b'], { primaryKey: ['a', 'b'] }, undefined],
    ['several are named so', ['employee_id', 'person_id'], {}, undefined],
    ['the one that was asked for is not there', ['worker_id'], {}, 'nix'],
  ])('is refused, not guessed, where %s', (_why, columns, over, asked) => {
    expect(() => key(columns, over, asked)).toThrow(expect.objectContaining({ code: 'SRC-216' }));
  });
});
