import { request } from 'undici';
import { inject } from 'vitest';

/**
 * A new, empty database in the test run's one real PostgreSQL, and its URL. The first call of a run starts the server (about one
 * second). The user is `postgres`, a superuser; the default collation is not byte order.
 */
export async function freshDatabase(prefix = 'test'): Promise<string> {
  const { statusCode, body } = await request(`${inject('postgresStarter')}/${prefix.toLowerCase()}`, { headersTimeout: 60_000 });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`PostgreSQL for the tests did not start: ${text}`);
  return text;
}
