import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sinkVariables } from '../samples/sink-variables.ts';
import type { Clock } from '../src/domain/clock.ts';
import type { JoineryEvent } from '../src/domain/event.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../src/emulator/index.ts';
import type { RunResult } from '../src/stages/run.ts';
import { Runner } from '../src/stages/runner.ts';

/** The repository's root. */
export const root = fileURLToPath(new URL('..', import.meta.url));

export const extensionAttribute = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User:HireDate';

/** An emulated tenant, a place for the state, and the variables that the sample pipelines need. */
export interface Workplace {
  readonly emulator: Emulator;
  readonly state: string;
  readonly environment: Record<string, string>;
  run(pipeline: string): Promise<{ readonly result: RunResult; readonly events: readonly JoineryEvent[] }>;
  open(pipeline: string, events?: JoineryEvent[]): Promise<Runner>;
  close(): Promise<void>;
}

export interface WorkplaceOptions {
  readonly clock?: Clock;
  readonly emulator?: Omit<EmulatorOptions, 'clock'>;
  /** Default: a temporary folder. */
  readonly state?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Everything on one virtual clock that starts on the first HR day. */
export async function openWorkplace(options: WorkplaceOptions = {}): Promise<Workplace> {
  const clock = options.clock ?? new VirtualClock('2026-11-02T07:00:00Z');
  const emulator = await startEmulator({ clock, jobs: [{ schemaExtensions: [extensionAttribute] }], ...options.emulator });
  const folder = await mkdtemp(join(tmpdir(), 'joinery-test-'));
  const state = options.state ?? folder;
  const environment: Record<string, string> = {
    ...sinkVariables(emulator),
    ...options.variables,
  };
  const random = seeded(7);
  const open = (pipeline: string, events: JoineryEvent[] = []): Promise<Runner> =>
    Runner.open(pipeline, {
      environment,
      state,
      clock,
      chance: { random, uuid: randomUUID },
      emit: (event) => {
        events.push(event);
      },
    });
  return {
    emulator,
    state,
    environment,
    open,
    async run(pipeline) {
      const events: JoineryEvent[] = [];
      const runner = await open(pipeline, events);
      try {
        return { result: await runner.run(), events };
      } finally {
        await runner.close();
      }
    },
    async close() {
      await emulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same numbers every time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** What a person would look up about a user. */
export interface Person {
  readonly employeeId: string;
  readonly enabled: boolean;
  readonly manager: string | null;
  readonly department: string | null;
}

/** The directory by employee id, in byte order, managers by their employee id. */
export function peopleOf(emulator: Emulator): readonly Person[] {
  emulator.settle();
  const users = emulator.directory.users();
  const employeeIds = new Map(users.map((user) => [user.id, user.employeeId]));
  const people = users.map((user) => ({
    employeeId: user.employeeId ?? '',
    enabled: user.accountEnabled,
    manager: user.managerId === null ? null : (employeeIds.get(user.managerId) ?? '(unknown)'),
    department: typeof user['department'] === 'string' ? user['department'] : null,
  }));
  return people.toSorted((left, right) => (left.employeeId < right.employeeId ? -1 : 1));
}

/** Calls to bulkUpload that the service has seen. */
export function uploadsOf(emulator: Emulator): number {
  return Object.entries(emulator.stats.calls).reduce((sum, [name, count]) => (name.endsWith('/bulkUpload') ? sum + count : sum), 0);
}
