import type { ColumnTypes } from './migrations.ts';

interface View {
  readonly name: string;
  /** What a row is. */
  readonly about: string;
  /** Column and the expression that it is; the expression is left out where it is the column of the table. */
  readonly columns: readonly (readonly [name: string, expression?: string])[];
  readonly from: string;
}

const job = 'JOIN jobs j ON j.id =';

/**
 * The state for people who bring their own tool. Names and columns stay, whatever becomes of the tables below; a new column may come. No view has a payload, a user name,
 * a text of the service or a row of HR in it: what may be shown of them depends on classes that SQL does not know. SQL that SQLite, PostgreSQL and DuckDB all take, so that DuckDB can open
 * the views of an attached file.
 */
function views({ member }: ColumnTypes): readonly View[] {
  return [
    {
      name: 'audit_runs',
      about: 'a run',
      columns: [
        ['run', 'id'],
        ['pipeline'],
        ['tenant'],
        ['job'],
        ['as_of'],
        ['started_at'],
        ['finished_at'],
        ['state'],
        ['mapping_id'],
        ['plan_hash'],
        ['workers_read', 'population'],
      ],
      from: 'runs',
    },
    {
      name: 'audit_operations',
      about: 'an operation; `ended` is its outcome, else `open`, `unsent`, `refused` or `dropped`, as in the report',
      columns: [
        ['operation', 'o.id'],
        ['run', 'o.run'],
        ['pipeline', 'r.pipeline'],
        ['batch', 'o.batch'],
        ['place', 'o.ordinal + 1'],
        ['worker', 'o.external_id'],
        ['change', 'o.change'],
        ['active', 'o.active'],
        ['state', 'o.state'],
        ['outcome', 'o.outcome'],
        [
          'ended',
          `CASE WHEN o.outcome IS NOT NULL THEN o.outcome WHEN o.state IN ('sending', 'sent', 'unknown') THEN 'open' WHEN o.state = 'planned' THEN 'unsent' ELSE o.state END`,
        ],
        ['code', member('o.failure', 'code')],
        ['payload_hash', 'o.payload_hash'],
        ['overtakes', 'o.overtakes'],
        ['sent_at', 'o.sent_at'],
        ['accepted_at', 'o.accepted_at'],
        ['closed_at', 'o.closed_at'],
        ['erased_at', 'o.erased_at'],
      ],
      from: 'operations o JOIN runs r ON r.id = o.run',
    },
    {
      name: 'audit_batches',
      about: 'a bulk request, with the ids that Microsoft’s support asks for',
      columns: [
        ['batch', 'b.id'],
        ['run', 'b.run'],
        ['pipeline', 'r.pipeline'],
        ['place', 'b.sequence + 1'],
        ['state', 'b.state'],
        ['operations', 'b.operations'],
        ['bytes', 'b.bytes'],
        ['body_hash', 'b.body_hash'],
        ['sends', 'b.sends'],
        ['client_request_id', 'b.client_request_id'],
        ['request_id', 'b.request_id'],
        ['sent_at', 'b.sent_at'],
        ['accepted_at', 'b.accepted_at'],
      ],
      from: 'batches b JOIN runs r ON r.id = b.run',
    },
    {
      name: 'audit_calls',
      about: 'a call that was reserved of window and quota',
      columns: [['call', 'id'], ['tenant'], ['pipeline'], ['batch'], ['reserved_at'], ['answered_at'], ['counted']],
      from: 'calls',
    },
    {
      name: 'audit_workers',
      about: 'a worker of the ledger; `enabled` is what was sent, or without that confirmed',
      columns: [
        ['worker', 'e.external_id'],
        ['pipeline', 'e.owner'],
        ['tenant', 'j.tenant'],
        ['job', 'j.job'],
        ['verdict', 'e.verdict'],
        ['reasons', 'e.reasons'],
        ['evaluated_run', 'e.evaluated_run'],
        ['next_date', 'e.next_date'],
        ['desired_change', 'e.desired_change'],
        ['desired_run', 'e.desired_run'],
        ['desired_hash', 'e.desired_hash'],
        ['sent_operation', 'e.sent_operation'],
        ['sent_change', 'e.sent_change'],
        ['confirmed_hash', 'e.confirmed_hash'],
        ['confirmed_active', 'e.confirmed_active'],
        ['confirmed_at', 'e.confirmed_at'],
        ['enabled', 'CASE WHEN e.sent_hash IS NULL THEN e.confirmed_active ELSE e.sent_active END'],
        ['baseline_unknown', 'e.baseline_unknown'],
        ['failed_code', 'e.failed_code'],
        ['failed_at', 'e.failed_at'],
        ['missing_passes', 'e.missing_passes'],
        ['missing_since', 'e.missing_since'],
        ['released_at', 'e.released_at'],
      ],
      from: `entries e ${job} e.job_id`,
    },
    {
      name: 'audit_log_rows',
      about: 'a row of the provisioning logs that was kept',
      columns: [
        ['log_row', 'l.id'],
        ['tenant', 'j.tenant'],
        ['job', 'j.job'],
        ['worker', 'l.external_id'],
        ['at', 'l.at'],
        ['action', member('l.body', 'provisioningAction')],
      ],
      from: `log_rows l ${job} l.job_id`,
    },
    {
      name: 'audit_journal',
      about: 'a line of the journal',
      columns: [['sequence'], ['at'], ['kind'], ['data'], ['previous'], ['hash']],
      from: 'journal',
    },
  ];
}

export function viewStatements(types: ColumnTypes): string[] {
  return views(types).map(({ name, columns, from }) => {
    const selected = columns.map(([column, expression]) => (expression === undefined ? column : `${expression} AS ${column}`));
    return `CREATE VIEW ${name} AS SELECT ${selected.join(', ')} FROM ${from}`;
  });
}

/** The table of the guide page. */
export function viewTable(): string {
  const rows = views({ kind: 'sqlite', text: '', bytes: '', member: () => '' }).map(
    ({ name, about, columns }) => `| \`${name}\` | ${about} | ${columns.map(([column]) => `\`${column}\``).join(', ')} |`,
  );
  return ['| View | A row is | Columns |', '| --- | --- | --- |', ...rows].join('\n');
}
