import { request } from 'undici';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { executeSql } from '../samples/databases.ts';
import { serveHealth } from '../src/cli/health.ts';
import { Secret } from '../src/domain/masking.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { listenToOutbox } from '../src/source/outbox.ts';
import type { WatchState } from '../src/stages/watch.ts';
import { freshDatabase } from './database.ts';

const place = { file: 'p.yaml', line: 1, column: 1 };
const declared = (url: string) => ({ connection: new Secret('HR', url), key: 'id', table: 'hr', statementTimeout: 60_000 });

describe('the outbox', () => {
  it('hears a NOTIFY of PostgreSQL, and says when the session that listens is ended', async () => {
    const url = await freshDatabase('outbox');
    const stop = new AbortController();
    let heard = (): void => undefined;
    const sign = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const source = { type: 'postgres' as const, ...declared(url) };
    let listens = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      listens = resolve;
    });
    const listening = listenToOutbox(
      source,
      { kind: 'notify', channel: 'Workers', place },
      { clock: new VirtualClock(0), signal: stop.signal, ready: () => listens(), changed: () => heard() },
    );
    const ended = listening.then(
      () => undefined,
      (error: unknown) => error,
    );
    await Promise.race([ready, ended]);
    const admin = new Client({ connectionString: url });
    await admin.connect();
    const listeners =
      "select pid from pg_stat_activity where application_name = 'joinery watch' and query like 'listen%' and state = 'idle' and datname = current_database()";
    await admin.query('notify "Workers"');
    await sign;
    await admin.query(`select pg_terminate_backend(pid) from (${listeners}) as l`);
    expect(await ended).toMatchObject({ code: 'SRC-102' });
    await admin.end();
  });

  it('sees a line that was committed late, below others that are known', async () => {
    const url = await freshDatabase('outbox');
    // A pooler such as PgBouncer refuses a session that is opened with settings which it does not know.
    await executeSql(
      url,
      `create table lines (id int generated always as identity);
       create view outbox as select id from lines union all select length(name) / (length(name) - length(name)) from pg_settings where name like '%timeout' and source = 'client'`,
    );
    const slow = new Client({ connectionString: url });
    await slow.connect();
    await slow.query('begin; insert into lines default values');
    await executeSql(url, 'insert into lines default values');
    const stop = new AbortController();
    const told: string[] = [];
    const clock = {
      now: () => 0,
      async sleep(): Promise<void> {
        told.push('sleeps');
        if (told.length === 3) await slow.query('commit');
        if (told.length > 5) stop.abort(new Error('stop'));
      },
    };
    await listenToOutbox(
      { type: 'postgres', ...declared(url) },
      { kind: 'table', table: 'outbox', column: 'id', every: 1000, place },
      { clock, signal: stop.signal, ready: () => told.push('ready'), changed: () => told.push('heard') },
    );
    await slow.end();
    expect(told).toEqual(['ready', 'sleeps', 'sleeps', 'heard', 'sleeps', 'sleeps']);
  });
});

describe('the health endpoint', () => {
  it('answers 200 or 503 with the states, and no message that could quote an address', async () => {
    const state: WatchState = { pipeline: 'contoso', state: 'idle', failures: 0, nextRun: 0, isListening: true };
    const health = await serveHealth(0, [state]);
    const ask = async (): Promise<{ readonly status: number; readonly body: string }> => {
      const { statusCode, body } = await request(`http://127.0.0.1:${String(health.port)}/`);
      return { status: statusCode, body: await body.text() };
    };
    expect(await ask()).toMatchObject({ status: 200, body: expect.stringContaining('"nextRun":"1970-01-01T00:00:00.000Z"') });
    state.failures = 1;
    state.lastFailure = { at: 0, code: 'SRC-101', message: 'db.internal is down' };
    const bad = await ask();
    expect(bad.status).toBe(503);
    expect(bad.body).toContain('SRC-101');
    expect(bad.body).not.toContain('db.internal');
    await expect(serveHealth(health.port, [])).rejects.toMatchObject({ code: 'CLI-104' });
    await health.close();
  });
});
