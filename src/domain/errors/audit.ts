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
});
