import { JoineryError } from '../domain/error.ts';
import { quoteName } from './quote-name.ts';
import type { Dialect } from './statement.ts';

/** `hr.workers`, `"HR"."Worker List"`, `[HR].[Worker List]` to its one to three parts. Unquoted parts are taken as they stand (PostgreSQL: in lower case, as it does itself in UTF-8, where only ASCII letters are folded). */
export function readTableName(table: string, dialect: Dialect): readonly string[] {
  const part = /\s*(?:"((?:[^"]|"")+)"|\[((?:[^\]]|\]\])+)\]|([\p{L}_][\p{L}\p{N}_$#@]*))\s*(\.|$)/uy;
  const parts: string[] = [];
  let more = true;
  while (more) {
    const match = part.exec(table);
    if (match === null) break;
    const [, doubled, bracketed, bare, dot] = match;
    if (bracketed !== undefined && dialect === 'postgres') break;
    const name = doubled?.replaceAll('""', '"') ?? bracketed?.replaceAll(']]', ']') ?? bare ?? '';
    parts.push(bare !== undefined && dialect === 'postgres' ? name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name);
    more = dot === '.';
    if (!more && parts.length <= (dialect === 'postgres' ? 2 : 3)) return parts;
  }
  throw new JoineryError('SRC-105', `source.table is not the name of a table: ${table}`, {
    fix: `Write schema.table; quote a part that is not a plain name ${dialect === 'postgres' ? '"like this"' : '[like this]'}.`,
  });
}

/** The name of a table as a pipeline has it: plain parts as they are, the others quoted as the database does. */
export function writeTableName(parts: readonly string[], dialect: Dialect): string {
  const plain = dialect === 'postgres' ? /^[a-z_][a-z0-9_]*$/ : /^[A-Za-z_]\w*$/;
  return parts.map((part) => (plain.test(part) ? part : quoteName(part, dialect))).join('.');
}
