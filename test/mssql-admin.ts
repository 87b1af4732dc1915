import mssql, { type ConnectionPool } from 'mssql';
import { Secret } from '../src/domain/masking.ts';
import { readMssqlUrl } from '../src/source/mssql-connection.ts';
import { askReadingMode } from '../src/source/mssql-session.ts';

/** Who makes tables on the server that JOINERY_MSSQL_URL names; wherever it has replicas to read from, on the one that takes writes. `limit`: of a statement; ms. */
export async function openMssqlAdmin(url: string, limit = 60_000): Promise<ConnectionPool> {
  const config = await readMssqlUrl(new Secret('JOINERY_MSSQL_URL', url), 'joinery-test', limit);
  return new mssql.ConnectionPool({ ...config, options: { ...config.options, readOnlyIntent: false } }).connect();
}

/** A new database keeps no versions of rows (Azure's does). Whoever may not alter it is told the truth by the source. */
export async function allowOneMoment(admin: ConnectionPool): Promise<boolean> {
  if ((await askReadingMode(admin)).oneMoment) return true;
  await admin
    .request()
    .batch('alter database current set allow_snapshot_isolation on')
    .catch(() => undefined);
  return (await askReadingMode(admin)).oneMoment;
}
