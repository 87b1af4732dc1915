import { JoineryError } from '../domain/error.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import type { EmulatorOptions } from './options.ts';
import { readProfile } from './profile.ts';
import { SharedClockHost } from './shared-clock-host.ts';

/** The options of `joinery emulator`, as a command line gives them. */
export interface EmulatorServerOptions {
  /** 0: any free port. */
  readonly port?: number;
  readonly host?: string;
  /** `5s`, `500ms`, `10m`; the service's own is `10m`. */
  readonly latency?: string;
  readonly data?: string;
  readonly licence?: string;
  /** Verified domains, the default domain first. */
  readonly domains?: readonly string[];
  /** Nothing is set up yet: the client of the JSON line is an administrator's. */
  readonly empty?: boolean;
  /** File of `joinery entra probe`: switches and latency as that tenant has them; `latency` goes before it. */
  readonly profile?: string;
  /** One JSON line instead of lines for people. */
  readonly json?: boolean;
  /** ISO instant: processes share a virtual clock that starts there. Absent: the machine's clock. */
  readonly sharedClock?: string;
}

export interface EmulatorServerIo {
  readonly write: (text: string) => void;
  /** Ends the server; the promise of `runEmulatorServer` resolves once it has ended. */
  readonly signal: AbortSignal;
}

/** Milliseconds of `5s`, `500ms`, `10m`, `1h` or a bare number of milliseconds. Throws EMU-105. */
export function parseLatency(text: string): number {
  const [, figure, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  if (figure === undefined) throw new JoineryError('EMU-105', `"${text}" is not a latency; write 500ms, 5s or 10m.`);
  const factors: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  return Number(figure) * (factors[unit] ?? 1);
}

function readOptions(options: EmulatorServerOptions): EmulatorOptions {
  const { licence } = options;
  if (licence !== undefined && licence !== 'p1' && licence !== 'governance') {
    throw new JoineryError('EMU-105', `"${licence}" is not a licence; write p1 or governance.`);
  }
  if (options.sharedClock !== undefined && Number.isNaN(Date.parse(options.sharedClock))) {
    throw new JoineryError('EMU-105', `"${options.sharedClock}" is not an instant; write 2026-11-22T08:00:00Z.`);
  }
  const profile = options.profile === undefined ? undefined : readProfile(options.profile);
  return {
    port: options.port ?? 0,
    ...profile,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.latency === undefined ? {} : { latencyMs: parseLatency(options.latency) }),
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    ...(licence === undefined ? {} : { licence }),
    ...(options.domains === undefined ? {} : { tenant: { domains: options.domains } }),
    ...(options.empty === true ? { empty: true } : {}),
    ...(options.sharedClock === undefined ? {} : { clock: new SharedClockHost(options.sharedClock) }),
  };
}

/** What a client needs to know, the members of the JSON line. */
export function connectionOf(emulator: Emulator): Readonly<Record<string, string>> {
  const { origin, tenantId, clientId, clientSecret, servicePrincipalId, jobId, tokenUrl, bulkUploadUrl } = emulator;
  return { origin, tenantId, clientId, clientSecret, servicePrincipalId, jobId, tokenUrl, bulkUploadUrl };
}

/** Serves until the signal; says where as soon as it listens. Throws EMU-101, EMU-102, EMU-105 before that. */
export async function runEmulatorServer(options: EmulatorServerOptions, io: EmulatorServerIo): Promise<void> {
  const emulator = await startEmulator(readOptions(options));
  const connection = connectionOf(emulator);
  if (options.json === true) {
    io.write(`${JSON.stringify(connection)}\n`);
  } else {
    const width = Math.max(...Object.keys(connection).map((name) => name.length));
    const lines = Object.entries(connection).map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
    io.write(`The Entra emulator listens. Nothing here is a real tenant.\n${lines.join('\n')}\n`);
  }
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    else io.signal.addEventListener('abort', () => { resolve(); }, { once: true }); // prettier-ignore
  });
  await emulator.close();
}
