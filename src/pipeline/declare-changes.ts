import { defaulted, map, optional, reportKind, required, type Kind } from './kind.ts';
import { choice, duration, parseDuration, parsedText, text, waitingTime } from './kinds.ts';
import { isCron } from './cron.ts';

const column = text({ words: 'the name of a column' });
const tableName = text({ words: 'the name of a table or view, with its schema if need be', pattern: /^[^\s;'"()]+$/ });

/** How far back to read: a length of time for columns of time, a number for counting columns. */
const lookBack: Kind<{ readonly milliseconds: number } | { readonly steps: number }> = {
  words: 'a length of time such as 15m, or a whole number for a column that counts',
  schema: { anyOf: [duration.schema, { type: 'integer', minimum: 0 }] },
  read(node, path, reading) {
    if (node.kind === 'scalar' && typeof node.value === 'number' && Number.isInteger(node.value) && node.value >= 0)
      return { steps: node.value };
    const milliseconds = node.kind === 'scalar' && typeof node.value === 'string' ? parseDuration(node.value) : undefined;
    return milliseconds === undefined ? reportKind(reading, node, path, this.words) : { milliseconds };
  },
};

/** How a run finds out who changed. */
export const changesFields = map({
  mode: defaulted(choice(['snapshot', 'rowversion', 'watermark'] as const), 'snapshot', 'snapshot', {
    doc: 'snapshot reads every row and compares fingerprints. rowversion, for a table, reads of every row its key and its version, then the rows of which that is another, and everything once in every fullPass. The version is where and by which transaction PostgreSQL wrote the row (ctid, xmin), for which no column, trigger or index is needed; of mssql it is a column of the type rowversion. watermark reads the rows whose column moved on since the last accepted run, and everything once in every fullPass.',
    danger: 'A watermark sees only what its column tells: rows that vanish, and rows that change without it, are found by the full pass.',
    example: 'rowversion',
  }),
  column: optional(column, {
    doc: 'For watermark: the column that grows with every change of a row: a time of last change, or a counter. It needs an index; the column need not be declared. For rowversion of mssql: the column of the type rowversion.',
    example: 'updated_at',
  }),
  lookBack: optional(lookBack, {
    doc: 'For watermark: how far before the last position each read begins, so that a change that was committed late is seen. A length of time, or for a column that counts a number. Without it 15m, or 1000.',
    danger: 'A transaction that stays open longer than this is seen by the next full pass only.',
    example: '15m',
  }),
  fullPass: defaulted(duration, 86_400_000, '24h', {
    doc: 'For watermark and rowversion: how old the last full pass may be before a run reads everything. With a watermark only full passes find out who vanished.',
    danger:
      'With a watermark, leavers that HR removes from the table keep their account until the full passes of leavers.vanished have been.',
    example: '24h',
  }),
});

/** How HR says that there is something to do. */
export const outboxFields = map({
  notify: optional(
    parsedText({ words: 'a channel of LISTEN and NOTIFY', pattern: /^[A-Za-z_][A-Za-z0-9_]{0,62}$/ }, (name) => name),
    {
      doc: 'For postgres: joinery watch listens on this channel, and a NOTIFY starts a run at once.',
      example: 'joinery_workers',
    },
  ),
  table: optional(tableName, {
    doc: 'A table that triggers fill. joinery watch looks at its hundred highest values of column and starts a run when they are others.',
    example: 'hr.joinery_outbox',
  }),
  column: optional(column, { doc: 'The column of table that grows with every line; it needs an index.', example: 'id' }),
  every: defaulted(waitingTime, 10_000, '10s', { doc: 'How often the table is asked.', example: '30s' }),
});

/** When joinery watch starts runs. */
export const scheduleFields = map({
  cron: required(
    parsedText({ words: 'five fields of cron such as */30 * * * *', code: 'PIP-331' }, (line) => (isCron(line) ? line : undefined)),
    {
      doc: 'When joinery watch starts a run: minute, hour, day of month, month, day of week, in the timezone of the pipeline (UTC without one).',
      example: "'*/30 6-20 * * 1-5'",
    },
  ),
  debounce: defaulted(duration, 30_000, '30s', {
    doc: 'How long the outbox has to be quiet before it starts a run, so that a bulk change starts one run and not hundreds; at most ten times as long after the first sign.',
    example: '1m',
  }),
});
