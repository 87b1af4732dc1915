import { expect, test } from 'vitest';
import { freshDatabase } from '../../test/database.ts';
import { Secret } from '../domain/masking.ts';
import { VirtualClock } from '../domain/virtual-clock.ts';
import { openSource } from './open-source.ts';
import { StatementLimit } from './statement-limit.ts';

test('a statement’s limit counts the time in which its rows are waited for, and not what happens between', async () => {
  const clock = new VirtualClock(0);
  // Time moves by hand alone.
  clock.hold();
  const limit = new StatementLimit(60_000, clock);
  const told: string[] = [];
  const reached = (async () => {
    await limit.reached(new AbortController().signal);
    told.push('reached');
  })();
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await new Promise(setImmediate);
  };
  for (let hour = 0; hour < 3; hour++) {
    limit.begin();
    await pass(15_000);
    limit.end();
    await pass(3_600_000);
  }
  limit.begin();
  await pass(14_999);
  expect(told).toEqual([]);
  clock.advance(1);
  await reached;
  expect(told).toEqual(['reached']);
});

test('a statement’s limit is given up with the statement, and a clock that is set back takes nothing away', async () => {
  const [times, stop] = [[1_000_000, 0, 500, 60_400], new AbortController()];
  const slept: number[] = [];
  const clock = {
    now: () => times.shift() ?? 0,
    sleep: (milliseconds: number, signal?: AbortSignal) => {
      slept.push(milliseconds);
      return signal?.aborted === true ? Promise.reject(new Error('over')) : Promise.resolve();
    },
  };
  const limit = new StatementLimit(60_000, clock);
  limit.begin();
  limit.end();
  limit.begin();
  stop.abort();
  // Of 59.9 s nothing was counted before, so 0.1 s are left.
  await expect(limit.reached(stop.signal)).rejects.toThrow('over');
  expect(slept).toEqual([100]);
});

test('the limit of PostgreSQL itself, which counts everything, is an hour longer', async () => {
  const query = { sql: "select 1 as id, current_setting('statement_timeout') as backstop", file: 'workers.sql', firstLine: 1 };
  const connection = new Secret('HR', await freshDatabase('limit'));
  const source = await openSource({ type: 'postgres', connection, key: 'id', query, statementTimeout: 60_000 });
  try {
    for await (const rows of source.read({ seed: 1n })) expect(rows[0]?.values['backstop']).toBe('61min');
  } finally {
    await source.close();
  }
  expect.assertions(1);
});
