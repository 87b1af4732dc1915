import { readFileSync } from 'node:fs';
import { JoineryError } from '../domain/error.ts';
import { isObject, parseJson, type JsonObject } from './json.ts';
import { isSwitchName, type EmulatorSwitches } from './switches.ts';

/** What a profile changes: switches as the tenant behaves, and its latency, ms. */
export interface Profile {
  readonly switches: Partial<EmulatorSwitches>;
  readonly latencyMs?: number;
}

/**
 * Reads what `joinery entra probe` wrote. Switches that this emulator does not have are an error: the profile would be obeyed in part. Throws EMU-106 for a
 * file that is no profile; values are checked where switches are set (EMU-103).
 */
export function readProfile(file: string): Profile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new JoineryError('EMU-106', `${file} cannot be read`, { cause });
  }
  const document = parseJson(text);
  if (!isObject(document) || document['kind'] !== 'joinery probe profile' || document['version'] !== 1 || !isObject(document['switches']))
    throw new JoineryError('EMU-106', `${file} is no profile of a probe`);
  const switches: JsonObject = document['switches'];
  const unknown = Object.keys(switches).filter((name) => !isSwitchName(name));
  if (unknown.length > 0) throw new JoineryError('EMU-106', `${file} names ${unknown.join(', ')}, which is no switch of this emulator`);
  const latency = document['latencyMilliseconds'];
  if (latency !== undefined && (typeof latency !== 'number' || !Number.isFinite(latency) || latency < 0))
    throw new JoineryError('EMU-106', `latencyMilliseconds of ${file} is no number of milliseconds`);
  return {
    switches,
    ...(latency === undefined ? {} : { latencyMs: latency }),
  };
}
