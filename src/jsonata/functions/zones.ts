import { Temporal } from 'temporal-polyfill';
import { failFunction } from './arguments.ts';

const offsetZone = /^[+-](?:0\d|1[0-4]):[0-5]\d$/;
const knownZones = new Map<string, string>();

/**
 * The zone as Temporal takes it: an IANA name, `UTC`, `Z`, or a fixed offset `±hh:mm` up to 14 hours. JSN-503 otherwise.
 * Results are remembered: asking for a zone costs microseconds, and rows ask for the same few.
 */
export function resolveZone(zone: string, functionName: string): string {
  const known = knownZones.get(zone);
  if (known !== undefined) return known;
  const name = zone === 'Z' ? 'UTC' : zone;
  if (!offsetZone.test(name) && !/^[A-Za-z][\w+/-]*$/.test(name)) return refuseZone(zone, functionName);
  try {
    Temporal.PlainDate.from('2000-01-01').toZonedDateTime(name);
  } catch {
    return refuseZone(zone, functionName);
  }
  if (knownZones.size > 1000) knownZones.clear();
  knownZones.set(zone, name);
  return name;
}

function refuseZone(zone: string, functionName: string): never {
  return failFunction('JSN-503', functionName, `${JSON.stringify(zone)} is not a time zone`);
}

/** `+02:00`: what the clocks of the zone are ahead of UTC at the instant, in whole minutes as ISO 8601 writes it. */
export function formatOffset(nanoseconds: number): string {
  const minutes = Math.round(nanoseconds / 6e10);
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${String(Math.floor(absolute / 60)).padStart(2, '0')}:${String(absolute % 60).padStart(2, '0')}`;
}
