import { u16, u32, wireType, type TdsColumn, type TdsValue } from './tds-types.ts';

/** Tokens and packets of [MS-TDS] section 2.2, as the TDS double reads and writes them. */

export const packetType = { batch: 0x01, rpc: 0x03, reply: 0x04, attention: 0x06, transaction: 0x0e, login: 0x10, prelogin: 0x12 } as const;

export const doneStatus = { final: 0x00, more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;

export interface TdsError {
  readonly number: number;
  readonly message: string;
  /** Severity; 16 is an error of the statement, 14 a missing right, 20 and above end the connection. */
  readonly class?: number;
  readonly line?: number;
}

function byteText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'utf16le')]);
}

export function done(token: 'done' | 'inProcedure' | 'procedure', status: number, rows = 0): Buffer {
  const count = Buffer.alloc(8);
  count.writeBigUInt64LE(BigInt(rows));
  return Buffer.concat([Buffer.from([{ done: 0xfd, procedure: 0xfe, inProcedure: 0xff }[token]]), u16(status), u16(0xc1), count]);
}

export function returnStatus(value: number): Buffer {
  return Buffer.concat([Buffer.from([0x79]), u32(value)]);
}

export function errorToken(error: TdsError): Buffer {
  const body = Buffer.concat([
    u32(error.number),
    Buffer.from([1, error.class ?? 16]),
    u16(error.message.length),
    Buffer.from(error.message, 'utf16le'),
    byteText('double'),
    byteText(''),
    u32(error.line ?? 1),
  ]);
  return Buffer.concat([Buffer.from([0xaa]), u16(body.length), body]);
}

export function loginAck(): Buffer {
  const body = Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4]), byteText('Microsoft SQL Server'), Buffer.from([14, 0, 0x0b, 0xe8])]);
  return Buffer.concat([Buffer.from([0xad]), u16(body.length), body]);
}

/** A transaction began (8), was committed (9) or rolled back (10). */
export function transactionChange(kind: 8 | 9 | 10, id: bigint): Buffer {
  const descriptor = Buffer.alloc(8);
  descriptor.writeBigUInt64LE(id);
  const withLength = Buffer.concat([Buffer.from([8]), descriptor]);
  const none = Buffer.from([0]);
  const body = Buffer.concat([Buffer.from([kind]), kind === 8 ? withLength : none, kind === 8 ? none : withLength]);
  return Buffer.concat([Buffer.from([0xe3]), u16(body.length), body]);
}

export function columnMetadata(columns: readonly TdsColumn[]): Buffer {
  return Buffer.concat([
    Buffer.from([0x81]),
    u16(columns.length),
    ...columns.map((column) =>
      Buffer.concat([u32(0), u16(column.nullable === false ? 0 : 1), wireType(column).info, byteText(column.name)]),
    ),
  ]);
}

/** Encodes rows of these columns; made once a result. */
export function rowEncoder(columns: readonly TdsColumn[]): (row: readonly TdsValue[]) => Buffer {
  const types = columns.map(wireType);
  const token = Buffer.from([0xd1]);
  return (row) =>
    Buffer.concat([
      token,
      ...types.map((type, index) => {
        const value = row[index] ?? null;
        return value === null ? type.null : type.encode(value);
      }),
    ]);
}

/** Encryption: on, or not supported. */
export function preloginReply(isEncrypted: boolean): Buffer {
  const encryption = isEncrypted ? 1 : 2;
  return Buffer.from([0, 0, 21, 0, 6, 1, 0, 27, 0, 1, 2, 0, 28, 0, 1, 4, 0, 29, 0, 1, 0xff, 14, 0, 0x0b, 0xe8, 0, 0, encryption, 0, 0]);
}

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly applicationName: string;
  readonly database: string;
  readonly readOnlyIntent: boolean;
}

/** LOGIN7, section 2.2.6.4: fixed part, then offsets and lengths of texts. */
export function readLogin(body: Buffer): Login {
  const bytesAt = (place: number): Buffer => {
    const offset = body.readUInt16LE(place);
    return body.subarray(offset, offset + body.readUInt16LE(place + 2) * 2);
  };
  const textAt = (place: number): string => bytesAt(place).toString('utf16le');
  const password = Buffer.from(bytesAt(44).map((byte) => (((byte ^ 0xa5) & 0x0f) << 4) | ((byte ^ 0xa5) >> 4)));
  return {
    user: textAt(40),
    password: password.toString('utf16le'),
    applicationName: textAt(48),
    database: textAt(68),
    readOnlyIntent: ((body[26] ?? 0) & 0x20) !== 0,
  };
}

/** Behind the ALL_HEADERS part that requests begin with. */
export function withoutHeaders(body: Buffer): Buffer {
  return body.subarray(body.readUInt32LE(0));
}

export interface Rpc {
  readonly procedure: string;
  /** Values of its text parameters, in order. */
  readonly texts: readonly string[];
}

const procedures: Readonly<Record<number, string>> = { 10: 'sp_executesql', 11: 'sp_prepare', 12: 'sp_execute', 13: 'sp_prepexec' };

/** An RPC request, section 2.2.6.6. Only text and integer parameters, the ones that drivers use to run a statement. */
export function readRpc(body: Buffer): Rpc {
  let at = 0;
  const nameLength = body.readUInt16LE(at);
  at += 2;
  let procedure: string;
  if (nameLength === 0xffff) {
    const id = body.readUInt16LE(at);
    procedure = procedures[id] ?? `procedure ${String(id)}`;
    at += 2;
  } else {
    procedure = body.toString('utf16le', at, at + nameLength * 2);
    at += nameLength * 2;
  }
  at += 2;
  const texts: string[] = [];
  while (at < body.length) {
    at += 1 + (body[at] ?? 0) * 2 + 1;
    const type = body[at++];
    if (type === 0xe7) {
      const isMax = body.readUInt16LE(at) === 0xffff;
      at += 7;
      const read = isMax ? readChunked(body, at) : readCounted(body, at);
      texts.push(read.bytes.toString('utf16le'));
      at = read.end;
    } else if (type === 0x26 || type === 0x68) {
      at += 1;
      at += 1 + (body[at] ?? 0);
    } else {
      throw new RangeError(`the double does not read parameters of type 0x${String(type?.toString(16))}`);
    }
  }
  return { procedure, texts };
}

function readCounted(body: Buffer, at: number): { readonly bytes: Buffer; readonly end: number } {
  const length = body.readUInt16LE(at);
  const size = length === 0xffff ? 0 : length;
  return { bytes: body.subarray(at + 2, at + 2 + size), end: at + 2 + size };
}

function readChunked(body: Buffer, from: number): { readonly bytes: Buffer; readonly end: number } {
  if (body.readBigUInt64LE(from) === 0xffff_ffff_ffff_ffffn) return { bytes: Buffer.alloc(0), end: from + 8 };
  const chunks: Buffer[] = [];
  let at = from + 8;
  for (let size = body.readUInt32LE(at); size > 0; size = body.readUInt32LE(at)) {
    chunks.push(body.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return { bytes: Buffer.concat(chunks), end: at + 4 };
}
