import { resolve } from 'node:path';
import { JoineryError } from '../domain/error.ts';
import { Secret } from '../domain/masking.ts';
import type { Credential } from '../entra/credential.ts';
import type { SinkDeclaration } from '../pipeline/pipeline.ts';
import type { Io } from './io.ts';

/** Microsoft's public client for people at a command line: it may be given any delegated permission of Graph. */
const publicClient = '14d82eec-204b-4c2f-b7e8-296a70dab67e';

export interface Administrator {
  readonly client: string;
  readonly credential: Credential;
}

/**
 * Who acts as administrator: the application of `<prefix>_CLIENT_ID` with `<prefix>_CLIENT_SECRET` or `<prefix>_CERTIFICATE_FILE`, else a person
 * by device code. Never the runner. Errors: ENT-113.
 */
export function administratorOf(
  io: Io,
  environment: Readonly<Record<string, string | undefined>>,
  prefix: 'ENTRA_SETUP' | 'ENTRA_ADMIN',
  scopes: readonly string[],
): Administrator {
  const read = (name: string): string | undefined => {
    const value = environment[`${prefix}_${name}`];
    return value === '' ? undefined : value;
  };
  const [client, secret, file] = [read('CLIENT_ID'), read('CLIENT_SECRET'), read('CERTIFICATE_FILE')];
  if (client !== undefined && secret !== undefined) {
    return { client, credential: { kind: 'secret', secret: new Secret(`${prefix}_CLIENT_SECRET`, secret) } };
  }
  if (client !== undefined && file !== undefined) return { client, credential: { kind: 'certificate', file: resolve(file) } };
  if (secret !== undefined || file !== undefined) throw new JoineryError('ENT-113', `${prefix}_CLIENT_ID is not set`);
  const tell = (message: string): void => io.err(`${message}\n`);
  return { client: client ?? publicClient, credential: { kind: 'device', scopes, tell } };
}

/** Login and Graph of each cloud: graph-contract 4.7. */
const clouds: Readonly<Record<Exclude<SinkDeclaration['cloud']['name'], 'emulator'>, { readonly login: string; readonly graph: string }>> =
  {
    global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
    usgov: { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
    dod: { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
    china: { login: 'https://login.chinacloudapi.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' },
  };

/** Errors: CLI-101 for a cloud that is none. */
export function cloudOf(name: string | undefined, emulator: string | undefined): SinkDeclaration['cloud'] {
  if (emulator !== undefined && emulator !== '') return { name: 'emulator', login: emulator, graph: emulator };
  const wanted = name ?? 'global';
  if (wanted !== 'global' && wanted !== 'usgov' && wanted !== 'dod' && wanted !== 'china') {
    throw new JoineryError('CLI-101', `${wanted} is no cloud; write global, usgov, dod or china`);
  }
  return { name: wanted, ...clouds[wanted] };
}
