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
  'CLI-104': {
    title: 'The health endpoint cannot listen',
    exit: 'configuration',
    why: 'Somebody else has the port, or it is one that only an administrator may take.',
    fix: 'Give --health another port; 0 takes a free one and shows it.',
  },
  'CLI-105': {
    title: 'A watched pipeline says neither when nor on what it runs',
    exit: 'configuration',
    why: 'Nothing would ever start a run of it, and that would look like health.',
    fix: "Add schedule: { cron: '*/30 * * * *' }, or source.outbox.",
  },
  'CLI-106': {
    title: 'A file that would be written is there already',
    exit: 'configuration',
    why: 'It may hold decisions of a person, so nothing was written, neither it nor the others.',
    fix: 'Give another name with --name or another folder with --out, or say --force to write over it.',
  },
});
