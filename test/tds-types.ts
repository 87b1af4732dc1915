/**
 * SQL Server types on the wire, written from [MS-TDS] sections 2.2.5.4 (data type definitions) and 2.2.5.5 (their values): what the TDS double sends.
 */

export type TdsTypeName =
  | 'tinyint'
  | 'smallint'
  | 'int'
  | 'bigint'
  | 'bit'
  | 'real'
  | 'float'
  | 'decimal'
  | 'numeric'
  | 'money'
  | 'smallmoney'
  | 'date'
  | 'time'
  | 'datetime'
  | 'smalldatetime'
  | 'datetime2'
  | 'datetimeoffset'
  | 'uniqueidentifier'
  | 'nvarchar'
  | 'nchar'
  | 'varchar'
  | 'char'
  | 'varbinary'
  | 'rowversion'
  | 'xml'
  | 'sql_variant';

export interface TdsColumn {
  readonly name: string;
  readonly type: TdsTypeName;
  /** Characters (bytes of varchar and varbinary), default 200; `max`. */
  readonly length?: number | 'max';
  /** Of decimal and numeric; default 18 and 2. */
  readonly precision?: number;
  /** Of decimal, numeric (default 2), time, datetime2, datetimeoffset (default 7). */
  readonly scale?: number;
  readonly nullable?: boolean;
  readonly collation?: string;
}

/**
 * Numbers for the small ones, text for decimals, money and bigint (`'-1200.50'`), dates (`2026-11-22`, `2026-11-22T08:00:00.1234567`, with `+01:00` behind it for
 * datetimeoffset) and GUIDs, bytes for varbinary.
 */
export type TdsValue = null | boolean | number | bigint | string | Uint8Array;

/** SQL_Latin1_General_CP1_CI_AS: code page 1252. */
const collation = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

interface WireType {
  readonly info: Buffer;
  /** The value, with its length before it. */
  encode(value: Exclude<TdsValue, null>): Buffer;
  readonly null: Buffer;
  /** As `sp_describe_first_result_set` names it. */
  readonly shown: string;
}

const byteNull = Buffer.from([0]);

export function wireType(column: TdsColumn): WireType {
  return wireTypes[column.type](column);
}

const wireTypes: Readonly<Record<TdsTypeName, (column: TdsColumn) => WireType>> = {
  tinyint: () => fixed('tinyint', [0x26, 1], 1, (buffer, value) => buffer.writeUInt8(Number(value))),
  smallint: () => fixed('smallint', [0x26, 2], 2, (buffer, value) => buffer.writeInt16LE(Number(value))),
  int: () => fixed('int', [0x26, 4], 4, (buffer, value) => buffer.writeInt32LE(Number(value))),
  bigint: () => fixed('bigint', [0x26, 8], 8, (buffer, value) => buffer.writeBigInt64LE(BigInt(asText(value)))),
  bit: () => fixed('bit', [0x68, 1], 1, (buffer, value) => buffer.writeUInt8(value === true || value === 1 ? 1 : 0)),
  real: () => fixed('real', [0x6d, 4], 4, (buffer, value) => buffer.writeFloatLE(Number(value))),
  float: () => fixed('float', [0x6d, 8], 8, (buffer, value) => buffer.writeDoubleLE(Number(value))),
  smallmoney: () => fixed('smallmoney', [0x6e, 4], 4, (buffer, value) => buffer.writeInt32LE(Number(unscaled(asText(value), 4)))),
  money: () =>
    fixed('money', [0x6e, 8], 8, (buffer, value) => {
      const units = BigInt.asUintN(64, unscaled(asText(value), 4));
      buffer.writeUInt32LE(Number(units >> 32n), 0);
      buffer.writeUInt32LE(Number(units & 0xffff_ffffn), 4);
    }),
  decimal: (column) => decimalType(column),
  numeric: (column) => decimalType(column),
  date: () => fixed('date', [0x28], 3, (buffer, value) => buffer.writeUIntLE(daysOf(asText(value)), 0, 3)),
  time: ({ scale = 7 }) =>
    fixed(`time(${String(scale)})`, [0x29, scale], timeBytes(scale), (buffer, value) => {
      buffer.writeUIntLE(ticksOf(asText(value), scale), 0, timeBytes(scale));
    }),
  datetime2: ({ scale = 7 }) =>
    fixed(`datetime2(${String(scale)})`, [0x2a, scale], timeBytes(scale) + 3, (buffer, value) => writeMoment(buffer, asText(value), scale)),
  datetimeoffset: ({ scale = 7 }) =>
    fixed(`datetimeoffset(${String(scale)})`, [0x2b, scale], timeBytes(scale) + 5, (buffer, value) => {
      const { utc, minutes } = splitOffset(asText(value));
      writeMoment(buffer, utc, scale);
      buffer.writeInt16LE(minutes, timeBytes(scale) + 3);
    }),
  datetime: () =>
    fixed('datetime', [0x6f, 8], 8, (buffer, value) => {
      buffer.writeInt32LE(daysOf(asText(value)) - daysOf('1900-01-01'), 0);
      buffer.writeInt32LE(Math.round((ticksOf(timeOf(asText(value)), 7) / 1e7) * 300), 4);
    }),
  smalldatetime: () =>
    fixed('smalldatetime', [0x6f, 4], 4, (buffer, value) => {
      buffer.writeUInt16LE(daysOf(asText(value)) - daysOf('1900-01-01'), 0);
      buffer.writeUInt16LE(Math.round(ticksOf(timeOf(asText(value)), 7) / 6e8), 2);
    }),
  uniqueidentifier: () => fixed('uniqueidentifier', [0x24, 16], 16, (buffer, value) => writeGuid(buffer, asText(value))),
  nvarchar: (column) => textType(column, 0xe7, 'utf16le', 2),
  nchar: (column) => textType(column, 0xef, 'utf16le', 2),
  varchar: (column) => textType(column, 0xa7, 'latin1', 1),
  char: (column) => textType(column, 0xaf, 'latin1', 1),
  varbinary: (column) => binaryType(column),
  // Eight bytes of binary on the wire; described by the old name of the type.
  rowversion: () => ({
    ...binaryType({ name: '', type: 'varbinary', length: 8 }),
    info: Buffer.concat([Buffer.from([0xad]), u16(8)]),
    shown: 'timestamp',
  }),
  // Only its metadata: clients refuse the column before they read a value.
  sql_variant: () => ({ info: Buffer.concat([Buffer.from([0x62]), u32(8009)]), encode: () => u32(0), null: u32(0), shown: 'sql_variant' }),
  xml: () => ({
    info: Buffer.from([0xf1, 0]),
    encode: (value) => chunked(Buffer.from(asText(value), 'utf16le')),
    null: unknownNull,
    shown: 'xml',
  }),
};

/** Precision and scale as the server describes a column of the type ("sys.columns (Transact-SQL)"): most types have some, and only decimals mean them so. */
export function describedDigits({ type, precision = 18, scale }: TdsColumn): readonly [precision: number, scale: number] {
  const digits: Partial<Readonly<Record<TdsTypeName, readonly [number, number]>>> = {
    bit: [1, 0],
    tinyint: [3, 0],
    smallint: [5, 0],
    int: [10, 0],
    bigint: [19, 0],
    real: [24, 0],
    float: [53, 0],
    money: [19, 4],
    smallmoney: [10, 4],
    date: [10, 0],
    smalldatetime: [16, 0],
    datetime: [23, 3],
    time: [16, scale ?? 7],
    datetime2: [27, scale ?? 7],
    datetimeoffset: [34, scale ?? 7],
    decimal: [precision, scale ?? 2],
    numeric: [precision, scale ?? 2],
  };
  return digits[type] ?? [0, 0];
}

function fixed(
  shown: string,
  info: readonly number[],
  length: number,
  write: (buffer: Buffer, value: Exclude<TdsValue, null>) => void,
): WireType {
  return {
    info: Buffer.from(info),
    encode: (value) => {
      const buffer = Buffer.alloc(length + 1);
      buffer.writeUInt8(length);
      write(buffer.subarray(1), value);
      return buffer;
    },
    null: byteNull,
    shown,
  };
}

function decimalType({ type, precision = 18, scale = 2 }: TdsColumn): WireType {
  const bytes = precision <= 9 ? 4 : precision <= 19 ? 8 : precision <= 28 ? 12 : 16;
  return fixed(
    `${type}(${String(precision)},${String(scale)})`,
    [type === 'decimal' ? 0x6a : 0x6c, bytes + 1, precision, scale],
    bytes + 1,
    (buffer, value) => {
      const units = unscaled(asText(value), scale);
      buffer.writeUInt8(units < 0n ? 0 : 1, 0);
      let rest = units < 0n ? -units : units;
      for (let at = 1; at <= bytes; at++, rest >>= 8n) buffer.writeUInt8(Number(rest & 0xffn), at);
    },
  );
}

const shortNull = Buffer.from([0xff, 0xff]);
const unknownNull = Buffer.alloc(8, 0xff);

function textType({ type, length = 200 }: TdsColumn, id: number, encoding: 'utf16le' | 'latin1', width: number): WireType {
  const isMax = length === 'max';
  const padded = type === 'char' || type === 'nchar';
  const bytesOf = (value: Exclude<TdsValue, null>): Buffer => {
    const text = asText(value);
    return Buffer.from(padded && !isMax ? text.padEnd(length) : text, encoding);
  };
  return {
    info: Buffer.concat([Buffer.from([id]), u16(isMax ? 0xffff : length * width), collation]),
    encode: (value) => (isMax ? chunked(bytesOf(value)) : counted(bytesOf(value))),
    null: isMax ? unknownNull : shortNull,
    shown: `${type}(${String(length)})`,
  };
}

function binaryType({ length = 200 }: TdsColumn): WireType {
  const isMax = length === 'max';
  const bytesOf = (value: Exclude<TdsValue, null>): Buffer =>
    value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(asText(value));
  return {
    info: Buffer.concat([Buffer.from([0xa5]), u16(isMax ? 0xffff : length)]),
    encode: (value) => (isMax ? chunked(bytesOf(value)) : counted(bytesOf(value))),
    null: isMax ? unknownNull : shortNull,
    shown: `varbinary(${String(length)})`,
  };
}

function counted(bytes: Buffer): Buffer {
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** Partially length-prefixed: the total, chunks with their lengths, an empty chunk. */
function chunked(bytes: Buffer): Buffer {
  const total = Buffer.alloc(8);
  total.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([total, ...(bytes.length === 0 ? [] : [u32(bytes.length), bytes]), u32(0)]);
}

export function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

export function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function asText(value: Exclude<TdsValue, null>): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}

/** `-1200.5` with four decimals is -12005000. */
function unscaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  if (fraction.length > scale) throw new RangeError(`${text} has more than ${String(scale)} decimals`);
  return BigInt(`${whole}${fraction.padEnd(scale, '0')}`);
}

/** Days since 0001-01-01. */
function daysOf(text: string): number {
  return Math.round((Date.parse(`${text.slice(0, 10)}T00:00:00Z`) - Date.parse('0001-01-01T00:00:00Z')) / 86_400_000);
}

function timeOf(text: string): string {
  return text.slice(11) || '00:00:00';
}

function timeBytes(scale: number): number {
  return scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
}

function ticksOf(time: string, scale: number): number {
  const [hours = '0', minutes = '0', seconds = '0'] = time.split(':');
  const [whole = '0', fraction = ''] = seconds.split('.');
  return (
    (Number(hours) * 3600 + Number(minutes) * 60 + Number(whole)) * 10 ** scale + Number(fraction.slice(0, scale).padEnd(scale, '0') || 0)
  );
}

function writeMoment(buffer: Buffer, text: string, scale: number): void {
  const bytes = timeBytes(scale);
  buffer.writeUIntLE(ticksOf(timeOf(text), scale), 0, bytes);
  buffer.writeUIntLE(daysOf(text), bytes, 3);
}

/** The value is sent in UTC, its offset beside it. */
function splitOffset(text: string): { readonly utc: string; readonly minutes: number } {
  const match = /^(.*?)(\.\d+)?([+-])(\d\d):(\d\d)$/.exec(text);
  if (match === null) throw new RangeError(`not a datetimeoffset: ${text}`);
  const [, local = '', fraction = '', sign = '+', hours = '0', minutes = '0'] = match;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const utc = new Date(Date.parse(`${local}Z`) - offset * 60_000).toISOString().slice(0, 19);
  return { utc: `${utc}${fraction}`, minutes: offset };
}

/** The first three groups are little-endian. */
function writeGuid(buffer: Buffer, text: string): void {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  buffer.set([
    ...bytes.subarray(0, 4).toReversed(),
    ...bytes.subarray(4, 6).toReversed(),
    ...bytes.subarray(6, 8).toReversed(),
    ...bytes.subarray(8),
  ]);
}
