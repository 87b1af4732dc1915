import type { CsvSource } from '../../pipeline/pipeline.ts';
import type { TableSurvey } from '../../pipeline/survey.ts';
import type { Proposal, ProposedAttribute, ProposedColumn, ProposedDeclaration } from './proposal.ts';
import { writeComment, writeExpression, writeName, writeScalar } from './yaml-text.ts';

export interface PipelineTexts {
  readonly name: string;
  readonly type: TableSurvey['type'];
  /** What was looked at, for the head of the file: `hr.workers (table, 1,000 rows)`. */
  readonly origin: string;
  /** Where the rows come from: a variable with the address, and a table or the file of a query; or a CSV file. */
  readonly source: ({ readonly variable: string } & ({ readonly table: string } | { readonly query: string })) | CsvTexts;
  /** In which order the rows are read, as a sentence without its stop. */
  readonly order: string;
  readonly timezone?: string | undefined;
  /** Sends to an emulated tenant. */
  readonly emulator: boolean;
  /** Versions of rows could stand for the rows. */
  readonly hasVersions?: boolean;
  /** The script that grants the columns; absent: there is nothing to grant. */
  readonly grants?: string;
}

/** A CSV file and its form, with what says so. */
interface CsvTexts {
  readonly file: string;
  readonly delimiter: CsvSource['delimiter'];
  readonly delimiterReason: string;
  readonly encoding: CsvSource['encoding'];
  readonly encodingReason: string;
}

/** The pipeline file. What is not sure stands as a comment, with its reason. */
export function writePipeline(proposal: Proposal, texts: PipelineTexts): string {
  const usesClock = proposal.employment?.isSure === true;
  const timezone = texts.timezone ?? (usesClock ? 'UTC' : undefined);
  return [
    `# Proposed by joinery init from ${writeComment(texts.origin)}: from the names of its columns and the shapes of their values. No value of a row is in this file.`,
    '# Nobody has decided anything yet. Every line has its reason behind it; what is not sure is a comment.',
    ...proposal.decide.map((sentence) => `# DECIDE ${writeComment(sentence)}.`),
    `pipeline: ${writeScalar(texts.name)}`,
    ...(timezone === undefined
      ? []
      : [`timezone: ${writeScalar(timezone)}${texts.timezone === undefined ? ' # not known; days begin at midnight there' : ''}`]),
    '',
    ...writeSource(proposal, texts),
    '',
    'transform:',
    ...writeEmployment(proposal),
    '  attributes:',
    ...writeAttributes(proposal.attributes),
    '',
    'leavers:',
    '  vanished: { action: disable, after: { fullPasses: 2, hours: 24 } }',
    '',
    'guards:',
    proposal.isActiveOpen
      ? '  first: { joiners: 0 } # nobody is created before it is decided who works here; then about as many as there are workers'
      : '  first: { joiners: 100 } # raise it to about as many as there are workers, once the first plan looks right',
    '',
    ...writeSink(texts.emulator),
    '',
  ].join('\n');
}

function writeSource(proposal: Proposal, { type, source, order, hasVersions, grants }: PipelineTexts): string[] {
  const { key, primary, watermark, columns } = proposal;
  const read = columns.filter(({ isRead }) => isRead);
  const unread = columns.filter(({ isRead }) => !isRead);
  const grant = grants === undefined ? '' : `, and grant what it needs as ${writeComment(grants)} does`;
  return [
    'source:',
    `  type: ${type}`,
    ...writeOrigin(source),
    `  key: ${writeScalar(key.column)} # ${writeComment(key.reason)}`,
    `  # ${writeComment(order)}.`,
    ...(primary === undefined ? [] : [`  primary: ${writeScalar(primary.column)} # ${writeComment(primary.reason)}`]),
    ...(hasVersions === true
      ? [
          `  # changes: { mode: rowversion } # reads the key of every row, and then only the rows that were written since${grants === undefined ? '' : `; needs ctid and xmin, which ${writeComment(grants)} grants`}`,
        ]
      : []),
    ...(watermark === undefined
      ? []
      : [`  # changes: { mode: watermark, column: ${writeScalar(watermark.column)} } # ${writeComment(watermark.reason)}`]),
    '  columns:',
    ...read.map((column) => `    ${writeColumn(column)}`),
    ...(unread.length === 0 ? [] : [`    # Not read, because nothing is made of them. Uncomment what an expression needs${grant}.`]),
    ...unread.map((column) => `    # ${writeColumn(column)}`),
  ];
}

function writeOrigin(source: PipelineTexts['source']): string[] {
  if ('file' in source)
    return [
      `  file: ${writeScalar(source.file)}`,
      `  delimiter: ${source.delimiter === '\t' ? 'tab' : writeScalar(source.delimiter)} # ${writeComment(source.delimiterReason)}`,
      `  encoding: ${source.encoding} # ${writeComment(source.encodingReason)}`,
    ];
  return [
    `  connection: \${${source.variable}}`,
    'table' in source ? `  table: ${writeScalar(source.table)}` : `  query: ${writeScalar(source.query)}`,
  ];
}

function writeColumn({ name, declaration, reason }: ProposedColumn): string {
  return `${writeName(name)}: ${writeDeclaration(declaration)} # ${writeComment(reason)}`;
}

function writeDeclaration({ type, required, values, whenNull, class: openness }: ProposedDeclaration): string {
  const fields = [
    `type: ${type}`,
    ...(required ? ['required: true'] : []),
    ...(values === undefined
      ? []
      : [`values: [${values.map((value) => (typeof value === 'number' ? String(value) : writeScalar(value))).join(', ')}]`]),
    ...(whenNull === undefined ? [] : [`whenNull: ${whenNull}`]),
    ...(openness === undefined ? [] : [`class: ${openness}`]),
  ];
  return `{ ${fields.join(', ')} }`;
}

function writeEmployment({ employment }: Proposal): string[] {
  if (employment === undefined) return [];
  const { start, end, zone, isSure, reason } = employment;
  const fields = [
    `start: ${writeScalar(start)}`,
    `end: ${writeScalar(end)}`,
    ...(zone === undefined ? [] : [`zone: ${writeScalar(zone)}`]),
  ];
  const line = `employment: { ${fields.join(', ')} }`;
  if (isSure) return [`  ${line} # ${writeComment(reason)}`];
  return [`  # ${line} # ${writeComment(reason)}. With it, and timezone, $employed says who is employed today; it goes into active.`];
}

interface Level {
  readonly lines: Map<string, ProposedAttribute[]>;
  readonly levels: Map<string, Level>;
}

function writeAttributes(attributes: readonly ProposedAttribute[]): string[] {
  const root: Level = { lines: new Map(), levels: new Map() };
  for (const attribute of attributes) {
    let level = root;
    for (const name of attribute.path.slice(0, -1)) {
      const inner = level.levels.get(name) ?? { lines: new Map(), levels: new Map() };
      level.levels.set(name, inner);
      level = inner;
    }
    const last = attribute.path.at(-1) ?? '';
    level.lines.set(last, [...(level.lines.get(last) ?? []), attribute]);
  }
  return writeLevel(root, 4);
}

function writeLevel({ lines, levels }: Level, indent: number): string[] {
  const pad = ' '.repeat(indent);
  const own = [...lines].flatMap(([name, attributes]) =>
    attributes.map(
      (attribute) => `${pad}${attribute.isSure ? '' : '# '}${name}: ${writeValue(attribute)} # ${writeComment(attribute.reason)}`,
    ),
  );
  const inner = [...levels].flatMap(([name, level]) => [`${pad}${isEmpty(level) ? '# ' : ''}${name}:`, ...writeLevel(level, indent + 2)]);
  return [...own, ...inner];
}

/** Nothing but comments below it: a map without entries would be NULL. */
function isEmpty({ lines, levels }: Level): boolean {
  return (
    [...lines.values()].every((attributes) => attributes.every(({ isSure }) => !isSure)) &&
    [...levels.values()].every((level) => isEmpty(level))
  );
}

function writeValue({ expression, isPublic }: ProposedAttribute): string {
  return isPublic ? `{ value: ${writeExpression(expression, 'flow')}, class: public }` : writeExpression(expression, 'block');
}

/* oxlint-disable no-template-curly-in-string -- references of the pipeline file */
function writeSink(emulator: boolean): string[] {
  return [
    'sink:',
    '  type: entra',
    '  tenant: ${ENTRA_TENANT_ID}',
    '  servicePrincipal: ${ENTRA_SERVICE_PRINCIPAL_ID}',
    '  job: ${ENTRA_JOB_ID}',
    emulator
      ? '  emulator: ${ENTRA_EMULATOR_ORIGIN}'
      : '  # emulator: ${ENTRA_EMULATOR_ORIGIN} # to try it on an emulated tenant: joinery emulator --json',
    '  auth:',
    '    client: ${ENTRA_CLIENT_ID}',
    '    secret: ${ENTRA_CLIENT_SECRET}',
    '  quota: p1 # 2,000 calls a day; governance has 6,000',
  ];
}
