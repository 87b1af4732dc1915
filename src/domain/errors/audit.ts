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
});
