import { defineErrors } from './define.ts';

export const notifyErrors = defineErrors({
  'NTF-101': {
    title: 'Somebody could not be told',
    exit: 'success',
    why: 'The webhook, the mail server or the command did not take the notification. What became of the run is not touched by it, and its exit code says what it was.',
    fix: 'Try the channel with `joinery notify PIPELINE`. The next run tells what this one could not.',
  },
  'NTF-102': {
    title: 'A channel does not work',
    exit: 'configuration',
    why: 'The trial notification was not taken, so nobody would be told when it matters.',
    fix: 'Correct address, secret or rights as the reason says, and try again.',
  },
  'NTF-103': {
    title: 'The pipeline notifies nobody',
    exit: 'configuration',
    why: 'It has no webhook, no smtp and no command under notify.',
    fix: 'Add one of them; the guide has an example of each.',
  },
});
