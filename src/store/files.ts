import type { Files } from './contract.ts';
import type { Database } from './database.ts';
import { openDatabaseFiles } from './database-files.ts';
import { openFolderFiles } from './folder-files.ts';

/** The embedded store keeps files beside its database, the PostgreSQL store in it, so that stages can run on different machines. */
export function openFiles(database: Database, location: string, readOnly: boolean): Files {
  return database.kind === 'sqlite' ? openFolderFiles(location, readOnly) : openDatabaseFiles(database);
}
