import type { SourceValues } from './build-source.ts';
import type { OutboxDeclaration, VersionsDeclaration, WatermarkDeclaration } from './pipeline.ts';
import type { Reading } from './reading.ts';
import type { SqlDialect } from './sql-tokens.ts';

/** Whether the text uses the parameter; a `::` is a cast. Quotes and comments are looked through here: this is a check, the statement is taken apart by the source. */
const since = /(?<![:\w]):since(?!\w)/i;

/** Undefined: no watermark, or one that lacks something. */
export function buildChanges(values: SourceValues, sql: string | undefined, reading: Reading): WatermarkDeclaration | undefined {
  const { mode, column, lookBack, fullPass } = values.changes;
  const uses = sql !== undefined && since.test(sql);
  if (mode !== 'watermark') {
    for (const name of ['column', 'lookBack', 'fullPass']) {
      const path = `source.changes.${name}`;
      if (!reading.isWritten(path) || (name === 'fullPass' && mode === 'rowversion')) continue;
      reading.report(
        'PIP-323',
        reading.rangeOf(path),
        `${path} goes with mode: ${name === 'fullPass' ? 'watermark or rowversion' : 'watermark'}`,
      );
    }
    if (uses)
      reading.report('PIP-323', reading.rangeOf('source.query'), 'the query uses :since, which only changes: { mode: watermark } fills');
    return undefined;
  }
  if (column === undefined) {
    if (!reading.isWritten('source.changes.column')) {
      reading.report('PIP-323', reading.rangeOf('source.changes'), 'source.changes is a watermark without column');
    }
    return undefined;
  }
  if (sql !== undefined && !uses) {
    reading.report('PIP-323', reading.rangeOf('source.query'), 'source.changes is a watermark, and the query does not use :since', {
      fix: `Add a condition such as (:since IS NULL OR ${column} >= :since); :since is NULL in a full pass.`,
    });
  }
  return { mode, column, lookBack, fullPass, place: reading.placeOf('source.changes.column') };
}

/** Undefined: another mode, or a source whose rows have no version that could be asked for. */
export function buildVersions(values: SourceValues, dialect: SqlDialect, reading: Reading): VersionsDeclaration | undefined {
  const { mode, fullPass } = values.changes;
  if (mode !== 'rowversion') return undefined;
  const range = reading.rangeOf('source.changes.mode');
  if (dialect === 'mssql') {
    return reading.report('PIP-323', range, 'source.changes is rowversion, which only PostgreSQL has for every row', {
      fix: 'Use mode: watermark with a column that grows with every change, or mode: snapshot.',
    });
  }
  if (reading.isWritten('source.query')) {
    return reading.report('PIP-323', range, 'source.changes is rowversion, and nothing is added to a query', {
      fix: 'Give source.table with columns, join and where in place of source.query, or use mode: snapshot.',
    });
  }
  return { fullPass, place: reading.placeOf('source.changes.mode') };
}

export function buildOutbox(values: SourceValues, dialect: SqlDialect, reading: Reading): OutboxDeclaration | undefined {
  if (values.outbox === undefined) return undefined;
  const { notify, table, column, every } = values.outbox;
  const place = reading.placeOf('source.outbox');
  const written = (name: string): boolean => reading.isWritten(`source.outbox.${name}`);
  if (written('notify') === written('table')) {
    return reading.report('PIP-323', reading.rangeOf('source.outbox'), 'source.outbox has not exactly one of notify and table');
  }
  if (written('notify')) {
    if (dialect === 'mssql') {
      return reading.report('PIP-323', reading.rangeOf('source.outbox.notify'), 'SQL Server has no NOTIFY', {
        fix: 'Give table and column; joinery watch looks at its highest values.',
      });
    }
    return notify === undefined ? undefined : { kind: 'notify', channel: notify, place };
  }
  if (!written('column')) {
    return reading.report('PIP-323', reading.rangeOf('source.outbox.table'), 'source.outbox.table goes with source.outbox.column');
  }
  return table === undefined || column === undefined ? undefined : { kind: 'table', table, column, every, place };
}
