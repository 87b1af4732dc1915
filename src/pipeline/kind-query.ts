import type { Place } from '../domain/place.ts';
import { reportKind, type Kind } from './kind.ts';
import { indexLines } from './line-index.ts';
import { holdsReference } from './literal-password.ts';

/** SQL with the file it stands in. */
export interface QueryText {
  readonly sql: string;
  readonly file: string;
  readonly firstLine: number;
  readonly placeAt: (offset: number, length: number) => Place;
}

const words = 'the path of an .sql file, or a SELECT statement';

/** SQL inline, or the path of a file that ends in `.sql`. */
export const query: Kind<QueryText> = {
  words,
  schema: { type: 'string', minLength: 1 },
  read(node, path, reading) {
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return reportKind(reading, node, path, words);
    const decoded = node.decoded();
    const { text } = decoded;
    if (/^\S.*\.sql$/i.test(text.trim()) && !/[\r\n]/.test(text.trim())) {
      const name = text.trim();
      const sql = reading.readText(name, node.range);
      if (sql === undefined) return undefined;
      const file = reading.displayPath(name);
      const lines = indexLines(file, sql);
      return { sql, file, firstLine: 1, placeAt: (offset, length) => lines.place([offset, offset + length]) };
    }
    if (!/\s/.test(text.trim())) {
      return reading.report('PIP-103', node.range, `${path} takes ${words}, not ${JSON.stringify(text)}`, {
        fix: 'Name a file that ends in .sql, or use table for the name of a table.',
      });
    }
    if (holdsReference(text)) return reading.report('PIP-203', node.range, `${path} cannot come from the environment`);
    const placeAt: QueryText['placeAt'] = (offset, length) => reading.lines.place(decoded.rangeOf(offset, length));
    return { sql: text, file: reading.file, firstLine: placeAt(0, 1).line, placeAt };
  },
};
