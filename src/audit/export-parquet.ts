import { ByteWriter, ParquetWriter, schemaFromColumnData, type BasicType } from 'hyparquet-writer';
import type { ColumnType, ExportTable } from './export-rows.ts';

/** Rows that are held at once. Readers skip and decode by group, so that groups must not be too small either. */
const rowsPerGroup = 20_000;

/** INT64 for whole numbers: a count must not end where 32 bits do. */
const types: Readonly<Record<ColumnType, BasicType>> = { text: 'STRING', integer: 'INT64', boolean: 'BOOLEAN', instant: 'TIMESTAMP' };

/**
 * The table as a Parquet file (Snappy), a row group at a time. Values are typed, and a reader that gives a column to a spreadsheet gives it as
 * text: nothing to defuse, and so values are as they are.
 */
export async function* exportParquet({ columns, rows }: ExportTable, groupSize = rowsPerGroup): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  const shape = columns.map(({ name, type }) => ({ name, type: types[type], nullable: true, data: [] }));
  // No statistics: they would set the smallest and largest value of each column into the footer, which stays in memory to the end.
  const file = new ParquetWriter({ writer: bytes, schema: schemaFromColumnData({ columnData: shape }), statistics: false });
  let data: unknown[][] = columns.map(() => []);
  const take = (): Uint8Array => {
    const taken = bytes.getBytes().slice();
    // `offset`, which the footer is made of, goes on counting.
    bytes.index = 0;
    return taken;
  };
  const writeGroup = (size: number): Uint8Array => {
    const columnData = columns.map(({ name }, index) => ({ name, data: data[index] ?? [], offsetIndex: false }));
    void file.write({ columnData, rowGroupSize: size });
    data = columns.map(() => []);
    return take();
  };
  for await (const row of rows) {
    for (const [index, { type }] of columns.entries()) data[index]?.push(typed(row[index] ?? null, type));
    const size = data[0]?.length ?? 0;
    if (size >= groupSize) yield writeGroup(size);
  }
  const rest = data[0]?.length ?? 0;
  if (rest > 0) yield writeGroup(rest);
  void file.finish();
  yield take();
}

function typed(cell: string | number | boolean | null, type: ColumnType): unknown {
  if (cell === null) return null;
  if (type === 'integer') return BigInt(cell);
  return type === 'instant' ? new Date(String(cell)) : cell;
}
