import type { Command } from 'commander';
import { stopsPlan } from '../../domain/approval.ts';
import { formatInstant, type Instant } from '../../domain/clock.ts';
import { JoineryError } from '../../domain/error.ts';
import { approve } from '../../stages/approve.ts';
import { chosenRun, withAudit, type AuditOptions } from '../audit.ts';
import type { Io } from '../io.ts';
import { defineCommand, parseDuration } from '../options.ts';
import type { Register } from '../program.ts';

interface ApproveOptions extends AuditOptions {
  readonly run: string;
  readonly guard: readonly string[];
  readonly reason: string;
  readonly expires: string;
}

/** `joinery approve`: one of the approvers lets guards of one plan pass. Sends nothing; joinery apply does, run by somebody else. */
export function approveCommand(register: Register): Command {
  return defineCommand(
    'approve',
    'Let a plan pass that a guard stopped: for exactly this plan, by one of the approvers, kept in the journal',
    'joinery approve pipelines/contoso.yaml --run latest --guard leavers --reason "site closed, ticket 4711" --expires 4h',
  )
    .argument('<pipeline>', 'the pipeline file')
    .requiredOption('--run <id>', 'the run whose plan was looked at, by its id, or `latest`')
    .requiredOption('--guard <name...>', 'the guards, as joinery plan names them')
    .requiredOption('--reason <text>', 'why; kept in the journal and shown in plan and report')
    .requiredOption('--expires <when>', 'a length of time such as 4h or 2d, or an instant; at most 7 days')
    .action(
      register((io, file: string, options: ApproveOptions) =>
        withAudit(io, file, options, async (audit) => {
          const { store, prepared, say, tell } = audit;
          const run = await chosenRun(audit, options.run);
          const now = io.clock.now();
          const by = userOf(io);
          const until = untilOf(options.expires, now);
          const { guard: guards, reason } = options;
          const verdicts = await approve(store, prepared.pipeline, { run, guards, by, reason, until, now, uuid: io.chance.uuid });
          const open = verdicts.filter(stopsPlan).map(({ guard }) => guard);
          say(
            `${by} approved ${guards.join(', ')} for the plan ${run.planHash?.slice(0, 12) ?? ''} of run ${run.id} until ${formatInstant(until)}.\n`,
          );
          say(open.length === 0 ? `To send it: joinery apply ${file} --run ${run.id}\n` : `Still stopped by ${open.join(', ')}.\n`);
          tell({ type: 'result', run: run.id, plan: run.planHash, by, until, approved: guards, open });
          return open.length === 0 ? 'success' : 'guard';
        }),
      ),
    );
}

/** The account that the operating system authenticated; never a variable of the environment, which anybody can set. */
function userOf({ user }: Io): string {
  if (user === undefined) throw new JoineryError('PLN-301', 'the operating system does not say who this is');
  return user;
}

function untilOf(text: string, now: Instant): Instant {
  const instant = /^\d{4}-/.test(text) ? Date.parse(text) : now + parseDuration(text);
  if (Number.isNaN(instant)) throw new JoineryError('PLN-305', `${text} is no length of time and no instant`);
  return instant;
}
