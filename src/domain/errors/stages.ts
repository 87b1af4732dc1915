import { defineErrors } from './define.ts';

export const stagesErrors = defineErrors({
  'STG-001': {
    title: 'The pipeline is not valid',
    exit: 'configuration',
    why: 'Nothing is read or sent with a pipeline that has errors: each of them is listed with its place.',
    fix: 'Correct the places that are listed; `joinery check` shows them without connecting to anything.',
  },
  'STG-101': {
    title: 'There is no such run',
    exit: 'configuration',
    why: 'The state knows no run with this id for this pipeline, or no run at all yet.',
    fix: 'Give an id that `joinery status` lists, or `latest`, or start with `joinery run` or `joinery extract`.',
  },
  'STG-102': {
    title: 'The run is not at this stage',
    exit: 'configuration',
    why: 'Stages build on each other: each needs what the one before it left, and a run that was accepted, stopped or overtaken does not go back.',
    fix: 'Run the stage that comes next for this run, or begin a new run with `joinery extract`.',
  },
  'STG-103': {
    title: 'Nothing says which plan to send',
    exit: 'configuration',
    why: 'apply and load send only what somebody chose: a run by its id, or a plan by its hash.',
    fix: 'Add --run ID or --run latest, or --plan-hash HASH as printed by `joinery plan`.',
  },
  'STG-104': {
    title: 'The plan is not the one that was chosen',
    exit: 'configuration',
    why: 'The hash that was given is not the hash of the run’s plan, so what would be sent is not what somebody looked at.',
    fix: 'Look at the present plan with `joinery plan` and give its hash.',
  },
  'STG-105': {
    title: 'A file that the stage needs is missing or damaged',
    exit: 'configuration',
    why: 'Stages hand their results on through files of the run. Without the whole file, part of the company would be left out silently.',
    fix: 'Begin a new run; nothing of this one was sent.',
  },
  'STG-106': {
    title: 'Nobody is to be sent again',
    exit: 'configuration',
    why: 'No worker of the ledger that belongs to this pipeline fits what was asked for, so the plan would be that of an ordinary run.',
    fix: 'Give --worker with a key of the source, --attribute with an attribute as the plan names it, or --all.',
  },
  'STG-107': {
    title: 'The two keys cannot be made one',
    exit: 'configuration',
    why: 'The state moves what is confirmed of the old key to the new one, so that the next run changes that account and makes no second. That is right only if the directory says the same.',
    fix: 'Do what the message says, then run `joinery rekey` again. If the two are different people, add --different.',
  },
  'STG-108': {
    title: 'The worker cannot be transferred',
    exit: 'configuration',
    why: 'A worker has one owner pipeline. Only what the other pipeline owns can be taken over from it, and not while it is executing.',
    fix: 'Give the name of the pipeline that owns the worker with --from: `joinery explain` and the rejection show it.',
  },
  'STG-109': {
    title: 'The worker is not renamed',
    exit: 'configuration',
    why: 'Only a worker of this pipeline who has an account and is active has a user name that can be changed, and it has to be another one that nobody else has.',
    fix: 'Do what the message says; --to gives a name of your own choice instead of the candidates of the pipeline.',
  },
  'STG-201': {
    title: 'The service refused the upload',
    exit: 'sink',
    why: 'It answered the call with an error that sending again does not cure. Operations of refused and later batches were not staged.',
    fix: 'Follow the reason in the message, then run again: what was not sent is planned anew.',
  },
  'STG-202': {
    title: 'The daily quota of the tenant is used up',
    exit: 'sink',
    why: 'The service allows 2,000 calls in 24 hours, 6,000 with Entra ID Governance. The run is left resumable.',
    fix: 'Run again at the time in the message, or set sink.quota: governance if the tenant has it.',
  },
  'STG-203': {
    title: 'The service cannot be reached or does not recover',
    exit: 'sink',
    why: 'The retries that make sense were used up. What may have arrived is known and is looked for in the logs before it is sent again.',
    fix: 'Check network and service health, then run again.',
  },
  'STG-301': {
    title: 'Operations failed',
    exit: 'outcomes',
    why: 'The provisioning logs say that the service could not apply them. The ledger keeps what was confirmed before.',
    fix: 'See the reasons in the report; a worker is sent again as soon as his payload differs.',
  },
  'STG-302': {
    title: 'Operations are without an outcome',
    exit: 'outcomes',
    why: 'The service accepted them, and no log row tells what became of them. They are not counted as done.',
    fix: 'Run `joinery reconcile` later; if it stays silent, look at the state of the provisioning job.',
  },
  'STG-401': {
    title: 'User names are not compared with the directory',
    exit: 'success',
    why: 'The runner has no right to read users, so only the ledger and the plan are compared. The service refuses a name that exists, and the worker fails.',
    fix: 'Grant the application role User.Read.All to the runner.',
  },
  'STG-402': {
    title: 'The state of the provisioning job is not known',
    exit: 'success',
    why: 'The runner has no right to read the job, so an operation without an outcome is never called silent: the job could be paused.',
    fix: 'Grant the application role Synchronization.Read.All to the runner.',
  },
  'STG-403': {
    title: 'The provisioning job does not process uploads',
    exit: 'outcomes',
    why: 'It is paused, quarantined or was never started. What was uploaded stays in its queue, nothing is lost, and nothing has an outcome yet.',
    fix: 'Start the job in the portal, or clear its quarantine; then run `joinery reconcile`.',
  },
});
