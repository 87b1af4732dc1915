import { expect, it } from 'vitest';
import { postgresFailure } from './postgres-connection.ts';

const told = (code: string, message: string): unknown => postgresFailure(Object.assign(new Error(message), { code }));

it.each([
  ['25006', 'cannot execute INSERT in a read-only transaction', 'STO-101'],
  ['55000', 'database "joinery" is not currently accepting connections', 'STO-101'],
  ['57014', 'canceling statement due to statement timeout', 'STO-101'],
  ['57P01', 'terminating connection due to administrator command', 'STO-204'],
  ['57P03', 'the database system is starting up', 'STO-204'],
  ['55P03', 'canceling statement due to lock timeout', 'STO-203'],
])('%s, %s, is no defect of ours', (code, message, expected) => {
  expect(told(code, message)).toMatchObject({ code: expected });
});

it('leaves what is one as it is', () => {
  const error = told('23505', 'duplicate key value violates unique constraint');
  expect(error).toMatchObject({ name: 'Error', code: '23505' });
});
