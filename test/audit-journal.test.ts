import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import Driver from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkJournal, makeAnchor, parseAnchors } from '../src/audit/anchor.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import type { Store } from '../src/store/contract.ts';
import { lineHash } from '../src/store/journal-lines.ts';
import { openStore } from '../src/store/open.ts';

describe('anchors of the journal', () => {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  let folder: string;
  let store: Store;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'joinery-journal-'));
    store = await openStore(folder, { clock });
    for (let n = 0; n < 20; n++) await store.journal.record('approval', { n }, clock.now());
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const tamper = (work: (sql: Driver.Database) => void): void => {
    const sql = new Driver(join(folder, 'state.sqlite'));
    work(sql);
    sql.close();
  };

  it('stands in the chain as long as lines are only added', async () => {
    const text = JSON.stringify(await makeAnchor(store, clock.now()));
    await store.journal.record('approval', { n: 21 }, clock.now());
    expect(await checkJournal(store, parseAnchors(`${text}\n\n`))).toMatchObject({ kind: 'intact', lines: 22, anchors: 1 });
  });

  it('shows that the end was cut off together with its note, which the chain alone cannot', async () => {
    const anchor = await makeAnchor(store, clock.now());
    tamper((sql) => {
      sql.exec(`DELETE FROM journal WHERE sequence > 10`);
      sql.exec(
        `UPDATE meta SET value = (SELECT json_object('sequence', sequence, 'hash', hash) FROM journal WHERE sequence = 10) WHERE name = 'journalHead'`,
      );
    });
    expect(await checkJournal(store, [])).toMatchObject({ kind: 'intact', lines: 10 });
    expect(await checkJournal(store, [anchor])).toMatchObject({
      kind: 'broken',
      problem: 'removed',
      words: expect.stringContaining('cut off'),
    });
  });

  it('shows that everything was written anew, which the chain alone cannot', async () => {
    const anchor = await makeAnchor(store, clock.now());
    tamper((sql) => {
      let previous = '0'.repeat(64);
      const rows = sql.prepare('SELECT sequence, at, kind, data FROM journal ORDER BY sequence').all();
      for (const row of rows) {
        const { sequence, at, kind, data } = rowOf(row);
        const changed = sequence === 5 ? { n: 'forged' } : JSON.parse(data);
        const hash = lineHash({ sequence, at, kind, data: changed, previous });
        sql
          .prepare('UPDATE journal SET data = ?, previous = ?, hash = ? WHERE sequence = ?')
          .run(JSON.stringify(changed), previous, hash, sequence);
        previous = hash;
      }
      sql.prepare(`UPDATE meta SET value = ? WHERE name = 'journalHead'`).run(JSON.stringify({ sequence: rows.length, hash: previous }));
    });
    expect(await checkJournal(store, [])).toMatchObject({ kind: 'intact' });
    expect(await checkJournal(store, [anchor])).toMatchObject({
      kind: 'broken',
      problem: 'altered',
      words: expect.stringContaining('rewritten'),
    });
  });

  it('names a line that somebody made unreadable', async () => {
    tamper((sql) => sql.prepare(`UPDATE journal SET data = '{' WHERE sequence = 7`).run());
    expect(await checkJournal(store, [])).toMatchObject({ kind: 'broken', problem: 'altered', sequence: 7 });
    tamper((sql) => sql.prepare(`UPDATE journal SET at = 'never' WHERE sequence = 5`).run());
    expect(await checkJournal(store, [])).toMatchObject({ kind: 'broken', problem: 'altered', sequence: 5 });
  });

  it('shows that the whole state was replaced by another', async () => {
    const anchor = { ...(await makeAnchor(store, clock.now())), store: 'another' };
    expect(await checkJournal(store, [anchor])).toMatchObject({ kind: 'broken', words: expect.stringContaining('replaced') });
  });

  it('is not made of a journal that is broken, and not read from what is no anchor', async () => {
    tamper((sql) => sql.exec(`UPDATE journal SET data = '{"n":99}' WHERE sequence = 7`));
    await expect(makeAnchor(store, clock.now())).rejects.toMatchObject({ code: 'AUD-107', message: expect.stringContaining('Line 7') });
    expect(() => parseAnchors('{"sequence":1}')).toThrow(expect.objectContaining({ code: 'AUD-108' }));
    expect(() => parseAnchors('nonsense')).toThrow(expect.objectContaining({ code: 'AUD-108' }));
  });
});

function rowOf(row: unknown): { sequence: number; at: number; kind: string; data: string } {
  if (typeof row === 'object' && row !== null && 'sequence' in row && 'at' in row && 'kind' in row && 'data' in row)
    return { sequence: Number(row.sequence), at: Number(row.at), kind: String(row.kind), data: String(row.data) };
  throw new Error('no line');
}
