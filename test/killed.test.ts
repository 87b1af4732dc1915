import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scopeOf } from '../src/stages/context.ts';
import { SharedClockHost } from '../src/emulator/shared-clock-host.ts';
import { freshDatabase } from './database.ts';
import { runJoinery, type Ended, type Line } from './joinery-process.ts';
import { fillSmallDirty } from './small-company.ts';
import { openWorkplace, peopleOf, root, type Person, type Workplace } from './workplace.ts';

const pipeline = join(root, 'pipelines', 'contoso-dirty.yaml');

/** What an undisturbed run leaves: the directory, and for every worker what the ledger believes. */
interface End {
  readonly people: readonly Person[];
  readonly ledger: readonly unknown[];
}

async function endOf(work: Workplace): Promise<End> {
  const runner = await work.open(pipeline);
  try {
    const ledger: unknown[] = [];
    for await (const chunk of runner.store.ledger.streamEntries(scopeOf(runner.pipeline), runner.pipeline.name)) {
      for (const entry of chunk) {
        const { externalId, owner, desired, confirmed, sent, baselineUnknown, failed } = entry;
        ledger.push({
          externalId,
          owner,
          desired: desired?.hash,
          confirmed: confirmed?.hash,
          sent: sent?.hash,
          baselineUnknown,
          failed: failed?.hash,
          verdict: entry.evaluated?.verdict,
        });
      }
    }
    return { people: peopleOf(work.emulator), ledger };
  } finally {
    await runner.close();
  }
}

/** Kills at the n-th line of a type. */
function at(type: string, occurrence: number, which: (line: Line) => boolean = () => true): (line: Line) => boolean {
  let seen = 0;
  return (line) => line.type === type && which(line) && ++seen === occurrence;
}

/** A power cut at the moment at which the fingerprints of an accepted run would be renamed into place: nothing of the product knows of it. */
const atRename = `--import=data:text/javascript,${encodeURIComponent(`
  import { promises } from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const rename = promises.rename;
  promises.rename = (from, to) => (/[/\\\\]pipelines[/\\\\]/.test(to) ? process.kill(process.pid, 'SIGKILL') : rename(from, to));
  syncBuiltinESMExports();`)}`;

describe('a run that is killed and started again', () => {
  let exported: string;
  let undisturbed: End;
  let whole: Ended;

  /**
   * Runs once to the end, or kills the first run and starts a second one: in a process of its own too, or, where nothing is asked about
   * that process, here, which takes a third of the time. `last` is the process that came to an end.
   */
  async function story(
    kill: ((line: Line) => boolean) | undefined,
    again: 'in a process' | 'here',
    state?: string,
    options: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly end: End; readonly killed: boolean; readonly last: Ended }> {
    const work = await openWorkplace({
      clock: new SharedClockHost('2026-11-02T07:00:00Z'),
      variables: { HR_EXPORT_URL: exported },
      ...(state === undefined ? {} : { state }),
    });
    try {
      const environment = { ...work.environment, JOINERY_CLOCK: work.emulator.origin };
      const first = await runJoinery(['run', pipeline], {
        environment: { ...environment, ...options },
        state: work.state,
        ...(kill === undefined ? {} : { kill }),
      });
      let last = first;
      if (kill !== undefined && again === 'here') await work.run(pipeline);
      else if (kill !== undefined) {
        last = await runJoinery(['run', pipeline], { environment, state: work.state });
        if (last.errors !== '' || last.lines.at(-1)?.type !== 'result') throw new Error(`the second run did not end well: ${last.errors}`);
      }
      return { end: await endOf(work), killed: first.signal === 'SIGKILL', last };
    } finally {
      await work.close();
    }
  }

  beforeAll(async () => {
    exported = await freshDatabase('killed');
    await fillSmallDirty(exported);
    ({ end: undisturbed, last: whole } = await story(undefined, 'in a process'));
  });

  it('has somebody to lose', () => {
    expect(undisturbed.people.length).toBeGreaterThan(120);
  });

  const stage = (name: string) => (line: Line) => line['stage'] === name;
  it.each([
    ['while it extracts', at('stage.started', 1, stage('extract'))],
    ['while it transforms', at('stage.started', 1, stage('transform'))],
    ['while it plans', at('stage.started', 1, stage('batch'))],
    ['after the plan, before it is accepted', at('plan', 1)],
    ['after it was accepted, before anything is sent', at('accepted', 1)],
    ['while the second batch is sent', at('batch.sending', 2)],
    ['after the first batch was taken', at('batch.accepted', 1)],
    ['when all is sent, before an outcome', at('stage.started', 1, stage('reconcile'))],
    ['after the fiftieth outcome', at('outcome', 50)],
  ])('ends %s in the same directory and ledger as an undisturbed run', async (_when, kill) => {
    const { end, killed } = await story(kill, 'here');
    expect(killed).toBe(true);
    expect(end.people).toEqual(undisturbed.people);
    expect(end.ledger).toEqual(undisturbed.ledger);
  });

  it('ends in the same directory and ledger when it dies between accept and the rename of its fingerprints, and nothing is sent twice', async () => {
    const { end, killed, last } = await story(() => false, 'in a process', undefined, { NODE_OPTIONS: atRename });
    expect(killed).toBe(true);
    expect(end).toEqual(undisturbed);
    // The first process had sent nothing, so that the second one sends each batch once and finds nobody gone.
    const sent = ({ lines }: Ended): number => lines.filter(({ type }) => type === 'batch.accepted').length;
    expect(sent(last)).toBe(sent(whole));
    expect(last.lines.find((line) => line.type === 'stage.finished' && stage('extract')(line))).toMatchObject({
      counts: { vanished: 0 },
    });
  });

  it.each([
    ['while it is accepted', at('guard', 4), 'here'],
    ['while the third batch is sent', at('batch.sending', 3), 'in a process'],
    ['after the fiftieth outcome', at('outcome', 50), 'here'],
  ] as const)('ends %s in the same directory and ledger with the state in PostgreSQL', async (_when, kill, again) => {
    const { end, killed } = await story(kill, again, await freshDatabase('killed_state'));
    expect(killed).toBe(true);
    expect(end.people).toEqual(undisturbed.people);
    expect(end.ledger).toEqual(undisturbed.ledger);
  });
});
