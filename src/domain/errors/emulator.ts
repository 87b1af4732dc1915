import { defineErrors } from './define.ts';

export const emulatorErrors = defineErrors({
  'EMU-101': {
    title: 'The emulator cannot listen',
    exit: 'configuration',
    why: 'The address or port is taken or not allowed, so no client could reach the emulator.',
    fix: 'Choose another --port, or 0 for any free one.',
  },
  'EMU-102': {
    title: 'The emulator’s data folder cannot be used',
    exit: 'configuration',
    why: 'The folder cannot be read or written, or its state file is not one that an emulator wrote. Starting with an empty tenant instead would look like everybody had vanished.',
    fix: 'Name another folder with --data, or delete the folder’s state.ndjson to begin with an empty tenant.',
  },
  'EMU-103': {
    title: 'Not a switch of the emulator',
    exit: 'configuration',
    why: 'A switch that is misspelt would be ignored, and the test would then show something else than it says.',
    fix: 'Use a name and a value from the table in docs/emulator.md.',
  },
  'EMU-104': {
    title: 'The shared clock is not there',
    exit: 'configuration',
    why: 'Without the connection this process would not know the time that the others agree on.',
    fix: 'Start the emulator with a shared clock, give its origin, and connect again.',
  },
  'EMU-105': {
    title: 'An option of the emulator is not valid',
    exit: 'configuration',
    why: 'The emulator would behave differently from what was asked for.',
    fix: 'Correct the option; joinery emulator --help shows the forms.',
  },
  'EMU-106': {
    title: 'The profile cannot be used',
    exit: 'configuration',
    why: 'A profile that is not read would leave the emulator at its defaults, and the test would say nothing about that tenant.',
    fix: 'Name a file that joinery entra probe wrote.',
  },
});
