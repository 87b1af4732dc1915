import { defineErrors } from './define.ts';

export const storeErrors = defineErrors({
  'STO-101': {
    title: 'The state cannot be opened',
    exit: 'configuration',
    why: 'Without its state a run does not know what was sent and confirmed, and would send everybody again.',
    fix: 'Check the folder or the URL given by --state, JOINERY_STATE or state:, and the rights of this account on it.',
  },
  'STO-102': {
    title: 'The state does not exist yet',
    exit: 'configuration',
    why: 'A command that only reads, or corrects what is there, makes no state: an empty one would say that nobody was ever provisioned.',
    fix: 'Run a pipeline first, or correct the folder or URL (--state, JOINERY_STATE, state:).',
  },
  'STO-103': {
    title: 'The state was written by a newer Joinery',
    exit: 'configuration',
    why: 'This version does not know what the newer one keeps there and could destroy it. State is migrated forward only.',
    fix: 'Use the newer version, or restore the state as it was before the upgrade.',
  },
  'STO-104': {
    title: 'The state was written by an older Joinery',
    exit: 'configuration',
    why: 'It was opened for reading only and is migrated by a command that may write.',
    fix: 'Run any command that writes state, for example reconcile, with this version first.',
  },
  'STO-105': {
    title: 'The state was opened for reading only',
    exit: 'internal',
    why: 'A command that only reads must not change anything.',
    fix: 'Run again with --json and report the output; nothing was changed.',
  },
  'STO-106': {
    title: 'The state is damaged',
    exit: 'configuration',
    why: 'A value in the database is not what the program wrote there. What else was changed is unknown.',
    fix: 'Verify the journal, then restore the state from a backup; the next reconcile reads what happened since from the logs.',
  },
  'STO-107': {
    title: 'The state is behind a pooler that shares sessions',
    exit: 'configuration',
    why: 'The lease on a pipeline is a lock of a session. Where a pooler hands sessions on with each transaction, two processes hold the same lock at once, and both would send.',
    fix: 'Reach PostgreSQL directly, or through a pooler in session mode (PgBouncer: pool_mode=session for this database or user).',
  },
  'STO-201': {
    title: 'Another process executes this pipeline',
    exit: 'locked',
    why: 'Two processes that send for the same pipeline could send an older payload after a newer one.',
    fix: 'Wait until the other process has ended. The lock ends with its process, so nothing needs to be removed by hand.',
  },
  'STO-202': {
    title: 'The lease on the pipeline was lost',
    exit: 'locked',
    why: 'Another process holds the lease now, or the connection that held it died. Nothing that this process was about to record was recorded.',
    fix: 'Run the same command again: what was sent is known, and what may have been sent is looked up in the logs.',
  },
  'STO-203': {
    title: 'The state is busy',
    exit: 'locked',
    why: 'Another process has been writing for longer than this one waits.',
    fix: 'Run again. If it stays so, look for a stopped Joinery process or an open transaction on the state database.',
  },
  'STO-204': {
    title: 'The connection to the state database was lost',
    exit: 'configuration',
    why: 'The transaction in hand was rolled back by the server; whatever was committed before it stands.',
    fix: 'Run the same command again when the database answers.',
  },
  'STO-301': {
    title: 'No such record in the state',
    exit: 'internal',
    why: 'A run, batch, call, operation or ledger entry that was asked for does not exist; nothing was written.',
    fix: 'Run again with --json and report the output; the state is safe to resume from.',
  },
  'STO-302': {
    title: 'The record is not in a state that allows this step',
    exit: 'internal',
    why: 'Sending or closing out of order would make the ledger say something that did not happen. Nothing was written.',
    fix: 'Run again with --json and report the output; the state is safe to resume from.',
  },
  'STO-303': {
    title: 'The record belongs to another pipeline or job',
    exit: 'internal',
    why: 'A lease covers the runs of its own pipeline only. Nothing was written.',
    fix: 'Run again with --json and report the output; the state is safe to resume from.',
  },
  'STO-304': {
    title: 'The worker may still have to be disabled',
    exit: 'configuration',
    why: 'Disabling an account takes the complete record that the service has. Who is forgotten before his disable is confirmed keeps his account for ever.',
    fix: 'Wait until `joinery explain` says that the account is confirmed as disabled and nothing is in flight.',
  },
  'STO-305': {
    title: 'The state knows no such worker',
    exit: 'configuration',
    why: 'The ledger holds nobody with this key. Keys are compared exactly, leading zeros and letter case included. Nothing was written.',
    fix: 'Check the key as it stands in the key column of the source, and whether --state is the one that the runs use.',
  },
  'STO-401': {
    title: 'A file name that is not allowed in the state',
    exit: 'internal',
    why: 'Names of run files are letters, digits, dots, hyphens and underscores, so that they mean the same on every system.',
    fix: 'Run again with --json and report the output.',
  },
  'STO-402': {
    title: 'A file of the state was replaced while it was being read',
    exit: 'locked',
    why: 'Half of the old and half of the new content would be wrong in a way that nobody sees.',
    fix: 'Run the command again; nothing was written.',
  },
});
