import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { executeSql, sampleText } from '../samples/databases.ts';
import { runCommandLine } from '../src/cli/program.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { freshDatabase } from './database.ts';
import { fillSmallContoso } from './small-company.ts';
import { openWorkplace, root, seeded, type Workplace } from './workplace.ts';

export const pipelineFile = join(root, 'pipelines', 'contoso.yaml');
/** Who fails for his data, whose operation leaves no trace, who is rejected on day 2, who is missing from the source then, and whose account somebody else disabled before. */
export const special = { failed: 'W004070', silent: 'W004003', rejected: 'W004130', vanished: 'W004120', held: 'W004005' } as const;

/** Two HR days with things going wrong, run over the command line, and their state: what analysts look at. */
export interface Office {
  readonly work: Workplace;
  readonly clock: VirtualClock;
  readonly state: string;
  /** Everything that was printed while the runs were executed. */
  readonly printed: string;
  joinery(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  close(): Promise<void>;
}

export async function openOffice(): Promise<Office> {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  const hr = await freshDatabase('audit');
  await fillSmallContoso(hr);
  const work = await openWorkplace({
    clock,
    variables: { HR_DATABASE_URL: hr },
    emulator: {
      jobs: [{ schemaExtensions: ['urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate'] }],
      // Failures are final at once.
      switches: { escrow: false },
      faults: {
        entry: ({ externalId, data }) => {
          if (externalId === special.silent && clock.now() > Date.parse('2026-11-03T00:00:00Z')) return { kind: 'lost' };
          if (externalId !== special.failed) return undefined;
          const reason = `Property displayName of ${JSON.stringify(data['displayName'])} <${JSON.stringify(data['userName'])}> is refused`;
          return { kind: 'fail', error: { errorCode: 'MandatoryFieldsMissing', errorCategory: 'nonServiceFailure', reason } };
        },
      },
    },
  });
  const random = seeded(11);
  const office: Office & { printed: string } = {
    work,
    clock,
    state: work.state,
    printed: '',
    async joinery(...words) {
      let [out, err] = ['', ''];
      const code = await runCommandLine(words, {
        out: (text) => {
          out += text;
        },
        err: (text) => {
          err += text;
        },
        environment: { ...work.environment, JOINERY_STATE: work.state, USER: 'whoever the variable says' },
        user: 'analyst',
        isTerminal: false,
        colour: false,
        columns: 100,
        clock,
        chance: { random, uuid: randomUUID },
        signal: new AbortController().signal,
      });
      return { code, out, err };
    },
    close: () => work.close(),
  };
  const run = async (): Promise<void> => {
    const { out, err } = await office.joinery('run', pipelineFile);
    office.printed += out + err;
  };
  await run();
  await executeSql(hr, sampleText('contoso/day-1-noon.sql'));
  await run();
  work.emulator.settle();
  const [account] = work.emulator.directory.findByEmployeeId(special.held);
  if (account !== undefined) work.emulator.directory.put({ ...account, accountEnabled: false });
  clock.advanceTo('2026-11-03T07:00:00Z');
  await executeSql(hr, sampleText('contoso/day-2.sql'));
  await run();
  clock.advanceTo(clock.now() + 60_000);
  await executeSql(hr, sampleText('contoso/broken-day.sql'));
  await run();
  return office;
}
