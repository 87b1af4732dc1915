import type { JoineryEvent } from '../domain/event.ts';
import type { ExitClass } from '../domain/errors/define.ts';
import { JoineryError } from '../domain/error.ts';
import { preparePipeline } from '../stages/prepare.ts';
import { Runner } from '../stages/runner.ts';
import type { Io } from './io.ts';
import { environmentOf, parseDuration, type CommonOptions } from './options.ts';
import { renderPlan } from './plan-text.ts';
import { Progress } from './progress.ts';
import { openByNeed, type StateNeed } from './scratch-state.ts';
import { createStyle, type Style } from './style.ts';

/** What a command has to work with once a pipeline is open. */
export interface Execution {
  readonly runner: Runner;
  readonly style: Style;
  /** Text for people; nothing with --json. */
  readonly say: (text: string) => void;
  /** One line of NDJSON; nothing without --json. */
  readonly tell: (document: unknown) => void;
  /** Whether somebody listens to `tell`: a document for each of many workers need not be made for nobody. */
  readonly isTold: boolean;
}

export interface ExecuteOptions extends CommonOptions {
  readonly wait?: string;
  readonly firstRun?: boolean;
  readonly verifyEngine?: boolean;
}

export interface ExecuteShape {
  /** Show the plan as soon as it is made, before anything is sent. */
  readonly planAtOnce?: boolean;
  /** Default: make. */
  readonly state?: StateNeed;
}

/**
 * Opens pipeline and state, runs `work` with progress on stderr (or events as NDJSON on stdout), and closes everything. Warnings of the pipeline are not repeated here:
 * `joinery check` shows them.
 */
export async function executePipeline(
  io: Io,
  file: string,
  options: ExecuteOptions,
  work: (execution: Execution) => Promise<ExitClass>,
  shape: ExecuteShape = {},
): Promise<ExitClass> {
  const json = options.json === true;
  const style = createStyle(io.colour && options.color && !json);
  const progress = new Progress(io, createStyle(io.isTerminal && options.color));
  const tell = (document: unknown): void => {
    if (json) io.out(`${JSON.stringify(document)}\n`);
  };
  const emit = (event: JoineryEvent): void => {
    if (json) tell(event);
    else if (options.quiet !== true) progress.sink(event);
    if (event.type === 'plan' && shape.planAtOnce === true && !json) io.out(`${renderPlan(event.plan, style)}\n`);
  };
  const environment = environmentOf(io, options);
  refuseVirtualClock(environment, file);
  const open = (stateMustExist: boolean, state = options.state): Promise<Runner> =>
    Runner.open(file, {
      environment,
      clock: io.clock,
      chance: io.chance,
      signal: io.signal,
      emit,
      firstRun: options.firstRun === true,
      stateMustExist,
      verifyEngine: options.verifyEngine === true,
      ...(io.user === undefined ? {} : { user: io.user }),
      ...(state === undefined ? {} : { state }),
      ...(options.wait === undefined ? {} : { wait: parseDuration(options.wait) }),
    });
  const { opened: runner, remove } = await openByNeed(shape.state ?? 'make', open, io.err);
  io.keepHeapSmall?.();
  try {
    const say = (text: string): void => {
      if (!json) io.out(text);
    };
    return await work({ runner, style, say, tell, isTold: json });
  } finally {
    progress.end();
    await runner.close();
    await remove();
  }
}

/** For a command that reads or corrects what is there already: where no state is, none is made (STO-102), because the place of it was mistyped. */
export function executeOnState(
  io: Io,
  file: string,
  options: ExecuteOptions,
  work: (execution: Execution) => Promise<ExitClass>,
): Promise<ExitClass> {
  return executePipeline(io, file, options, work, { state: 'must exist' });
}

/** For a command that asks the service, which it may do before the first run: a state that is there is used, and none is made. */
export function executeBesideState(
  io: Io,
  file: string,
  options: ExecuteOptions,
  work: (execution: Execution) => Promise<ExitClass>,
  state: Extract<StateNeed, 'may be absent' | 'unused'> = 'may be absent',
): Promise<ExitClass> {
  return executePipeline(io, file, options, work, { state });
}

/** Errors: CLI-103. */
function refuseVirtualClock(environment: Readonly<Record<string, string | undefined>>, file: string): void {
  if (environment['JOINERY_CLOCK'] === undefined || environment['JOINERY_CLOCK'] === '') return;
  const { pipeline } = preparePipeline(file, environment, { reportsFallbacks: false });
  if (pipeline.sink.cloud.name !== 'emulator')
    throw new JoineryError('CLI-103', `JOINERY_CLOCK is set, and the sink of ${file} is ${pipeline.sink.cloud.graph}`);
}
