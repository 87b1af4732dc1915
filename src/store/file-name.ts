import { JoineryError } from '../domain/error.ts';

/** Device names of Windows: `con.json` is the console there. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * A file name for a pipeline: what is not a lower-case letter, digit, hyphen or underscore becomes `%` and hex digits of its UTF-8 bytes,
 * so that names which differ stay different where case does not count (macOS, Windows).
 */
export function fileNameOf(pipeline: string): string {
  const safe = pipeline.replaceAll(/[^a-z0-9_-]/gu, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  return reserved.test(safe) ? `_${safe}` : safe;
}

/** A name that is a file name everywhere already: run ids and the names of run files. Errors: STO-401. */
export function checkedFileName(name: string): string {
  if (/^[a-zA-Z0-9_][a-zA-Z0-9._-]*$/.test(name) && !name.endsWith('.') && !reserved.test(name) && name.length <= 200) return name;
  throw new JoineryError('STO-401', `${JSON.stringify(name)} cannot be the name of a file in the state.`);
}
