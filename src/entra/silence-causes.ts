import type { OutcomeCode } from './outcome-codes.ts';

/** Why an operation has no row although the service should have come to it: what the directory and the job show at that moment. The codes are ours. */
export interface SilenceCause {
  readonly code: string;
  readonly class: OutcomeCode['class'];
  readonly words: string;
  readonly todo: string;
}

export const silenceCauses = [
  {
    code: 'SilentOutOfScope',
    class: 'scope',
    words: 'The job’s scoping filter leaves the worker out, so the service did nothing and wrote nothing.',
    todo: 'Align the scoping filter of the job with the scope of the pipeline. Until then each run sends the worker again.',
  },
  {
    code: 'SilentNoAccount',
    class: 'mapping',
    words: 'No account carries the worker’s key as employee id: he was not created, or his account was deleted or lost its employee id.',
    todo: 'Look for the account by its user name. If it is there, write the worker’s key into its employeeId; if not, look at the job’s matching attribute with joinery entra doctor.',
  },
  {
    code: 'SilentAmbiguous',
    class: 'data',
    words: 'Several accounts carry the worker’s key as employee id, so the service cannot match him.',
    todo: 'Remove the employee id from all accounts but the right one.',
  },
  {
    code: 'SilentNotWritten',
    class: 'setUp',
    words: 'The account is there and has other values than were sent: the service has not written them, or the job maps them elsewhere.',
    todo: 'Look at the job with joinery entra doctor. The next run sends the worker again.',
  },
  {
    code: 'SilentUnseen',
    class: 'setUp',
    words: 'The account has all that the directory can show; what changed is among the attributes that it cannot.',
    todo: 'Nothing; the next run sends the worker again.',
  },
] as const satisfies readonly SilenceCause[];

export type SilenceCode = (typeof silenceCauses)[number]['code'];
