import { expect, test } from 'vitest';
import { maskValue } from '../domain/masking.ts';
import type { Payload } from '../domain/payload.ts';
import type { Masks } from './masks.ts';
import { stewardCsv } from './steward-page.ts';
import { failedRow, rejectedRows, subjectOf } from './steward.ts';

const masks: Masks = {
  masked: true,
  classOf: () => 'personal',
  isOpen: () => false,
  attribute: (_path, value) => maskValue(value),
  named: (_name, value) => maskValue(value),
  text: (text) => text,
};

test('two reasons of one code are two lines, each about its own attribute', () => {
  const holds = (path: string): { readonly code: 'SCM-110'; readonly message: string } => {
    return { code: 'SCM-110', message: `${path} holds the control character U+0009 at character 4` };
  };
  const one = { externalId: 'W7', silent: false, rejected: { codes: ['SCM-110', 'MAP-203', 'SCM-110', 'SCM-110'], run: 'r' } };
  const rows = rejectedRows(one, [holds('displayName'), { code: 'MAP-203', message: 'column status is S•••' }, holds('title')], masks);
  expect(rows.map(({ attribute }) => attribute)).toEqual(['displayName', 'status', 'title', '']);
});

test('a message of the mapping says which column or attribute it is about, and its masked value', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['column status is S•••, none of Active, Leave, Terminated', 'status', 'S•••'],
    ['column hire_date is 2•••, which is no date (YYYY-MM-DD)', 'hire_date', '2•••'],
    ['column first_name is NULL and required', 'first_name', 'NULL'],
    ['title is empty', 'title', ''],
    [
      'phoneNumbers[type eq "work"].value: 0••• (5 characters) is not a valid phone number (phone = 0•••)',
      'phoneNumbers[type eq "work"].value',
      '0•••',
    ],
    ['displayName came out as a list', 'displayName', ''],
    ['name.givenName holds the control character U+0009 at character 4', 'name.givenName', ''],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department holds the control character U+2028 at character 1',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
      '',
    ],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department: $error: no such department (dept = 0•••)',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
      '0•••',
    ],
    ['worker W1 belongs to pipeline other', '', ''],
  ];
  for (const [message, attribute, value] of cases) expect([message, subjectOf(message)]).toEqual([message, { attribute, value }]);
});

test('the list as CSV defuses what a spreadsheet would run', () => {
  const row = { kind: 'rejected', code: 'MAP-203', attribute: 'status', value: '=•••', reason: '=1+1', todo: '', who: 'HR data' } as const;
  expect(stewardCsv({ rows: [{ worker: 'W1', ...row }], workers: 1 })).toBe(
    "\uFEFFworker,what,attribute,value,reason,what_to_do,who,code\r\nW1,rejected,status,'=•••,'=1+1,,HR data,MAP-203\r\n",
  );
});

test('what the service goes on retrying is a failure of the data like any other: with the attribute, its masked value and what to do', () => {
  const code = 'AzureActiveDirectoryInvalidUserPrincipalName';
  const reason = 'The domain portion of the userPrincipalName property is invalid: the domain does not exist in this tenant.';
  const sent = {
    id: 'r.0.0',
    run: 'r',
    batch: 'r.0',
    index: 0,
    externalId: 'W1',
    bulkId: 'b',
    change: 'joiner',
    payloadHash: 'h',
    state: 'sent',
  } as const;
  const payload: Payload = { schemas: [], externalId: 'W1', active: true, userName: 'mara@unknown.example' };
  const row = failedRow(
    'W1',
    code,
    { ...sent, payload, outcome: 'escrowed', failure: { code, reason } },
    'the service retries it by itself',
    masks,
  );
  expect(row).toMatchObject({ worker: 'W1', kind: 'failed', code, attribute: 'userName', value: 'm•••', who: 'HR data' });
  expect(row.reason).toMatch(/domain .*\(the service retries it by itself\)$/);
  expect(row.todo).not.toBe('');
});
