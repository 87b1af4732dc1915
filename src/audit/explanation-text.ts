import { stopsPlan } from '../domain/approval.ts';
import type { Explanation, NamedValue, OperationStory, SourceReading } from './explanation.ts';
import { count, shortPath, spaced, time } from './words.ts';

/** How headings are set off; the terminal makes them bold. */
export type Heading = (text: string) => string;

/** The explanation as a person reads it. `onlyAttribute`: without payload and columns that the attribute does not need. */
export function renderExplanation(explanation: Explanation, heading: Heading, onlyAttribute = false): string {
  const { source, decision, ledger, rejections, guards, operations, timeline, run } = explanation;
  const lines = [`${heading(explanation.worker)} of ${explanation.pipeline}`, '', explanation.summary, ''];
  const section = (title: string, body: readonly string[]): void => {
    if (body.length > 0) lines.push(heading(title), ...body.map((line) => `  ${line}`), '');
  };
  section(
    'Source',
    source === undefined ? ['No run that still has its files kept the rows of this worker.'] : sourceLines(source, run.id, onlyAttribute),
  );
  section('Mapping', source === undefined ? [] : stepLines(source));
  section(
    'Rejected',
    rejections.flatMap(({ code, message, why, fix }) => [`${code} ${message}`, `  why: ${why}`, `  fix: ${fix}`]),
  );
  if (decision !== undefined) {
    section('Plan', [
      `change     ${decision.change ?? 'none'}`,
      `because    ${decision.because}`,
      ...(decision.verdict === undefined ? [] : [`verdict    ${spaced(decision.verdict)}`]),
      ...(decision.baseline === undefined ? [] : [`baseline   ${decision.baseline.slice(0, 22)}`]),
      ...(decision.payloadHash === undefined ? [] : [`payload    ${decision.payloadHash.slice(0, 12)}`]),
      ...guards.filter(stopsPlan).map(({ guard, words }) => `stopped by guard ${guard}: ${words}`),
      ...decision.warnings,
    ]);
    section(
      'Old → new',
      decision.differences.map(
        ({ path, kind, old, new: next }) =>
          `${shortPath(path)}: ${old === '' ? '' : `${old} → `}${kind === 'emptied' ? '(emptied)' : next}`,
      ),
    );
    if (!onlyAttribute) section('Payload', columnsOf(decision.payload));
  }
  section('Operations', operations.flatMap(operationLines));
  if (ledger !== undefined) {
    section('Ledger', [
      `owner      ${ledger.owner}`,
      `evaluated  ${ledger.evaluated ?? 'nothing'}`,
      `desired    ${ledger.desired ?? 'nothing'}`,
      `sent       ${ledger.sent ?? 'nothing is in flight'}`,
      `confirmed  ${ledger.confirmed ?? 'nothing'}`,
      ...ledger.notes,
    ]);
  }
  section(
    'Timeline',
    timeline.map(({ at, run: id, words }) => `${time(at)}  ${id}  ${words}`),
  );
  if (explanation.masked) lines.push('Personal values are masked; --reveal "REASON" shows them and is journalled.');
  return `${lines.join('\n').trimEnd()}\n`;
}

function sourceLines({ run, asOf, rows, sameMapping, steps }: SourceReading, asked: string, onlyAttribute: boolean): string[] {
  const wanted = new Set(steps.map(({ name }) => name));
  const lines = [run === asked ? `read by this run, as of ${time(asOf)}` : `last read by run ${run}, as of ${time(asOf)}`];
  if (!sameMapping) lines.push('The mapping has changed since: the steps below show what the pipeline file says now.');
  for (const { ordinal, values, problems } of rows) {
    lines.push(`row ${count(ordinal)}`);
    lines.push(
      ...columnsOf(onlyAttribute ? values.filter(({ name }) => wanted.has(name)) : values).map((line) => `  ${line}`),
      ...problems.map((problem) => `  ${problem}`),
    );
  }
  return lines;
}

function stepLines({ steps, rows }: SourceReading): string[] {
  const lines = steps
    .filter(({ kind }) => kind !== 'column')
    .flatMap(({ name, expression, value, reads }) => [
      `${shortPath(name)} = ${value}`,
      ...(expression === '' ? [] : [`    ${expression.replaceAll(/\s+/g, ' ')}`]),
      ...(reads.length === 0 ? [] : [`    reads ${reads.map((read) => `${read} = ${valueOf(steps, read)}`).join(', ')}`]),
    ]);
  return lines.length === 0 && rows.length > 1 ? ['None of the rows is the one that counts.'] : lines;
}

function valueOf(steps: readonly NamedValue[], name: string): string {
  return steps.find((step) => step.name === name)?.value ?? 'nothing';
}

function columnsOf(values: readonly NamedValue[]): string[] {
  const width = Math.min(28, Math.max(0, ...values.map(({ name }) => shortPath(name).length)));
  return values.map(({ name, value }) => `${shortPath(name).padEnd(width)}  ${value}`);
}

function operationLines(story: OperationStory): string[] {
  const { batch } = story;
  return [
    `${story.id}: ${story.change}, ${story.outcome === undefined ? story.state : spaced(story.outcome)}`,
    `  place ${String(story.place)} of ${String(batch.operations)} in batch ${batch.id}, which left ${batch.sends === 1 ? 'once' : `${String(batch.sends)} times`}`,
    `  client-request-id ${batch.clientRequestId}${batch.requestId === undefined ? '' : `, request-id ${batch.requestId}`}, bulkId ${story.bulkId}`,
    ...(story.sentAt === undefined
      ? []
      : [`  sent ${time(story.sentAt)}${story.acceptedAt === undefined ? ', no 202 came back' : `, accepted ${time(story.acceptedAt)}`}`]),
    ...(story.reason === undefined ? [] : [`  ${story.reason}`]),
    ...(story.todo === undefined ? [] : [`  what to do: ${story.todo}`]),
    ...story.rows.flatMap((row) => [
      `  log row ${row.id} ${row.at} ${row.action} ${row.status}${row.error === undefined ? '' : `: ${row.error}`}`,
      ...row.steps.map(({ type, status, description }) => `    ${type} ${status}${description === '' ? '' : `: ${description}`}`),
    ]),
  ];
}
