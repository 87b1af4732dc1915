import { defineErrors } from './define.ts';

export const auditErrors = defineErrors({
  'AUD-101': {
    title: 'There is no such run to look at',
    exit: 'configuration',
    why: 'The state knows no run with this id, or none of this pipeline yet.',
    fix: 'Give an id that `joinery status` lists, or `latest`.',
  },
  'AUD-102': {
    title: 'The report needs a file to go to',
    exit: 'configuration',
    why: 'A state in a database has no folder in which a browser could open a page.',
    fix: 'Add --out FILE.',
  },
  'AUD-103': {
    title: 'Nobody knows this worker',
    exit: 'configuration',
    why: 'Neither the ledger nor the files of a run of this pipeline hold the key. Keys are compared exactly, leading zeros and letter case included.',
    fix: 'Check the key as it stands in the key column of the source, and whether the worker belongs to another pipeline.',
  },
  'AUD-104': {
    title: 'The pipeline does not map this attribute',
    exit: 'configuration',
    why: 'An attribute is named by its path, or by the end of it where only one path ends so.',
    fix: 'Use one of the paths that the message lists.',
  },
  'AUD-105': {
    title: 'Values are shown only to somebody who gives a reason',
    exit: 'configuration',
    why: 'What is shown is personal data. The reason stands in the journal, together with who asked and a keyed hash of the worker.',
    fix: 'Write the reason in words: --reveal "ticket 4711: the name is wrong in the address book".',
  },
  // AUD-106 is spent: it said that Parquet is not written yet.
  'AUD-107': {
    title: 'The journal is not what was written',
    exit: 'configuration',
    why: 'A line was altered, removed or inserted, so the journal no longer proves what happened. No run does this; somebody or something else wrote into the state.',
    fix: 'Keep the state as it is, compare it with a backup from before, and find out who can write to it.',
  },
  'AUD-108': {
    title: 'The file holds no anchors',
    exit: 'configuration',
    why: 'An anchor is one line of JSON as `joinery journal anchor` prints it.',
    fix: 'Give the file to which anchors were added.',
  },
  'AUD-109': {
    title: 'The audit pages cannot be served',
    exit: 'configuration',
    why: 'Something else listens on the port, or the system does not allow it.',
    fix: 'Choose another --port, or leave it out to take a free one.',
  },
  'AUD-110': {
    title: 'Parquet needs a file to go to',
    exit: 'configuration',
    why: 'A Parquet file is binary; a terminal or a pipe that expects lines could do nothing with it.',
    fix: 'Add --out FILE, or take --format csv or ndjson.',
  },
  'AUD-111': {
    title: 'The worker was forgotten',
    exit: 'configuration',
    why: 'Somebody erased everything about this key. The journal knows when, why and by whom, under the keyed hash of the key.',
    fix: 'There is nothing left to show. If the key comes back in the source, the worker is held until `joinery release`.',
  },
  'AUD-112': {
    title: 'The key may still be in the source',
    exit: 'configuration',
    why: 'A worker who is forgotten while HR still returns his row would be planned as a new worker by the next run.',
    fix: 'Remove the row in HR, or take it out of the query, run the pipeline once more, and ask again.',
  },
  'AUD-113': {
    title: 'A run that names the worker may still be sent',
    exit: 'configuration',
    why: 'Its files are the hand-off between stages; taking a worker out of them would change a plan that somebody looked at.',
    fix: 'Finish the run with `joinery apply` or begin a newer one with `joinery run`, and ask again.',
  },
});
