import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import Driver from 'better-sqlite3';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { acceptWorkers, batchId, engines, freshLocation, leaseOn, openForTest, payloadOf, scope, sendBatch } from '../../test/state.ts';
import { viewTable } from './views.ts';

const guide = readFileSync(fileURLToPath(new URL('../../docs/audit.md', import.meta.url)), 'utf8');

/** The statements of the guide page for an engine: each block says in its first line for whom it is. */
function documented(engine: string): readonly string[] {
  const blocks = [...guide.matchAll(/```sql\n-- ([^\n]*)\n([\s\S]*?)```/g)];
  return blocks
    .filter(([, heading = '']) => heading.includes(engine))
    .flatMap(([, , text = '']) => text.split(';'))
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

describe.each(engines)('the views of the state on %s', (engine) => {
  it('answer every statement of the guide, with no value of a payload in any column', async () => {
    const location = await freshLocation(engine);
    const store = await openForTest(location);
    const lease = await leaseOn(store, 'contoso-workforce');
    await acceptWorkers(store, lease, 'r1', [
      { payload: payloadOf('w1', { displayName: 'Annabeth Quill' }), batch: 0 },
      { payload: payloadOf('w2', { displayName: 'Annabeth Quill' }), batch: 0 },
    ]);
    await sendBatch(store, lease, batchId('r1', 0), 5000);
    const [operation, other] = await store.operations.ofBatch(batchId('r1', 0));
    const evidence = { kind: 'log', rows: [] } as const;
    const failure = { code: 'Bad', reason: 'Annabeth Quill is bad' };
    await store.operations.close(
      lease,
      scope,
      [
        { operation: operation?.id ?? '', outcome: 'applied', effect: 'confirm', evidence },
        { operation: other?.id ?? '', outcome: 'failed', effect: 'fail', evidence, failure },
      ],
      9000,
    );
    const ask = await askerOf(engine, location);
    const statements = documented(engine === 'sqlite' ? 'SQLite' : 'psql');
    expect(statements.length).toBeGreaterThan(3);
    for (const statement of statements) expect([statement, (await ask(statement)).length > 0]).toEqual([statement, true]);
    expect(await ask(`SELECT worker, ended, code FROM audit_operations ORDER BY worker`)).toEqual([
      { worker: 'w1', ended: 'applied', code: null },
      { worker: 'w2', ended: 'failed', code: 'Bad' },
    ]);
    for (const [, name = '', , columns = ''] of viewTable().matchAll(/^\| `(audit_\w+)` \| ([^|]*) \| ([^|]*) \|$/gm)) {
      const rows = await ask(`SELECT * FROM ${name}`);
      expect(JSON.stringify(rows)).not.toMatch(/Annabeth|contoso\.example/);
      const listed = [...columns.matchAll(/`(\w+)`/g)].map(([, column]) => column);
      expect([name, rows[0] === undefined ? listed : Object.keys(rows[0])]).toEqual([name, listed]);
    }
    await ask('close');
  });
});

it('the guide lists the views and their columns as they are', () => {
  expect(guide.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')).toContain(viewTable());
});

type Asker = (statement: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

async function askerOf(engine: string, location: string): Promise<Asker> {
  if (engine === 'sqlite') {
    const sql = new Driver(join(location, 'state.sqlite'), { readonly: true });
    return (statement) => {
      if (statement === 'close') {
        sql.close();
        return Promise.resolve([]);
      }
      return Promise.resolve(sql.prepare<[], Readonly<Record<string, unknown>>>(statement).all());
    };
  }
  const client = new Client({ connectionString: location, options: '-c search_path=joinery' });
  await client.connect();
  return async (statement) => {
    if (statement === 'close') {
      await client.end();
      return [];
    }
    return (await client.query<Readonly<Record<string, unknown>>>(statement)).rows;
  };
}
