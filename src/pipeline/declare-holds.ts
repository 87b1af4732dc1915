import { formula } from './formula.ts';
import { defaulted, list, map, optional, type Kind, type Values } from './kind.ts';
import { query } from './kind-query.ts';
import { choice, text } from './kinds.ts';
import { connection } from './kinds-secret.ts';

const path = text({ words: 'the path of a file' });

const holdsMap = map({
  directory: defaulted(choice(['checked', 'unchecked'] as const), 'checked', 'checked', {
    doc: 'checked: before anything is sent that leaves an account enabled, the directory is asked whether somebody else disabled it; then it is held until joinery release. Needs User.Read.All.',
    danger: 'unchecked enables again what a security team disabled.',
    example: 'checked',
  }),
  file: optional(path, {
    doc: 'Text file with one worker id a line; lines that begin with # are for people. Whoever stands in it is not enabled, but still disabled. Read anew by each run; a file that cannot be read ends the run.',
    example: '../holds.txt',
  }),
  query: optional(query, {
    doc: 'A SELECT, or an .sql file with one, whose rows name workers on hold. Asked anew by each run before anything that leaves an account enabled is sent; where it fails, or a row names nobody, nothing of that kind is sent. :as_of is the day of the run.',
    danger: 'Whoever may write to what it reads can keep people from being enabled, and let go whom security holds.',
    example: 'SELECT worker_id FROM security.holds WHERE closed_at IS NULL',
  }),
  key: optional(text({ words: 'the name of a column' }), {
    doc: 'The column of the query that names the worker; without it the column that source.key names.',
    example: 'worker_id',
  }),
  type: optional(choice(['postgres', 'mssql'] as const), {
    doc: 'The kind of database that the query asks; without it that of source.',
    example: 'postgres',
  }),
  connection: optional(connection, {
    doc: 'The address of the database that the query asks, if it is another than the source: a reference to the environment, or a file.',
    example: '${SECURITY_DATABASE_URL}',
  }),
});

type HoldsValues = Values<typeof holdsMap.fields>;

/** `holds: unchecked` says it in a word. */
export const holdsFields: Kind<HoldsValues> & Pick<typeof holdsMap, 'fields' | 'absent'> = {
  ...holdsMap,
  words: 'unchecked, or a map of fields (directory, file, query, …)',
  schema: { anyOf: [{ const: 'unchecked' }, holdsMap.schema] },
  read(node, at, reading) {
    if (node.kind === 'scalar' && node.value === 'unchecked') {
      return { directory: 'unchecked', file: undefined, query: undefined, key: undefined, type: undefined, connection: undefined };
    }
    return holdsMap.read(node, at, reading);
  },
};

export const protectedFields = map({
  workers: defaulted(list(text({ words: 'a worker id' })), [], 'none', {
    doc: 'Ids of workers who are never touched: nothing is sent about them, not even a disable.',
    danger: 'Their accounts stay on when they leave.',
    example: '[W000001]',
  }),
  file: optional(path, {
    doc: 'Text file with one worker id a line, read anew by each run; a file that cannot be read ends the run.',
    example: '../protected.txt',
  }),
  when: optional(formula, {
    doc: 'JSONata over the columns of the row, with lets and lookups as in transform: whoever it is true for is never touched. Who is no longer in the source is what he was when he was last read. A row for which it has no answer is rejected and leaves the worker what he was.',
    danger: 'Their accounts stay on when they leave. Every column that it reads is required or states whenNull.',
    example: 'job_code in ["CEO", "CFO"]',
  }),
});
