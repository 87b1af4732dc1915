import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, type Clock } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import { openApprovals } from './approvals.ts';
import { openConditions } from './conditions.ts';
import type { Store } from './contract.ts';
import type { Database } from './database.ts';
import { openErasure } from './erasure.ts';
import { openFigures } from './figures.ts';
import { openFiles } from './files.ts';
import { ensureIdentity, readIdentity } from './identity.ts';
import { openJournal } from './journal.ts';
import { Leases } from './lease.ts';
import { openLedger } from './ledger.ts';
import { openLogs } from './logs.ts';
import { migrate, migrations, newestOf, versionOf } from './migrations.ts';
import { openOperations } from './operations.ts';
import { openPostgres } from './postgres.ts';
import { openRuns } from './runs.ts';
import { openSqlite } from './sqlite.ts';

export interface StoreOptions {
  /** Only for lines of the journal whose verb is told no instant. */
  readonly clock?: Clock;
  /** Makes and migrates nothing; every verb that writes throws STO-105. */
  readonly readOnly?: boolean;
  /** Makes none: who asks what was sent and confirmed is not told "nothing" because he mistyped where it is kept. An older state is migrated. */
  readonly mustExist?: boolean;
}

/**
 * Opens the state, and makes or migrates it where that is needed. `location`: `postgres://…` (or `postgresql://…`), else a folder that
 * holds `state.sqlite` and the run files. Drivers are loaded here and not before. Errors: STO-101 to STO-104, STO-203.
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<Store> {
  const { clock = systemClock, readOnly = false, mustExist = readOnly } = options;
  const database = await openDatabase(location, readOnly, mustExist);
  try {
    if (mustExist && (await versionOf(database)) === 0) throw new JoineryError('STO-102', 'The state does not exist yet.');
    if (readOnly) await refuseUnlessCurrent(database);
    else await migrate(database, clock.now());
    const identity = readOnly ? await readIdentity(database) : await ensureIdentity(database, clock.now());
    if (identity === undefined) throw new JoineryError('STO-102', 'The state does not exist yet.');
    const leases = new Leases(database);
    return {
      kind: database.kind,
      identity,
      runs: openRuns(database, clock),
      ledger: openLedger(database, identity.hashKey),
      operations: openOperations(database, identity.hashKey),
      logs: openLogs(database, clock),
      approvals: openApprovals(database),
      conditions: openConditions(database),
      journal: openJournal(database),
      figures: openFigures(database),
      erasure: openErasure(database, identity.hashKey),
      files: openFiles(database, location, readOnly),
      acquireLease: (pipeline, holder, at) => leases.acquire(pipeline, holder, at),
      async close() {
        await leases.releaseAll();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openDatabase(location: string, readOnly: boolean, mustExist: boolean): Promise<Database> {
  if (/^postgres(ql)?:\/\//i.test(location)) return openPostgres(location, { readOnly });
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(location)) {
    const scheme = location.slice(0, location.indexOf(':'));
    throw new JoineryError('STO-101', `State cannot be kept at ${scheme}:// addresses; give a folder or a postgres:// URL.`);
  }
  if (mustExist) {
    await stat(join(location, 'state.sqlite')).catch((error: unknown) => {
      // Who may not enter the folder is not told that nothing is in it.
      if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))) throw unreachable(error);
      throw new JoineryError('STO-102', `There is no state in the folder ${location}.`, { cause: error });
    });
  }
  return openSqlite(location, { readOnly });
}

function unreachable(error: unknown): JoineryError {
  const said = error instanceof Error ? error.message : String(error);
  return new JoineryError('STO-101', `The state cannot be opened or written: ${said}.`, { cause: error });
}

async function refuseUnlessCurrent(database: Database): Promise<void> {
  const version = await versionOf(database);
  const newest = newestOf(migrations);
  if (version < newest)
    throw new JoineryError('STO-104', `The state has version ${String(version)}; this program reads version ${String(newest)}.`);
}
