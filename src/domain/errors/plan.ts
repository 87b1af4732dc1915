import { defineErrors } from './define.ts';

export const planErrors = defineErrors({
  'PLN-101': {
    title: 'A worker belongs to another pipeline',
    exit: 'rejections',
    why: 'A ledger entry has one owner pipeline. If two pipelines could write the same worker, each would undo the other, and a worker missing from one of them would be disabled.',
    fix: 'If he has moved from one source to the other: `joinery transfer PIPELINE --worker ID --from OTHER --reason TEXT`. Else remove the key from one of the two. The worker stays as he is until then.',
  },
  'PLN-102': {
    title: 'No user name is left for a worker',
    exit: 'rejections',
    why: 'Every candidate is taken by another worker of the ledger or by an account of the directory. The service would fail the create with a duplicate user principal name.',
    fix: 'Let the expression of userName give more candidates, for example one with the worker id in it.',
  },
  'PLN-103': {
    title: 'Two workers of one plan want the same user name',
    exit: 'rejections',
    why: 'Neither has another candidate, and which of them is right is not for a program to guess.',
    fix: 'Let the expression of userName give a second candidate, or correct the source.',
  },
  'PLN-104': {
    title: 'The manager of a worker is not known',
    exit: 'success',
    why: 'The manager is neither in the ledger nor in this plan, so the service could not resolve him and would leave a warning. The worker is sent without a manager, and once more when the manager is confirmed.',
    fix: 'Nothing, if the manager is outside this pipeline; else correct the manager column in the source.',
  },
  'PLN-105': {
    title: 'A row has no key',
    exit: 'rejections',
    why: 'Without its key nobody knows which worker the row is about. Vanishing is postponed for this run, because the row could be about a worker who seems to be missing.',
    fix: 'Fill the key column of the row in the source, or exclude the row in the query.',
  },
  'PLN-106': {
    title: 'A worker is held',
    exit: 'success',
    why: 'Nothing that leaves his account enabled is sent: somebody else disabled it, the hold list or the pipeline names him, or the service could not write it. A disable would still be sent, unless he is protected.',
    fix: 'Find out why. If he may be enabled, `joinery release PIPELINE --worker ID --reason TEXT`, or take him off the list.',
  },
  'PLN-107': {
    title: 'Managers lead in a circle',
    exit: 'success',
    why: 'Each of the workers named is, over others, his own manager. They are sent as the source says, in an order that begins somewhere in the circle.',
    fix: 'Correct the manager column in the source.',
  },
  'PLN-108': {
    title: 'A worker is probably known under another key',
    exit: 'success',
    why: 'Somebody new shares the columns of source.identity, or a user name, with a worker who is known or who leaves in the same plan: a contractor who became an employee, a company with new numbers, one person in two sources. As a joiner he would get a second account, and his first would be turned off.',
    fix: 'One person: give the account the new number as employeeId in the directory, then `joinery rekey PIPELINE OLD NEW --reason TEXT`. Two people: `joinery rekey PIPELINE OLD NEW --different --reason TEXT`. Until then nothing is sent about either.',
  },
  'PLN-201': {
    title: 'A guard stopped the plan',
    exit: 'guard',
    why: 'The plan would change more than the pipeline allows. Nothing of it was sent and nothing was accepted.',
    fix: 'Look at the plan. If the source is wrong, correct it and run again; if the plan is right, let an approver run `joinery approve PIPELINE --run ID --guard NAME`, or raise the limit in the pipeline.',
  },
  'PLN-202': {
    title: 'The plan is too old to be applied',
    exit: 'configuration',
    why: 'The source has moved on since the plan was made; applying it could undo what happened in between.',
    fix: 'Make a new plan. plan.maxAge in the pipeline sets how long a plan is good.',
  },
  'PLN-203': {
    title: 'The plan no longer fits the pipeline',
    exit: 'configuration',
    why: 'Mapping, source, guards, leavers, holds, protected, sink or the mappings of the job changed after the plan was made. Applying it would send what nobody has looked at, or pass limits that are no longer the limits.',
    fix: 'Make a new plan with the present pipeline.',
  },
  'PLN-204': {
    title: 'The job has a history that the state does not know',
    exit: 'configuration',
    why: 'The state is new, or was lost or restored. A plan against it would create everybody again, would not know whom it disabled before, and would never find those who left meanwhile.',
    fix: 'Run `joinery adopt PIPELINE`: it takes what the directory has as the baseline and sends nothing. With --first-run the plan is made all the same, as if the accounts were none of ours.',
  },
  'PLN-205': {
    title: 'Nobody can say whether the accounts were disabled by somebody else',
    exit: 'configuration',
    why: 'Workers are about to be sent as active, and the runner has no right to read users. An account that a security team disabled would be enabled again.',
    fix: 'Grant the application role User.Read.All to the runner, or write `holds: unchecked` into the pipeline.',
  },
  'PLN-206': {
    title: 'A list of workers cannot be read',
    exit: 'configuration',
    why: 'Without the hold list or the list of the protected nobody knows who must not be enabled or touched, so nothing is planned and nothing sent.',
    fix: 'Put the file where holds.file or protected.file says, readable for the runner; an empty file is a list of nobody.',
  },
  'PLN-301': {
    title: 'Who wants to approve is not an approver',
    exit: 'configuration',
    why: 'Only the users under approvers in the pipeline may let a plan pass that a guard stopped. Who it is comes from the operating system, not from an option or a variable.',
    fix: 'Let one of the approvers run the command, or add the user under approvers in the pipeline.',
  },
  'PLN-302': {
    title: 'The approver and the runner are the same person',
    exit: 'configuration',
    why: 'What no guard lets through is to be looked at by two people: who makes or sends the plan cannot have approved it.',
    fix: 'Let another approver approve it, or write runner: allowed under approvers in the pipeline.',
  },
  'PLN-303': {
    title: 'There is nothing to approve',
    exit: 'configuration',
    why: 'The guard did not stop this plan, or nobody can approve it: an empty source is never right.',
    fix: 'Give one of the guards that the message names, with the name as joinery plan shows it.',
  },
  'PLN-304': {
    title: 'The plan was replaced',
    exit: 'configuration',
    why: 'A newer run has been planned since. What was looked at is not what would be sent, so an approval does not go over to it.',
    fix: 'Look at the newest plan and approve that one.',
  },
  'PLN-305': {
    title: 'An approval needs an end',
    exit: 'configuration',
    why: 'An approval that stands for long lets something through that nobody has looked at any more.',
    fix: 'Give --expires with at most 7 days, such as 4h, or an instant.',
  },
  'PLN-306': {
    title: 'An approval needs a reason',
    exit: 'configuration',
    why: 'The journal and the report say who let the plan pass and why; without a reason nobody can judge it later.',
    fix: 'Give --reason with at least 8 characters.',
  },
});
