import { defineErrors } from './define.ts';

export const cliErrors = defineErrors({
  'CLI-101': {
    title: 'The command line cannot be understood',
    exit: 'configuration',
    why: 'A command, an option or an argument is missing or unknown, so nothing was done.',
    fix: 'Run `joinery --help`, or `joinery COMMAND --help` for an example.',
  },
  'CLI-102': {
    title: 'A file named on the command line cannot be read or written',
    exit: 'configuration',
    why: 'The command needs it, and did nothing without it.',
    fix: 'Check the path and the permissions of the file.',
  },
  'CLI-103': {
    title: 'A virtual clock is only for emulators',
    exit: 'configuration',
    why: 'JOINERY_CLOCK makes hours pass in milliseconds. Against the real service quotas, token lifetimes and dates would all be wrong.',
    fix: 'Unset JOINERY_CLOCK, or point sink.emulator at the emulator that gives the clock.',
  },
});
