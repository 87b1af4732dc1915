import { JoineryError } from '../domain/error.ts';
import { propose, proposeKey, statusVocabulary, writePipeline } from '../mapping/proposal/index.ts';
import type { ColumnType, CsvSource } from '../pipeline/pipeline.ts';
import type { SurveyedColumn, TableSurvey } from '../pipeline/survey.ts';
import { findCsvFormat, type CsvFormat } from '../source/csv-format.ts';
import { findKeyOrder, readCsvHeader } from '../source/csv.ts';
import { openSource } from '../source/open-source.ts';
import { readShapes, type Shapes } from '../source/shapes.ts';
import { canBeNamed, type InitResult } from './init.ts';

export interface InitFileOptions {
  /** Path of the export. */
  readonly file: string;
  /** The same as the pipeline names it, from its own folder. */
  readonly reference: string;
  /** Of the pipeline. */
  readonly name: string;
  readonly key?: string | undefined;
  /** Rows whose shapes are looked at; 0: names alone. */
  readonly sample: number;
  readonly domain?: string | undefined;
  readonly timezone?: string | undefined;
  /** The sink is an emulated tenant. */
  readonly emulator: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at a CSV export and makes a pipeline for it. Nothing is granted: whoever runs it has to be able to read the file. Types are what every value that was seen is written as, for a field has none of its own. Writes
 * nothing to disk. Errors: SRC-5xx for the file, SRC-216 for one without a key.
 */
export async function initFromFile(options: InitFileOptions): Promise<InitResult> {
  const { file, name, signal } = options;
  const format = await findCsvFormat(file);
  const { delimiter, encoding } = format;
  const bare = { type: 'csv' as const, file, delimiter, encoding, place: { file, line: 1, column: 1 } };
  const header = await readCsvHeader(bare);
  const names = header.filter(canBeNamed);
  if (options.key !== undefined && !names.includes(options.key))
    throw new JoineryError('SRC-216', `${file} has no column ${options.key}; it has ${names.join(', ')}`);
  let looked = options.key ?? names[0] ?? '';
  let shapes = await lookAt({ ...bare, key: looked }, options);
  // Which values are the key of another row is known once the key is.
  const key = proposeKey({ ...surveyOf(options, names, shapes), name: file }, options.key);
  if (key.column !== looked) {
    looked = key.column;
    shapes = await lookAt({ ...bare, key: looked }, options);
  }
  const order = await findKeyOrder({ ...bare, key: looked }, signal);
  const survey = surveyOf(options, names, shapes, order === 'integer' ? looked : undefined);
  const found = propose(survey, key, { domain: options.domain });
  const proposal = { ...found, decide: [...decisionsAbout(format), ...found.decide] };
  const pipeline = writePipeline(proposal, {
    name,
    type: 'csv',
    origin: `${options.reference} (file, ${survey.isWhole ? 'all ' : ''}${String(survey.rows)} rows looked at)`,
    source: { file: options.reference, ...format },
    order:
      order === undefined
        ? 'The rows are not in the order of the key, so each read sorts them in memory; an export ORDER BY it is streamed'
        : `The rows are in the order of the key (${order}), so they are streamed`,
    timezone: options.timezone,
    emulator: options.emulator,
  });
  return { survey, proposal, files: new Map([[`${name}.yaml`, pipeline]]) };
}

async function lookAt(declaration: CsvSource, { sample, signal }: InitFileOptions): Promise<Shapes> {
  const source = await openSource(declaration);
  try {
    return await readShapes(source, sample, statusVocabulary, signal);
  } finally {
    await source.close();
  }
}

/** `whole`: a column of integers, in the order of which the file is. */
function surveyOf({ reference }: InitFileOptions, names: readonly string[], shapes: Shapes, whole?: string): TableSurvey {
  const columns = names.map((name): SurveyedColumn => {
    const shape = shapes.byColumn.get(name);
    const type: ColumnType = name === whole ? 'integer' : (shape?.written ?? 'string');
    return { name, databaseType: 'text', type, ...(shape === undefined ? {} : { shape }) };
  });
  const isUnique = ({ shape }: SurveyedColumn): boolean => shapes.isWhole && shapes.rows > 0 && shape?.distinct === shapes.rows;
  return {
    type: 'csv',
    name: reference,
    kind: 'file',
    columns,
    primaryKey: [],
    uniqueKeys: columns.filter(isUnique).map(({ name }) => [name]),
    rows: shapes.rows,
    isWhole: shapes.isWhole,
  };
}

function decisionsAbout({ isEncodingGuessed, encodingReason }: CsvFormat): readonly string[] {
  return isEncodingGuessed ? [`in which encoding the file is (source.encoding): ${encodingReason}`] : [];
}
