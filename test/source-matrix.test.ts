import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../src/cli/program.ts';
import { systemClock, type Clock } from '../src/domain/clock.ts';
import { Secret } from '../src/domain/masking.ts';
import { compareKeys, type Row } from '../src/domain/row.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import type { MssqlSource, PostgresSource } from '../src/pipeline/pipeline.ts';
import type { ReadRequest, Source } from '../src/source/contract.ts';
import { openSource } from '../src/source/open-source.ts';
import { unpackRows } from '../src/source/packed.ts';
import { compareVersions } from '../src/source/version-changes.ts';
import { listenToOutbox } from '../src/source/outbox.ts';
import { PositionTracker } from '../src/source/position.ts';
import { hrEngines, type HrEngine, type HrRow } from './hr-engines.ts';
import { seeded } from './workplace.ts';

const place = { file: 'p.yaml', line: 1, column: 1 };
const people: readonly HrRow[] = ['B', 'a', 'Z', 'ä', 'ab ', 'ab', 'a b', 'a-b', '10', '9', "O'x", 'ﬁ', '😀'].map((id, index) => ({
  id,
  name: `Name ${String(index)}`,
  status: 'on',
  at: new Date(Date.UTC(2026, 10, 1, index)).toISOString(),
}));

/** More than so many rows come before the trouble does. */
const seventy: readonly HrRow[] = Array.from({ length: 70 }, (_each, index) => ({ id: String(index), name: 'n', status: 'on', at: null }));

/** Moves by hand alone. */
function handClock(): VirtualClock {
  const clock = new VirtualClock(0);
  clock.hold();
  return clock;
}

/** What a source promises, in the same sentences for every database. Whole runs over them: source-trouble.test.ts and watermark.test.ts; types: beside each driver. */
describe.each(hrEngines)('a source over %s', (_name, start) => {
  let engine: HrEngine;
  let folder: string;
  const opened: Source[] = [];

  beforeAll(async () => {
    engine = await start();
    await engine.put(people);
    folder = await mkdtemp(join(tmpdir(), 'joinery-matrix-'));
  });
  afterAll(async () => {
    for (const source of opened) await source.close();
    await engine.close();
    await rm(folder, { recursive: true });
  });

  async function open(over: Partial<Omit<PostgresSource | MssqlSource, 'type'>> = {}, clock: Clock = systemClock): Promise<Source> {
    const { type, url, table } = engine;
    const source = await openSource(
      {
        type,
        connection: new Secret('HR', url),
        key: 'id',
        statementTimeout: 60_000,
        place,
        ...('query' in over ? {} : { table }),
        ...over,
      },
      { lockTimeout: 500, clock },
    );
    opened.push(source);
    return source;
  }
  async function read(source: Source, request: Partial<ReadRequest> = {}): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for await (const part of source.read({ seed: 1n, chunk: 5, ...request })) rows.push(...part);
    return rows;
  }
  const changes = { mode: 'watermark', column: 'updated_at', lookBack: { milliseconds: 0 }, fullPass: 86_400_000, place } as const;

  it('gives every row once, in the order of its keys that the fingerprints are merged in, whatever the collation', async () => {
    const source = await open();
    const keys = (await read(source)).map(({ key }) => key ?? '');
    expect(keys).toEqual(people.map(({ id }) => id ?? '').toSorted((left, right) => compareKeys(source.keyOrder, left, right)));
    expect(source.orderBy).toContain('COLLATE');
  });

  it('gives a row the same values and the same fingerprint however it is read, and another one when it changed', async () => {
    const [whole, moved] = [await open({ changes }), people.map((row) => (row.id === 'Z' ? { ...row, name: 'Other' } : row))];
    const tracker = new PositionTracker(Date.parse('2026-12-01T00:00:00Z'));
    const all = new Map((await read(whole, { tracker })).map((row) => [row.key, row]));
    const position = tracker.position ?? '';
    // The last one has the position; two more are asked for by their keys, whatever stands in those.
    const part = await read(whole, { partial: { position, keys: ["O'x", 'ä'] } });
    // A server that takes ä for a may give more of them, which are compared like any other.
    expect(part.map(({ key }) => key)).toEqual(expect.arrayContaining(["O'x", 'ä', '😀']));
    expect(part.length).toBeLessThan(6);
    for (const row of part) expect(row).toMatchObject({ fingerprint: all.get(row.key)?.fingerprint, values: all.get(row.key)?.values });
    await engine.put(moved);
    const changed = (await read(whole)).filter((row) => row.fingerprint !== all.get(row.key)?.fingerprint);
    expect(changed.map(({ key }) => key)).toEqual(['Z']);
    await engine.put(people);
  });

  it('tells by the version of each row who was written, and reads him alone', async () => {
    const { table, column } = engine.versioned;
    const source = await open({ table, versions: { fullPass: 86_400_000, place, ...(column === undefined ? {} : { column }) } });
    const order = source.keyOrder;
    let records = '';
    const look = async (before: string): Promise<{ readonly rows: number; readonly read: readonly unknown[] }> => {
      const moment = await source.versions?.open({ seed: 1n });
      if (moment === undefined) throw new Error('versions were asked for');
      try {
        expect(moment.ground).toMatchObject({ identity: expect.any(String) });
        records = '';
        const body = (async function* () {
          const lines = before.split('\n').slice(0, -1);
          yield await Promise.resolve(Buffer.from(`${before}end ${String(lines.length)}\n`, 'utf8'));
        })();
        const { rows, moved } = await compareVersions(moment, body, { order }, ({ bytes }) => {
          records += Buffer.from(bytes).toString('utf8');
          return Promise.resolve();
        });
        const found: unknown[] = [];
        for await (const part of unpackRows(moment.at(moved?.places ?? []), 10))
          found.push(...part.map(({ key, values }) => [key, values['name']]));
        return { rows, read: found };
      } finally {
        await moment.close();
      }
    };
    expect(await look('')).toMatchObject({ rows: people.length, read: { length: people.length } });
    await engine.rename('ab ', 'Written');
    const state = records;
    // Under whatever collation: ab, AB and ab with a blank are others.
    expect(await look(state)).toEqual({ rows: people.length, read: [['ab ', 'Written']] });
    expect(await look(records)).toEqual({ rows: people.length, read: [] });
    expect(await source.versions?.refusal()).toBeUndefined();
    const view = await open({ versions: { fullPass: 1, place, ...(column === undefined ? {} : { column: 'updated_at' }) } });
    expect(await view.versions?.refusal()).toMatch(column === undefined ? /is a view/ : /and not rowversion/);
    await engine.put(people);
  });

  it('gives a value of each type that the databases share as the same value', async () => {
    const rows = await read(await open({ query: { sql: engine.typed, file: 'typed.sql', firstLine: 1 } }));
    expect(rows).toMatchObject([
      {
        key: 'T1',
        values: {
          big: '9007199254740993',
          small: 7,
          amount: '1200.50',
          flag: true,
          share: 0.1,
          day: '2026-11-22',
          clock: '2026-11-22T08:00:00.123456',
          moment: '2026-11-22T07:00:00Z',
          hour: '08:00:00.5',
          padded: 'ab',
          kept: 'ab  ',
          guid: 'c56a4180-65aa-42ec-a945-5fd21dec0538',
          bytes: 'AP8=',
          nothing: null,
        },
      },
    ]);
  });

  it('puts :as_of and :since into a statement as values of their types', async () => {
    const column = engine.type === 'mssql' ? '[updated_at]' : 'updated_at';
    const select = (where: string): Partial<PostgresSource> => ({
      query: { sql: `select * from ${engine.table} where ${where} order by ${engine.orderBy}`, file: 'workers.sql', firstLine: 1 },
    });
    const days = await open(select(`${column} >= :as_of`));
    expect(await read(days, { asOf: '2026-11-01' })).toHaveLength(people.length);
    expect(await read(days, { asOf: '2026-11-02' })).toEqual([]);
    const moved = await open({ ...select(`(:since is null or ${column} >= :since)`), changes });
    const tracker = new PositionTracker(Date.parse('2026-12-01T00:00:00Z'));
    expect(await read(moved, { tracker })).toHaveLength(people.length);
    expect((await read(moved, { partial: { position: tracker.position ?? '', keys: [] } })).map(({ key }) => key)).toEqual([
      people.at(-1)?.id,
    ]);
  });

  it('takes NULL and blank keys for none', async () => {
    await engine.put([...people, { id: null, name: 'x', status: 'on', at: null }, { id: ' ', name: 'y', status: 'on', at: null }]);
    const rows = await read(await open());
    expect(rows.filter(({ key }) => key === undefined).map(({ values }) => values['name'])).toEqual(expect.arrayContaining(['x', 'y']));
    await engine.put(people);
  });

  it('is one moment, and serves the next read after one that was left early, or ended by the caller', async () => {
    const source = await open();
    expect(source.oneMoment).toBe(engine.oneMoment);
    const seen: Row[] = [];
    for await (const rows of source.read({ seed: 1n, chunk: 5 })) {
      if (seen.length === 0) await engine.rename('😀', 'Renamed meanwhile');
      seen.push(...rows);
    }
    expect(seen.map(({ values }) => values['name'])).not.toContain('Renamed meanwhile');
    expect((await read(source)).map(({ values }) => values['name'])).toContain('Renamed meanwhile');
    await engine.put(people);
    for await (const rows of source.read({ seed: 1n, chunk: 5 })) {
      expect(rows).toHaveLength(5);
      break;
    }
    await expect(read(source, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(await read(source)).toHaveLength(people.length);
  });

  it('tells of a change by what HR’s trigger writes, and of nothing while nobody changes anything', async () => {
    for (const outbox of engine.outboxes) {
      const [told, stop]: [string[], AbortController] = [[], new AbortController()];
      const change = async (): Promise<void> => {
        told.push('changes');
        await engine.rename('Z', `Renamed for the ${outbox.kind}`);
      };
      let looks = 0;
      const listener = {
        signal: stop.signal,
        clock: {
          now: () => 0,
          async sleep(): Promise<void> {
            if (++looks === 3) await change();
            if (looks > 6) stop.abort(new Error('nothing was heard'));
          },
        },
        ready(): void {
          told.push('ready');
          if (outbox.kind === 'notify') change().catch((error: unknown) => stop.abort(error));
        },
        changed(): void {
          told.push('heard');
          stop.abort(new Error('enough'));
        },
      };
      const { type, url, table } = engine;
      const source = { type, connection: new Secret('HR', url), key: 'id', table, statementTimeout: 60_000, place };
      await listenToOutbox(source, outbox, listener);
      expect(told).toEqual(['ready', 'changes', 'heard']);
    }
    await engine.put(people);
  });

  it('ends a statement on the server when the caller has had enough', async () => {
    if (engine.cannot.has('slow')) return;
    await engine.put(seventy);
    const repair = await engine.trouble('slow');
    const [patient, stop] = [await open(), new AbortController()];
    const reading = read(patient, { signal: stop.signal });
    await Promise.all([expect(reading).rejects.toThrow('enough'), new Promise(setImmediate).then(() => stop.abort(new Error('enough')))]);
    await repair();
    expect(await read(patient)).toHaveLength(70);
    await engine.put(people);
  });

  it('ends a statement on the server at its limit, which counts the time in which rows are waited for', async () => {
    if (engine.cannot.has('slow')) return;
    await engine.put(seventy);
    const clock = handClock();
    const source = await open({}, clock);
    const repair = await engine.trouble('slow');
    const outcome: unknown[] = [];
    const reading = read(source).catch((error: unknown) => outcome.push(error));
    for (; outcome.length === 0; await new Promise(setImmediate)) clock.advance(60_000);
    await reading;
    expect(outcome).toMatchObject([{ code: 'SRC-207', message: expect.stringContaining('60000 ms') }]);
    await repair();
    // The connection serves the next read, so the statement is over.
    expect(await read(source)).toHaveLength(70);
    await engine.put(people);
  });

  it('takes all the time that its caller needs for the rows, whatever the limit of the statement', async () => {
    const clock = handClock();
    const keys: (string | undefined)[] = [];
    for await (const rows of (await open({}, clock)).read({ seed: 1n, chunk: 5 })) {
      keys.push(...rows.map(({ key }) => key));
      clock.advance(3_600_000);
      await new Promise(setImmediate);
    }
    expect(keys).toHaveLength(people.length);
  });

  it('is compared with its contract by check --connect: what is missing, of another type and new', async () => {
    const file = join(folder, 'differs.yaml');
    await writeFile(
      file,
      `pipeline: differs
source:
  type: ${engine.type}
  connection: \${HR_URL}
  table: ${engine.table}
  key: id
  columns:
    id: { type: string }
    nam: { type: string }
    updated_at: { type: boolean }
transform:
  attributes:
    active: true
    userName: id
sink: { type: entra, tenant: '\${T}', servicePrincipal: '\${S}', job: '\${J}', auth: { client: '\${C}', secret: '\${P}' } }
`,
    );
    let out = '';
    const code = await runCommandLine(['check', file, '--connect', '--json'], {
      out: (text) => {
        out += text;
      },
      err: () => undefined,
      environment: { HR_URL: engine.url },
      isTerminal: false,
      colour: false,
      columns: 100,
      clock: new VirtualClock(0),
      chance: { random: seeded(1), uuid: randomUUID },
      signal: new AbortController().signal,
    });
    expect(code).not.toBe(0);
    const {
      diagnostics,
    }: { readonly diagnostics: readonly { readonly code: string; readonly message: string; readonly place?: object }[] } = JSON.parse(out);
    const found = diagnostics.filter(({ code: each }) => /^MAP-13[2-9]$/.test(each)).map(({ code: each, message }) => `${each} ${message}`);
    expect(found).toEqual([
      'MAP-132 the source returns no column nam',
      'MAP-133 column updated_at is declared as boolean, the source returns datetime',
      'MAP-139 the source has columns that the contract does not name: name, status',
    ]);
    expect(diagnostics.find(({ code: each }) => each === 'MAP-133')?.place).toMatchObject({ file, line: 10 });
  });
});
