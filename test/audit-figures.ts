import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Driver from 'better-sqlite3';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildReport } from '../src/audit/build-report.ts';
import { explainWorker } from '../src/audit/explain-worker.ts';
import { masksOf } from '../src/audit/masks.ts';
import type { RunReport } from '../src/audit/run-report.ts';
import type { StewardList } from '../src/audit/steward.ts';
import { getAttribute } from '../src/scim/index.ts';
import { preparePipeline, type Prepared } from '../src/stages/prepare.ts';
import type { Store } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { pipelineFile, special, type Office } from './audit-office.ts';
import { seeded } from './workplace.ts';

const runFiles = ['plan', 'rejections'] as const;

/** The state as somebody with SQL alone sees it: the store's own tables, and the lines of run files as a table `lines (run, file, line)`. */
function openSql(state: string): Driver.Database {
  const sql = new Driver(':memory:');
  sql.exec(`ATTACH '${join(state, 'state.sqlite').replaceAll("'", "''")}' AS store`);
  sql.exec('CREATE TABLE lines (run text, file text, line text); CREATE TABLE heads (run text, file text, body text)');
  const line = sql.prepare('INSERT INTO lines VALUES (?, ?, ?)');
  const head = sql.prepare('INSERT INTO heads VALUES (?, ?, ?)');
  for (const run of readdirSync(join(state, 'runs'))) {
    const files = readdirSync(join(state, 'runs', run));
    const read = (name: string): string => readFileSync(join(state, 'runs', run, name), 'utf8');
    for (const file of runFiles) for (const text of read(`${file}.ndjson`).split('\n').filter(Boolean)) line.run(run, file, text);
    for (const file of files.filter((name) => name.endsWith('.json'))) head.run(run, file, read(file));
  }
  return sql;
}

export function describeFigures(open: () => Office): void {
  describe('what analysts see of them', () => {
    let office: Office;
    let store: Store;
    let sql: Driver.Database;
    let prepared: Prepared;
    let reports: readonly RunReport[];

    beforeAll(async () => {
      office = open();
      store = await openStore(office.state, { clock: office.clock });
      sql = openSql(office.state);
      prepared = preparePipeline(pipelineFile, office.work.environment);
      const runs = await store.runs.list('contoso-workforce', 10);
      const masks = masksOf(prepared.pipeline);
      reports = await Promise.all(runs.toReversed().map(({ id }) => buildReport(store, id, masks, office.clock.now())));
    }, 240_000);

    afterAll(async () => {
      sql.close();
      await store.close();
    });

    const one = (text: string, ...bindings: readonly unknown[]): number => {
      const value = sql
        .prepare(text)
        .pluck()
        .get(...bindings);
      return typeof value === 'number' ? value : 0;
    };
    const pairs = (text: string, ...bindings: readonly unknown[]): Record<string, number> =>
      Object.fromEntries(
        sql
          .prepare(text)
          .raw()
          .all(...bindings)
          .map((row) => (Array.isArray(row) ? [String(row[0]), Number(row[1])] : ['', 0])),
      );

    it('sees the four runs: everybody, a noon, a day with failures, and one that a guard stopped', () => {
      expect(reports.map(({ run }) => run.state)).toEqual(['finished', 'finished', 'finished', 'stopped']);
      expect(reports.map(({ troubles }) => troubles.map(({ end }) => end).filter((end) => end !== 'appliedWithWarning'))).toEqual([
        ['failed'],
        [],
        ['silent'],
        [],
      ]);
    });

    it('counts operations, outcomes, batches and calls as SQL does', () => {
      for (const report of reports) {
        const { id } = report.run;
        const ends = pairs(`SELECT change || ' ' || COALESCE(outcome, state), COUNT(*) FROM store.operations WHERE run = ? GROUP BY 1`, id);
        const shown = report.outcomes.flatMap(({ change, ends: own }) =>
          Object.entries(own).map(([end, count]) => [`${change} ${end}`, count]),
        );
        expect(Object.fromEntries(shown)).toEqual(ends);
        expect(report.operations).toBe(one('SELECT COUNT(*) FROM store.operations WHERE run = ?', id));
        expect(report.batches).toBe(one('SELECT COUNT(*) FROM store.batches WHERE run = ?', id));
        expect(report.calls).toBe(one('SELECT COUNT(*) FROM store.calls c JOIN store.batches b ON b.id = c.batch WHERE b.run = ?', id));
        expect(report.run.population ?? 0).toBe(one('SELECT population FROM store.runs WHERE id = ?', id));
        const planned = Object.fromEntries(report.outcomes.filter((row) => row.planned > 0).map((row) => [row.change, row.planned]));
        expect(planned).toEqual(
          pairs(
            `SELECT line ->> '$.change.change', COUNT(*) FROM lines WHERE run = ? AND file = 'plan' AND line ->> '$.change.send' = 1 GROUP BY 1`,
            id,
          ),
        );
      }
    });

    it('counts attribute changes by kind as SQL does', () => {
      for (const { run, attributes } of reports) {
        const shown = attributes.flatMap(({ path, set, changed, emptied }) =>
          Object.entries({ set, changed, emptied }).flatMap(([kind, count]) => (count === 0 ? [] : [[`${path} ${kind}`, count]])),
        );
        expect(Object.fromEntries(shown)).toEqual(
          pairs(
            `SELECT d.value ->> '$.path' || ' ' || (d.value ->> '$.kind'), COUNT(*)
           FROM lines, json_each(line, '$.change.differences') d
           WHERE run = ? AND file = 'plan' AND line ->> '$.change.send' = 1 GROUP BY 1`,
            run.id,
          ),
        );
      }
    });

    it('groups rejections and failures by reason as SQL does, and says what to do about each', () => {
      for (const { run, rejections, rejected, troubles, standing } of reports) {
        expect(rejected).toBe(one(`SELECT COUNT(*) FROM lines WHERE run = ? AND file = 'rejections'`, run.id));
        expect(Object.fromEntries(rejections.map(({ code, rejections: count }) => [code, count]))).toEqual(
          pairs(
            `SELECT r.value ->> '$.code', COUNT(DISTINCT lines.rowid) FROM lines, json_each(line, '$.reasons') r WHERE run = ? AND file = 'rejections' GROUP BY 1`,
            run.id,
          ),
        );
        expect(Object.fromEntries(troubles.map(({ end, code, operations }) => [`${end} ${code}`, operations]))).toEqual(
          pairs(
            `SELECT COALESCE(outcome, state) || ' ' || CASE WHEN state = 'dropped' THEN '(not sent)' ELSE COALESCE(failure ->> '$.code', '(no row)') END, COUNT(*)
           FROM store.operations WHERE run = ? AND COALESCE(outcome, state) NOT IN ('applied', 'unchanged', 'superseded') GROUP BY 1`,
            run.id,
          ),
        );
        expect(standing.reduce((sum, { workers }) => sum + workers, 0)).toBe(
          one(`SELECT COUNT(*) FROM store.entries, json_each(reasons) WHERE verdict = 'rejected'`),
        );
        for (const { fix } of rejections) expect(fix).not.toBe('');
        for (const { todo, who } of troubles) expect(`${todo}${who}`).toMatch(/\w{4}/);
      }
    });

    it('shows guards, price and stages as they were recorded, and the trend of the runs before', () => {
      for (const { run, guards, plan, events, trend } of reports) {
        const head = JSON.parse(String(sql.prepare(`SELECT body FROM heads WHERE run = ? AND file = 'plan.json'`).pluck().get(run.id)));
        expect({ guards, price: plan?.price }).toEqual({ guards: head.guards, price: head.price });
        expect(one(`SELECT COUNT(*) FROM heads, json_each(body, '$.stages') WHERE run = ? AND file = 'events.json'`, run.id)).toBe(
          events?.stages.length,
        );
        expect(trend.at(-1)?.run).toBe(run.id);
        for (const row of trend) expect(row.operations).toBe(one('SELECT COUNT(*) FROM store.operations WHERE run = ?', row.run));
      }
      expect(reports[3]?.guards.filter(({ tripped }) => tripped)).toHaveLength(1);
      expect(reports[2]?.events?.stages.map(({ stage }) => stage)).toEqual(
        expect.arrayContaining(['extract', 'transform', 'batch', 'load', 'reconcile']),
      );
    });

    it('lists every worker whom a plan changes, with the outcome of the last operation', () => {
      const report = reports[2];
      if (report === undefined) throw new Error('no report');
      const outcomes = sql
        .prepare('SELECT external_id, COALESCE(outcome, state) FROM store.operations WHERE run = ? ORDER BY id')
        .raw()
        .all(report.run.id);
      const last = new Map(outcomes.map((row) => (Array.isArray(row) ? [String(row[0]), String(row[1])] : ['', ''])));
      const sent = report.workers.filter(({ ends }) => ends.length > 0);
      expect(new Map(sent.map(({ externalId, ends }) => [externalId, ends.at(-1)]))).toEqual(last);
      expect(report.workers[0]?.ends).toEqual(expect.arrayContaining([expect.stringMatching(/failed|silent/)]));
    });

    it('accounts for a rejected, a failed, a silent, a held, a vanished, and a hundred other workers', { timeout: 240_000 }, async () => {
      const all = sql.prepare('SELECT external_id FROM store.entries ORDER BY external_id').pluck().all().map(String);
      const random = seeded(5);
      const sample = new Set<string>(Object.values(special));
      while (sample.size < 105) sample.add(all[Math.floor(random() * all.length)] ?? '');
      const masks = masksOf(prepared.pipeline, true);
      for (const worker of sample) {
        const explanation = await explainWorker(store, { ...prepared, masks, worker });
        const operations = sql.prepare('SELECT id, outcome, run FROM store.operations WHERE external_id = ? ORDER BY id').all(worker);
        expect(explanation.operations.map(({ id, outcome, run }) => ({ id, outcome: outcome ?? null, run }))).toEqual(operations);
        expect(explanation.operations.map(({ id, outcome, rows }) => [id, rows.length > 0 ? 'rows' : outcome])).toEqual(
          explanation.operations.map(({ id, outcome }) => [id, outcome === 'silent' ? outcome : 'rows']),
        );
        expect(explanation.source?.rows.length).toBeGreaterThan(0);
        expect(explanation.source?.sameMapping).toBe(true);
        const entry = await store.ledger.get(explanation.run, worker);
        expect(explanation.summary).toContain(
          entry?.baselineUnknown === true
            ? 'What the service has now is unknown.'
            : entry?.confirmed === undefined
              ? 'No account of the worker is confirmed.'
              : `confirmed as ${entry.confirmed.payload.active ? 'enabled' : 'disabled'}`,
        );
        // The steps, computed anew from the kept row, give what was accepted as desired.
        const desired = entry?.desired;
        if (desired?.change !== 'joiner' || explanation.run.id !== desired.run) continue;
        const sent = (name: string): unknown => (name === 'userName' ? undefined : getAttribute(desired.payload, name));
        const steps = (explanation.source?.steps ?? []).filter(({ kind, name }) => kind === 'attribute' && sent(name) !== undefined);
        expect(steps.map(({ name, value }) => [name, value])).toEqual(steps.map(({ name }) => [name, sent(name)]));
      }
      const run = reports[2]?.run;
      if (run === undefined) throw new Error('no run');
      const about = async (worker: string): Promise<string> => (await explainWorker(store, { ...prepared, masks, worker, run })).summary;
      expect(await about(special.rejected)).toMatch(/rejected \(MAP-\d+: .*The account is confirmed as enabled\./);
      expect(await about(special.vanished)).toContain('the key was missing from the source. ');
      const firstRun = reports[0]?.run;
      if (firstRun === undefined) throw new Error('no run');
      const failed = await explainWorker(store, { ...prepared, masks, worker: special.failed, run: firstRun });
      expect(failed.summary).toContain('failed (refused for this worker), MandatoryFieldsMissing');
      expect(await about(special.silent)).toContain('silent (no log row in time)');
      expect(await about(special.held)).toMatch(
        /mover .*It is held: somebody else disabled the account\. .*The account is confirmed as enabled/,
      );
    });

    it('counts the trend, the stages, the price and the guards as SQL over the state and its files does', () => {
      for (const { run, trend, events, plan, guards, workersTotal } of reports) {
        for (const row of trend) {
          expect(row.ends).toEqual(pairs(`SELECT ended, COUNT(*) FROM store.audit_operations WHERE run = ? GROUP BY 1`, row.run));
          expect(row.population ?? 0).toBe(one('SELECT workers_read FROM store.audit_runs WHERE run = ?', row.run));
          expect(row.rejections ?? 0).toBe(
            one(
              `SELECT body ->> '$.rejections.fresh' + body ->> '$.rejections.standing' + body ->> '$.rejections.keyless' FROM heads WHERE run = ? AND file = 'plan.json'`,
              row.run,
            ),
          );
        }
        expect((events?.stages ?? []).map(({ stage, milliseconds, endedAt }) => [stage, milliseconds, endedAt])).toEqual(
          sql
            .prepare(
              `SELECT s.value ->> '$.stage', s.value ->> '$.milliseconds', s.value ->> '$.endedAt' FROM heads, json_each(body, '$.stages') s WHERE run = ? AND file = 'events.json'`,
            )
            .raw()
            .all(run.id),
        );
        expect(guards.map(({ guard, measured, limit, tripped }) => [guard, measured, limit, tripped ? 1 : 0])).toEqual(
          sql
            .prepare(
              `SELECT g.value ->> '$.guard', g.value ->> '$.measured', g.value ->> '$.limit', g.value ->> '$.tripped' FROM heads, json_each(body, '$.guards') g WHERE run = ? AND file = 'plan.json'`,
            )
            .raw()
            .all(run.id),
        );
        expect(plan?.price.operations).toBe(
          one(`SELECT COUNT(*) FROM lines WHERE run = ? AND file = 'plan' AND line ->> '$.change.send' = 1`, run.id),
        );
        expect(workersTotal).toBe(
          one(
            `SELECT COUNT(*) FROM lines WHERE run = ? AND file = 'plan' AND (line ->> '$.change.send' = 1 OR line ->> '$.change.waiting' = 1
             OR line ->> '$.change.failedBefore' = 1 OR line ->> '$.change.held' IS NOT NULL)`,
            run.id,
          ),
        );
      }
    });

    it('lists for the steward who needs a person, with attribute, masked value, reason and what to do, as the ledger has them', async () => {
      const { out, code } = await office.joinery('audit', 'steward', pipelineFile, '--json');
      expect(code).toBe(0);
      const { rows, workers }: StewardList = JSON.parse(out);
      const of = (kind: string): readonly string[] => rows.filter((row) => row.kind === kind).map(({ worker }) => worker);
      const keys = (condition: string): readonly unknown[] =>
        sql.prepare(`SELECT worker FROM store.audit_workers WHERE ${condition} ORDER BY worker`).pluck().all();
      expect([...new Set(of('rejected'))]).toEqual(keys(`verdict = 'rejected'`));
      expect(of('failed')).toEqual(keys('failed_code IS NOT NULL'));
      expect(of('silent')).toEqual(keys('baseline_unknown = 1'));
      expect(of('missing')).toEqual(keys('missing_passes > 0'));
      expect(of('held')).toEqual([special.held]);
      expect(workers).toBe(
        keys(`verdict = 'rejected' OR failed_code IS NOT NULL OR baseline_unknown = 1 OR missing_passes > 0`).length + 1,
      );
      expect(rows.find(({ worker }) => worker === special.rejected)).toMatchObject({
        code: 'MAP-203',
        attribute: 'status',
        value: 'A•••',
        reason: expect.stringContaining('none of Active, Leave, Terminated'),
        who: 'HR data',
      });
      for (const { todo, reason } of rows) expect(`${todo}|${reason}`).toMatch(/\w{4}.*\|.*\w{4}/);
      const file = join(office.state, 'steward.html');
      await office.joinery('audit', 'steward', pipelineFile, '--format', 'html', '--out', file);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect((await office.joinery('audit', 'steward', pipelineFile)).out.split('\r\n')).toHaveLength(rows.length + 2);
    });

    it('says of whom the service never heard and who is not to come that he is ignored', async () => {
      const verdict = `SELECT external_id FROM store.entries WHERE verdict = ? AND desired_hash IS NULL AND sent_hash IS NULL AND confirmed_hash IS NULL LIMIT 1`;
      for (const state of ['inactive', 'outOfScope']) {
        const worker = String(sql.prepare(verdict).pluck().get(state));
        const { decision, summary } = await explainWorker(store, { ...prepared, masks: masksOf(prepared.pipeline), worker });
        expect({ state, decision }).toMatchObject({ state, decision: { change: 'ignored', verdict: state, send: false } });
        expect(summary).toMatch(
          /ignored \(inactive and unknown, never sent\)\. The worker is inactive or out of scope, .* No account of the worker is confirmed\.$/,
        );
      }
    });

    it('explains one attribute by what it is made from, and an older run by its own rows', async () => {
      const first = reports[0]?.run.id ?? '';
      const { out, code } = await office.joinery(
        'explain',
        pipelineFile,
        '--worker',
        'W004050',
        '--attribute',
        'displayName',
        '--run',
        first,
        '--json',
      );
      expect(code).toBe(0);
      const { explanation } = JSON.parse(out);
      expect(explanation.source.run).toBe(first);
      expect(explanation.source.steps.map(({ name }: { name: string }) => name)).toEqual([
        'preferred_name',
        'first_name',
        'last_name',
        '$given',
        'displayName',
      ]);
      const later = await office.joinery('explain', pipelineFile, '--worker', 'W004050');
      expect(later.out).toContain('name.familyName: ');
      expect((await office.joinery('explain', pipelineFile, '--worker', 'W999999')).err).toContain('AUD-103');
      expect((await office.joinery('explain', pipelineFile, '--worker', 'W004050', '--attribute', 'nickName')).err).toContain('AUD-104');
    });

    it('shows personal values only for a reason, which the journal keeps without naming the worker', async () => {
      const name = String(
        sql.prepare(`SELECT confirmed_payload ->> '$.displayName' FROM store.entries WHERE external_id = 'W004060'`).pluck().get(),
      );
      const masked = await office.joinery('explain', pipelineFile, '--worker', 'W004060');
      expect(masked.out).not.toContain(name);
      expect((await office.joinery('explain', pipelineFile, '--worker', 'W004060', '--reveal', 'why')).err).toContain('AUD-105');
      const shown = await office.joinery('explain', pipelineFile, '--worker', 'W004060', '--reveal', 'ticket 4711, wrong name');
      expect(shown.out).toContain(name);
      const line = await store.journal.last();
      expect(line).toMatchObject({ kind: 'reveal', data: { command: 'explain', by: 'analyst', reason: 'ticket 4711, wrong name' } });
      expect(JSON.stringify(line)).not.toContain('W004060');
    });

    it('writes a report into each run, for the owner alone, and one elsewhere when asked', async () => {
      for (const { run } of reports) {
        const path = join(office.state, 'runs', run.id, 'report.html');
        expect(office.printed).toContain(path);
        expect(statSync(path).mode & 0o777).toBe(0o600);
      }
      const out = join(office.state, 'elsewhere.html');
      const { out: said, code } = await office.joinery('report', pipelineFile, '--run', 'latest', '--out', out);
      expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('Stopped before the first call') });
      expect(readFileSync(out, 'utf8')).toMatch(/tripped.*population|population.*tripped/s);
      expect((await office.joinery('report', pipelineFile, '--run', '20200101T000000Z-000000')).err).toContain('AUD-101');
    });

    it('exports every operation, change and rejection of a run, masked, and refuses what it cannot write', async () => {
      const id = reports[2]?.run.id ?? '';
      const lines = async (...words: readonly string[]): Promise<readonly Record<string, unknown>[]> => {
        const { out, code } = await office.joinery('export', pipelineFile, '--run', id, '--format', 'ndjson', ...words);
        expect(code).toBe(0);
        return out
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line));
      };
      const outcomes = await lines('--what', 'outcomes');
      expect(outcomes.map(({ worker, outcome }) => `${String(worker)} ${String(outcome)}`)).toEqual(
        sql.prepare(`SELECT external_id || ' ' || outcome FROM store.operations WHERE run = ? ORDER BY batch, ordinal`).pluck().all(id),
      );
      expect((await lines('--what', 'operations')).length).toBe(one('SELECT COUNT(*) FROM store.operations WHERE run = ?', id));
      expect((await lines('--what', 'changes')).length).toBe(
        one(`SELECT COUNT(*) FROM lines, json_each(line, '$.change.differences') WHERE run = ? AND file = 'plan'`, id),
      );
      expect((await lines('--what', 'rejections')).map(({ worker }) => worker)).toEqual(
        sql
          .prepare(`SELECT line ->> '$.externalId' FROM lines, json_each(line, '$.reasons') WHERE run = ? AND file = 'rejections'`)
          .pluck()
          .all(id),
      );
      const names = (await lines('--what', 'payloads')).filter(({ attribute }) => attribute === 'displayName');
      expect(names.length).toBeGreaterThan(30);
      for (const { value } of names) expect(value).toMatch(/^.•••$/u);
      expect((await office.joinery('export', pipelineFile, '--what', 'changes', '--format', 'parquet')).err).toContain('AUD-110');
      const out = join(office.state, 'outcomes.parquet');
      await office.joinery('export', pipelineFile, '--run', id, '--what', 'outcomes', '--format', 'parquet', '--out', out);
      expect(statSync(out).mode & 0o777).toBe(0o600);
      const read = await parquetReadObjects({ file: await asyncBufferFromFile(out) });
      expect(read.map(({ worker, closed_at: at }) => [worker, at instanceof Date ? at.getTime() : at])).toEqual(
        sql.prepare(`SELECT external_id, closed_at FROM store.operations WHERE run = ? ORDER BY batch, ordinal`).raw().all(id),
      );
    });

    it('verifies the journal of the runs, and names a line that was altered', async () => {
      const { out, code } = await office.joinery('journal', 'verify', pipelineFile);
      expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('No anchor was given') });
      const anchors = join(office.state, 'anchors');
      expect((await office.joinery('journal', 'anchor', pipelineFile, '--out', anchors)).code).toBe(0);
      expect((await office.joinery('journal', 'verify', pipelineFile, '--anchors', anchors)).out).toContain('1 anchor stands in it');
    });
  });
}
