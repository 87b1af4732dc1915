import { Client } from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from './database.ts';
import { pgbouncerVersion, startPgBouncer, type PgBouncer } from './pgbouncer.ts';
import { openForTest } from './state.ts';

/** Needs `apt-get install pgbouncer`, or JOINERY_PGBOUNCER; without one these sentences are skipped. */
describe.skipIf(pgbouncerVersion === undefined)(`through PgBouncer ${pgbouncerVersion ?? '(none is installed)'}`, () => {
  let url: string;
  let poolers: PgBouncer[] = [];

  beforeAll(async () => {
    url = await freshDatabase('pooled');
  });
  afterEach(async () => {
    await Promise.all(poolers.map((pooler) => pooler.stop()));
    poolers = [];
  });
  const start = async (...[settings, database]: [settings: Readonly<Record<string, string>>, database?: string]): Promise<PgBouncer> => {
    const pooler = await startPgBouncer(url, settings, database);
    poolers.push(pooler);
    return pooler;
  };

  describe('the state', () => {
    test.each([
      ['transaction', {}],
      ['transaction', { ignore_startup_parameters: 'options' }],
      ['transaction', { server_round_robin: '1' }],
      ['statement', {}],
    ])('is refused in mode %s, %o: two processes would hold one lease', async (mode, more) => {
      const pooler = await start({ pool_mode: mode, ...more });
      // Nobody else's session is changed by asking.
      const stranger = new Client({ connectionString: pooler.url });
      await stranger.connect();
      await expect(openForTest(pooler.url)).rejects.toMatchObject({ code: 'STO-107', exit: 'configuration' });
      expect((await stranger.query('show search_path')).rows).toEqual([{ search_path: '"$user", public' }]);
      await stranger.end();
    });

    test('is kept in mode session, in its own schema, with one holder of a lease', async () => {
      const pooler = await start({ pool_mode: 'session', ignore_startup_parameters: 'options' });
      const [one, two] = [await openForTest(pooler.url), await openForTest(pooler.url)];
      const lease = await one.acquireLease('contoso', 'one', 1);
      await expect(two.acquireLease('contoso', 'two', 2)).rejects.toMatchObject({ code: 'STO-201' });
      const direct = await openForTest(url);
      await expect(direct.acquireLease('contoso', 'direct', 3)).rejects.toMatchObject({ code: 'STO-201' });
      await lease.release();
      expect((await direct.acquireLease('contoso', 'direct', 4)).epoch).toBe(2);
    });

    test('gives a lease back where the pooler resets nothing', async () => {
      const pooler = await start({ pool_mode: 'session', server_reset_query: '' });
      const one = await openForTest(pooler.url);
      await (await one.acquireLease('unreset', 'one', 1)).release();
      const direct = await openForTest(url);
      expect((await direct.acquireLease('unreset', 'direct', 2)).epoch).toBe(2);
    });

    test('says of a lease that the pooler ended why it is lost', async () => {
      const pooler = await start({ pool_mode: 'session' });
      const store = await openForTest(pooler.url);
      const lease = await store.acquireLease('killed', 'one', 1);
      const lost = new Promise((resolve) => lease.lost.addEventListener('abort', () => resolve(lease.lost.reason), { once: true }));
      await pooler.command(`KILL ${new URL(url).pathname.slice(1)}`);
      expect(await lost).toMatchObject({ code: 'STO-202', message: expect.stringContaining('was lost: ') });
    });
  });
});
