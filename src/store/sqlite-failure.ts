import { JoineryError } from '../domain/error.ts';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Another connection holds a lock that excludes this step. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

/** What SQLite or the file system said, as one of ours where the cause is the environment; a violated constraint is a defect and passes as it is. */
export function sqliteFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof JoineryError || !(error instanceof Error)) return error;
  if (isBusy(error)) return new JoineryError('STO-203', 'The state is busy: another process is writing to it.', { cause: error });
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new JoineryError('STO-106', `The state file cannot be read as a database: ${error.message}.`, { cause: error });
  }
  const environment = [
    'SQLITE_CANTOPEN',
    'SQLITE_READONLY',
    'SQLITE_IOERR',
    'SQLITE_FULL',
    'SQLITE_PERM',
    'SQLITE_AUTH',
    'EACCES',
    'EPERM',
    'EROFS',
    'ENOSPC',
    'EDQUOT',
    'EIO',
    'EMFILE',
    'ENFILE',
    'ENOENT',
    'ENOTDIR',
    'EEXIST',
  ];
  if (environment.some((prefix) => code.startsWith(prefix))) {
    return new JoineryError('STO-101', `The state cannot be opened or written: ${error.message}.`, { cause: error });
  }
  return error;
}
