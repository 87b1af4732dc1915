import { defineErrors } from './define.ts';

export const domainErrors = defineErrors({
  'DOM-001': {
    title: 'A defect in Joinery itself',
    exit: 'internal',
    why: 'An assumption of the program was broken. Nothing that it was about to write or send was written or sent.',
    fix: 'Run again with --json and report the output; the state is safe to resume from.',
  },
  'DOM-002': {
    title: 'The run was interrupted',
    exit: 'interrupted',
    why: 'A signal asked the process to stop. The request in hand was finished and the run left resumable.',
    fix: 'Run the same command again: what was sent is known and is not sent twice.',
  },
});
