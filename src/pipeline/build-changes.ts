import type { SourceValues } from './build-source.ts';
import type { OutboxDeclaration, VersionsDeclaration, WatermarkDeclaration } from './pipeline.ts';
import type { Reading } from './reading.ts';
import type { SqlDialect } from './sql-tokens.ts';

/** Whether the text uses the parameter; a `::` is a cast. Quotes and comments are looked through here: this is a check, the statement is taken apart by the source. */
const since = /(?<![:\w]):since(?!\w)/i;

const also: Readonly<Record<string, string>> = { fullPass: ' or rowversion', column: ', and of mssql with rowversion' };

/** Undefined: no watermark, or one that lacks something. */
export function buildChanges(
  values: SourceValues,
  sql: string | undefined,
  dialect: SqlDialect,
  reading: Reading,
): WatermarkDeclaration | undefined {
  const { mode, column, lookBack, fullPass } = values.changes;
  const uses = sql !== undefined && since.test(sql);
  if (mode !== 'watermark') {
    for (const name of ['column', 'lookBack', 'fullPass']) {
      const path = `source.changes.${name}`;
      const isVersions = mode === 'rowversion' && (name === 'fullPass' || (name === 'column' && dialect === 'mssql'));
      if (!reading.isWritten(path) || isVersions) continue;
      reading.report('PIP-323', reading.rangeOf(path), `${path} goes with mode: watermark${also[name] ?? ''}`);
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

/** Undefined: another mode, or one that lacks something. */
export function buildVersions(values: SourceValues, dialect: SqlDialect, reading: Reading): VersionsDeclaration | undefined {
  const { mode, fullPass, column } = values.changes;
  if (mode !== 'rowversion') return undefined;
  const range = reading.rangeOf('source.changes.mode');
  const refuse = (message: string, fix: string): undefined => {
    reading.report('PIP-323', range, `source.changes is rowversion, ${message}`, { fix });
  };
  if (reading.isWritten('source.query'))
    return refuse(
      'and nothing is added to a query',
      'Give source.table with columns and where in place of source.query, or use mode: snapshot.',
    );
  if (dialect === 'postgres') return { fullPass, place: reading.placeOf('source.changes.mode') };
  if (values.join !== undefined)
    return refuse('and a change in a joined table moves no version of SQL Server', 'Read a table without join, or use mode: snapshot.');
  if (column === undefined) {
    if (reading.isWritten('source.changes.column')) return undefined;
    return refuse(
      'and SQL Server has a version only where a column holds it',
      'Give column: and the name of a column of the type rowversion.',
    );
  }
  return { column, fullPass, place: reading.placeOf('source.changes.column') };
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
