/**
 * `npm run bench:audit [-- OPERATIONS]`: what an analyst waits for over a state of 1,000,000 operations (one first run of a quarter of them, then daily runs of 5,000), and the peak memory of
 * exports of 1,000,000 rows, each in a process of its own. The operations are written with SQL, the run files by the stages' own writers.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Driver from 'better-sqlite3';
import { explainWorker } from '../src/audit/explain-worker.ts';
import { masksOf } from '../src/audit/masks.ts';
import { pagesOf } from '../src/audit/serve.ts';
import { hashJson } from '../src/domain/canonical-json.ts';
import type { Change } from '../src/domain/change.ts';
import { systemClock } from '../src/domain/clock.ts';
import type { Payload } from '../src/domain/payload.ts';
import { differences } from '../src/scim/index.ts';
import { ChangeTally } from '../src/stages/change-listing.ts';
import { preparePipeline } from '../src/stages/prepare.ts';
import type { Store } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { inChunks } from '../src/store/ndjson.ts';
import { writeDocument, writeHandoff, type ExtractItem, type PlanLine, type TransformItem } from '../src/store/run-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pipelineFile = join(root, 'pipelines', 'contoso.yaml');
const daily = 5_000;
const day = 86_400_000;
const environment = {
  HR_DATABASE_URL: 'postgres://hr:hr@127.0.0.1/hr',
  ENTRA_TENANT_ID: '11111111-1111-4111-8111-111111111111',
  ENTRA_SERVICE_PRINCIPAL_ID: '11111111-1111-4111-8111-111111111111',
  ENTRA_JOB_ID: 'API2AAD.11111111111141118111111111111111.11111111-1111-4111-8111-111111111111',
  ENTRA_EMULATOR_ORIGIN: 'http://127.0.0.1:4444',
  ENTRA_CLIENT_ID: '11111111-1111-4111-8111-111111111111',
  ENTRA_CLIENT_SECRET: 'unused',
};

async function main(operations: number): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'joinery-bench-'));
  try {
    const started = performance.now();
    const { first, last } = await fill(state, operations);
    say(
      `state: ${count(operations)} operations, ${(statSync(join(state, 'state.sqlite')).size / 1e9).toFixed(1)} GB, filled in ${seconds(started)} s`,
    );
    const prepared = preparePipeline(pipelineFile, environment);
    const store = await openStore(state);
    const fresh = (): ReturnType<typeof pagesOf> => pagesOf({ ...prepared, store, clock: systemClock, token: 't', port: 0 });
    const headers = { host: '127.0.0.1' };
    const worker = 'W0001234';
    for (const [name, path] of [
      ['runs page', '/t/'],
      ['run page, first run', `/t/runs/${first}`],
      ['run page, newest run', `/t/runs/${last}`],
      ['worker page', `/t/workers?id=${worker}`],
      ['steward’s list', '/t/steward'],
    ] as const) {
      const at = performance.now();
      const answer = await fresh().request(`http://127.0.0.1${path}`, { headers });
      const text = await answer.text();
      say(
        `${name.padEnd(24)} ${seconds(at)} s, ${String(Math.round(text.length / 1024))} KB${answer.status === 200 ? '' : `, status ${String(answer.status)}`}`,
      );
    }
    const at = performance.now();
    await explainWorker(store, { ...prepared, masks: masksOf(prepared.pipeline), worker });
    say(`${'explain'.padEnd(24)} ${seconds(at)} s`);
    await store.close();
    for (const one of ['csv', 'ndjson', 'parquet']) {
      const words = ['--import', 'tsx', fileURLToPath(import.meta.url), 'export', state, one];
      process.stdout.write(spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' }).stdout);
    }
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

/** Every payload attribute of the first run, at least a million rows, to a file; prints rows and peak memory. */
async function exportAlone(state: string, one: string): Promise<void> {
  const { exportTable } = await import('../src/audit/export-rows.ts');
  const { exportText } = await import('../src/audit/export-text.ts');
  const { exportParquet } = await import('../src/audit/export-parquet.ts');
  const { createWriteStream } = await import('node:fs');
  const { Readable } = await import('node:stream');
  const { pipeline: connect } = await import('node:stream/promises');
  const prepared = preparePipeline(pipelineFile, environment);
  const store = await openStore(state);
  const run = (await store.runs.list(prepared.pipeline.name, 10_000)).at(-1);
  if (run === undefined) throw new Error('no run');
  const table = exportTable(store, run, 'payloads', masksOf(prepared.pipeline));
  let rows = 0;
  const curve: number[] = [];
  const limited = async function* (): typeof table.rows extends AsyncIterable<infer T> ? AsyncGenerator<T> : never {
    for await (const row of table.rows) {
      yield row;
      if (++rows % 200_000 === 0) curve.push(process.memoryUsage.rss());
      if (rows === 1_000_000) return;
    }
  };
  const base = process.memoryUsage.rss();
  let peak = base;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const started = performance.now();
  const limitedTable = { ...table, rows: limited() };
  const pieces = one === 'parquet' ? exportParquet(limitedTable) : exportText(limitedTable, one === 'csv' ? 'csv' : 'ndjson');
  const file = join(state, `export.${one}`);
  await connect(Readable.from(pieces), createWriteStream(file));
  clearInterval(sampler);
  const megabytes = (bytes: number): string => `${String(Math.round(bytes / 1_048_576))} MB`;
  say(
    `export ${one.padEnd(8)} ${count(rows)} rows in ${seconds(started)} s, file ${megabytes(statSync(file).size)}, RSS ${megabytes(base)} before, ${megabytes(peak)} at most; each 200,000 rows: ${curve.map(megabytes).join(', ')}`,
  );
  await store.close();
}

async function fill(state: string, operations: number): Promise<{ readonly first: string; readonly last: string }> {
  const store = await openStore(state);
  const { pipeline, mapping } = preparePipeline(pipelineFile, environment);
  const scope = { tenant: pipeline.sink.tenant, job: pipeline.sink.job };
  const start = Date.parse('2026-01-01T07:00:00Z');
  const lease = await store.acquireLease(pipeline.name, 'bench', start);
  const initial = Math.floor(operations / 4);
  await store.logs.moveCursor(scope, start);
  const sizes = [initial, ...Array.from({ length: Math.ceil((operations - initial) / daily) }, () => daily)];
  const sql = new Driver(join(state, 'state.sqlite'));
  sql.pragma('synchronous = OFF');
  const ids: string[] = [];
  for (const [index, size] of sizes.entries()) {
    const at = start + index * day;
    const id = `${new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${String(index).padStart(6, '0')}`;
    ids.push(id);
    await store.runs.begin(lease, {
      id,
      pipeline: pipeline.name,
      ...scope,
      asOf: at,
      startedAt: at,
      state: 'finished',
      mappingId: mapping.id,
      population: initial,
      finishedAt: at + 3_600_000,
    });
    const from = index === 0 ? 0 : (index * daily) % Math.max(1, initial - daily);
    insertOperations(sql, id, from, size, at, index);
    await writeFiles(store, id, from, size, index);
  }
  sql.exec('ANALYZE');
  sql.close();
  await store.close();
  return { first: ids[0] ?? '', last: ids.at(-1) ?? '' };
}

const workerOf = (n: number): string => `W${String(n).padStart(7, '0')}`;

function payloadOf(n: number, version: number): Payload {
  const externalId = workerOf(n);
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
    externalId,
    active: true,
    userName: `given${String(n)}.family@contoso.example`,
    name: { givenName: `Given${String(n)}`, familyName: `Family${String(n % 997)}` },
    displayName: `Given${String(n)} Family${String(n % 997)}`,
    title: `Engineer ${String(version)}`,
    userType: 'Employee',
    phoneNumbers: [{ type: 'work', value: `+4930${String(100_000 + n)}` }],
    addresses: [{ type: 'work', streetAddress: `Street ${String(n % 50)}`, locality: 'Berlin', postalCode: '10115', country: 'DE' }],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
      employeeNumber: externalId,
      department: `Department ${String(n % 200)}`,
      manager: { value: workerOf(Math.floor(n / 10)) },
    },
  };
}

function insertOperations(sql: Driver.Database, run: string, from: number, size: number, at: number, version: number): void {
  const batch = sql.prepare(
    `INSERT INTO batches (id, run, sequence, state, operations, sends, sent_at, accepted_at) VALUES (?, ?, ?, 'closed', 50, 1, ?, ?)`,
  );
  const operation = sql.prepare(
    `INSERT INTO operations (id, run, batch, ordinal, job_id, external_id, bulk_id, change, payload, payload_hash, active, state, sent_at, accepted_at, closed_at, outcome, failure)
     VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, 1, 'closed', ?, ?, ?, ?, ?)`,
  );
  const call = sql.prepare(
    `INSERT INTO calls (id, tenant, pipeline, batch, reserved_at, answered_at) VALUES (?, ?, 'contoso-workforce', ?, ?, ?)`,
  );
  const entry = sql.prepare(
    `INSERT INTO entries (job_id, external_id, owner, fingerprint, mapping_id, verdict, reasons, evaluated_run, confirmed_hash, confirmed_at, confirmed_payload, confirmed_evidence, confirmed_active, ever_enabled, failed_hash, failed_code, failed_at)
     VALUES (1, ?, 'contoso-workforce', 'f', 'm', ?, ?, ?, ?, ?, ?, '{"kind":"log"}', 1, 1, ?, ?, ?)`,
  );
  sql.transaction(() => {
    for (let index = 0; index < size; index++) {
      const n = from + index;
      const id = `${run}.${String(Math.floor(index / 50)).padStart(5, '0')}`;
      if (index % 50 === 0) {
        batch.run(id, run, index / 50, at, at);
        call.run(id, environment.ENTRA_TENANT_ID, id, at, at);
      }
      const payload = payloadOf(n, version);
      const [text, hash, failed] = [JSON.stringify(payload), hashJson(payload), n % 500 === 499];
      const outcome = failed ? 'failed' : n % 20 === 0 ? 'unchanged' : 'applied';
      operation.run(
        `${id}.${String(index % 50)}`,
        run,
        id,
        index % 50,
        workerOf(n),
        hash.slice(0, 16),
        version === 0 ? 'joiner' : 'mover',
        text,
        hash,
        at,
        at,
        at + 900_000,
        outcome,
        failed ? '{"code":"MandatoryFieldsMissing","reason":"something is missing"}' : null,
      );
      const rejected = n % 300 === 7;
      if (version === 0)
        entry.run(
          workerOf(n),
          rejected ? 'rejected' : 'active',
          rejected ? '["MAP-203"]' : null,
          run,
          hash,
          at,
          text,
          failed ? hash : null,
          failed ? 'MandatoryFieldsMissing' : null,
          failed ? at : null,
        );
    }
  })();
}

/** The files of a run as its stages leave them. */
async function writeFiles(store: Store, run: string, from: number, size: number, version: number): Promise<void> {
  const tally = new ChangeTally();
  const numbers = function* (): Generator<number> {
    for (let index = 0; index < size; index++) yield from + index;
  };
  const rows = function* (): Generator<ExtractItem> {
    for (const n of numbers()) {
      const { name, title } = payloadOf(n, version);
      yield {
        kind: 'group',
        group: {
          key: workerOf(n),
          fingerprint: 'f',
          rows: [
            {
              ordinal: n,
              key: workerOf(n),
              fingerprint: 'f',
              values: { worker_id: workerOf(n), status: 'Active', job_title: title ?? null, name: name ?? null, city: 'Berlin' },
            },
          ],
        },
      };
    }
  };
  const verdicts = function* (): Generator<TransformItem> {
    for (const n of numbers()) {
      const payload = payloadOf(n, version);
      yield {
        kind: 'verdict',
        fingerprint: 'f',
        ordinals: [n],
        verdict: {
          kind: 'draft',
          externalId: workerOf(n),
          warnings: [],
          draft: { active: true, preHire: false, payload, empty: [], once: [], hash: 'h' },
        },
      };
    }
  };
  const plan = function* (): Generator<PlanLine> {
    for (const n of numbers()) {
      const payload = payloadOf(n, version);
      const change: Change = {
        externalId: workerOf(n), change: version === 0 ? 'joiner' : 'mover', cause: version === 0 ? 'new' : 'attributes', baseline: 'none', payload, payloadHash: hashJson(payload),
        differences: version === 0 ? differences(undefined, payload) : [{ path: 'title', kind: 'changed', old: `Engineer ${String(version - 1)}`, new: `Engineer ${String(version)}` }],
        send: true, failedBefore: false, waiting: false, warnings: [],
      }; // prettier-ignore
      tally.add(change);
      yield { externalId: workerOf(n), change };
    }
  };
  await writeHandoff(store, run, 'rows.ndjson', inChunks(rows(), 500));
  await writeHandoff(store, run, 'verdicts.ndjson', inChunks(verdicts(), 500));
  await writeHandoff(store, run, 'plan.ndjson', inChunks(plan(), 500));
  await writeHandoff(store, run, 'rejections.ndjson', []);
  await writeDocument(store, run, 'changes.json', tally.listing());
  await writeDocument(store, run, 'extract.json', { rows: size, keys: size, keyless: 0, unchanged: 0, changed: size, vanished: 0 });
  const counts = {
    joiner: 0,
    'pre-hire': 0,
    enable: 0,
    mover: 0,
    leaver: 0,
    rehire: 0,
    cancelled: 0,
    none: 0,
    ignored: 0,
    frozen: 0,
    [version === 0 ? 'joiner' : 'mover']: size,
  };
  const price = { operations: size, calls: Math.ceil(size / 50), callsLeft: 2_000, earliestEnd: 0 };
  await writeDocument(store, run, 'plan.json', {
    run,
    pipeline: 'contoso-workforce',
    asOf: 0,
    createdAt: 0,
    mappingId: 'm',
    hash: 'h',
    first: version === 0,
    counts,
    waiting: 0,
    rejections: { fresh: 0, standing: 0, keyless: 0 },
    guards: [],
    price,
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1_000).toFixed(2);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

const [mode, folder, format] = process.argv.slice(2);
if (mode === 'export') await exportAlone(folder ?? '', format ?? 'csv');
else await main(Number(mode ?? 1_000_000));
