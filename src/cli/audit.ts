import type { ExitClass } from '../domain/errors/define.ts';
import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import { masksOf, type Masks } from '../audit/masks.ts';
import { preparePipeline, stateOf, type Prepared } from '../stages/prepare.ts';
import type { Store } from '../store/contract.ts';
import { openStore } from '../store/open.ts';
import type { Io } from './io.ts';
import { environmentOf, type CommonOptions } from './options.ts';
import { openByNeed, type StateNeed } from './scratch-state.ts';
import { createStyle, type Style } from './style.ts';

export interface AuditOptions extends CommonOptions {
  readonly run?: string;
  readonly out?: string;
}

/** What a command has that only looks at the state: no lease is taken, source and service are not connected. */
export interface Audit {
  readonly prepared: Prepared;
  readonly store: Store;
  readonly masks: Masks;
  readonly style: Style;
  readonly say: (text: string) => void;
  readonly tell: (document: unknown) => void;
}

/** Opens pipeline and state for `work`, and closes the state. `need`: most of what it is about is in the state. Errors: STG-001, STO-1xx. */
export async function withAudit(
  io: Io,
  file: string,
  options: CommonOptions,
  work: (audit: Audit) => Promise<ExitClass>,
  need: StateNeed = 'must exist',
): Promise<ExitClass> {
  const json = options.json === true;
  const environment = environmentOf(io, options);
  const prepared = preparePipeline(file, environment, { reportsFallbacks: false });
  const open = (mustExist: boolean, state = options.state): Promise<Store> =>
    openStore(stateOf(prepared.pipeline, { environment, ...(state === undefined ? {} : { state }) }), { clock: io.clock, mustExist });
  const { opened: store, remove } = await openByNeed(need, open, io.err);
  try {
    return await work({
      prepared,
      store,
      masks: masksOf(prepared.pipeline),
      style: createStyle(io.colour && options.color && !json),
      say: (text) => {
        if (!json) io.out(text);
      },
      tell: (document) => {
        if (json) io.out(`${JSON.stringify(document)}\n`);
      },
    });
  } finally {
    await store.close();
    await remove();
  }
}

/** The run that was named, or the newest. Errors: AUD-101. */
export async function chosenRun({ store, prepared }: Audit, choice = 'latest'): Promise<Run> {
  const { name } = prepared.pipeline;
  const run = choice === 'latest' ? await store.runs.latest(name) : await store.runs.get(choice);
  if (run?.pipeline !== name) throw new JoineryError('AUD-101', `pipeline ${name} has no run ${choice}`);
  return run;
}
