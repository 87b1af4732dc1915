import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { TdsAnswer, TdsDoubleOptions, TdsResult } from './tds-double.ts';
import {
  columnMetadata,
  done,
  doneStatus,
  errorToken,
  loginAck,
  packetType,
  preloginReply,
  readLogin,
  readRpc,
  returnStatus,
  rowEncoder,
  transactionChange,
  withoutHeaders,
  type Login,
  type TdsError,
} from './tds-messages.ts';
import { TdsTls } from './tds-tls.ts';
import { describedDigits, wireType, type TdsColumn } from './tds-types.ts';

export interface TdsSessionOptions extends Required<Omit<TdsDoubleOptions, 'tls'>>, Pick<TdsDoubleOptions, 'tls'> {
  readonly log: string[];
  readonly logins: Login[];
  readonly counts: { rows: number; attentions: number };
}

const payloadBytes = 4000;

/** One connection to the TDS double. */
export class TdsSession {
  readonly #socket: Socket;
  readonly #options: TdsSessionOptions;
  #tls: TdsTls | undefined;
  #buffered: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #packet = 0;
  #transaction = 0n;
  /** Set while a request is being answered; an ATTENTION ends it. */
  #cancelled = false;
  #isWorking = false;
  #stop: () => void = () => undefined;

  constructor(socket: Socket, options: TdsSessionOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  listen(): void {
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (data) => {
      if (this.#tls?.isOver === true) this.#tls.receive(data);
      else this.#receive(data);
    });
  }

  #receive(data: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, data]);
    while (this.#buffered.length >= 8) {
      const length = this.#buffered.readUInt16BE(2);
      if (this.#buffered.length < length) return;
      const [type = 0, status = 0] = this.#buffered;
      this.#parts.push(this.#buffered.subarray(8, length));
      this.#buffered = this.#buffered.subarray(length);
      if ((status & 1) === 0) continue;
      const message = Buffer.concat(this.#parts);
      this.#parts = [];
      void this.#handle(type, message);
    }
  }

  async #prelogin(body: Buffer): Promise<void> {
    const { tls } = this.#options;
    if (this.#tls !== undefined) {
      this.#tls.receive(body);
      return;
    }
    if (tls !== undefined) {
      this.#tls = new TdsTls(
        tls,
        (flight) => this.#packets(this.#socket, flight, true, packetType.prelogin),
        (bytes) => this.#socket.write(bytes),
      );
      this.#tls.stream.on('data', (data: Buffer) => this.#receive(data));
    }
    this.#packets(this.#socket, preloginReply(tls !== undefined), true, packetType.reply);
  }

  async #handle(type: number, body: Buffer): Promise<void> {
    switch (type) {
      case packetType.prelogin:
        return this.#prelogin(body);
      case packetType.login:
        return this.#logIn(readLogin(body));
      case packetType.attention:
        return this.#attend();
      case packetType.transaction:
        return this.#changeTransaction(withoutHeaders(body));
      case packetType.batch:
        return this.#work(() => this.#runStatement(withoutHeaders(body).toString('utf16le'), false));
      case packetType.rpc: {
        const { procedure, texts } = readRpc(withoutHeaders(body));
        const [text = ''] = texts;
        if (procedure === 'sp_describe_first_result_set') return this.#work(() => this.#describe(text));
        return this.#work(() => this.#runStatement(text, true));
      }
      default:
        throw new RangeError(`the double does not know packets of type ${String(type)}`);
    }
  }

  async #work(run: () => Promise<void>): Promise<void> {
    this.#cancelled = false;
    this.#isWorking = true;
    await run();
    this.#isWorking = false;
    if (this.#cancelled) await this.#reply(done('done', doneStatus.attention));
  }

  async #attend(): Promise<void> {
    this.#options.counts.attentions++;
    this.#cancelled = true;
    this.#stop();
    // A request that is being answered acknowledges when it has stopped; a late one is acknowledged at once.
    if (!this.#isWorking) await this.#reply(done('done', doneStatus.attention));
  }

  async #logIn(login: Login): Promise<void> {
    this.#options.logins.push(login);
    if (login.password === this.#options.password) return this.#reply(Buffer.concat([loginAck(), done('done', doneStatus.final)]));
    const error = { number: 18_456, message: `Login failed for user '${login.user}'.`, class: 14 };
    await this.#reply(Buffer.concat([errorToken(error), done('done', doneStatus.error)]));
    this.#socket.end();
  }

  async #changeTransaction(body: Buffer): Promise<void> {
    const request = body.readUInt16LE(0);
    const begins = request === 5;
    if (begins) this.#transaction++;
    this.#options.log.push(begins ? `begin ${String(body[2])}` : request === 7 ? 'commit' : 'rollback');
    const kind = begins ? 8 : request === 7 ? 9 : 10;
    await this.#reply(Buffer.concat([transactionChange(kind, this.#transaction), done('done', doneStatus.final)]));
  }

  async #runStatement(sql: string, isRpc: boolean): Promise<void> {
    this.#options.log.push(sql);
    await this.#send(this.#answer(sql), isRpc);
  }

  #answer(sql: string): TdsAnswer {
    if (/^\s*set\s/i.test(sql)) return { columns: [], rows: [] };
    if (/\bsnapshot_isolation_state\b/.test(sql)) {
      // As in Azure SQL Database, where DB_ID() is another number than the one of sys.databases.
      const found = /\bwhere name = db_name\(\)$/.test(sql);
      const { isolation } = this.#options;
      return {
        columns: [
          { name: 'state', type: 'tinyint' },
          { name: 'committed', type: 'bit' },
          { name: 'updateability', type: 'nvarchar' },
        ],
        rows: !found ? [] : [[isolation === 'snapshot' ? 1 : 0, isolation === 'readCommittedSnapshot', 'READ_WRITE']],
      };
    }
    return this.#options.answer(sql) ?? { error: { number: 208, message: `Invalid object name in '${sql.slice(0, 40)}'.` } };
  }

  /** The columns of a statement, as the procedure of this name returns them: the ones that clients read. */
  async #describe(sql: string): Promise<void> {
    this.#options.log.push(`describe ${sql}`);
    const answer = this.#answer(sql);
    if (answer === 'never' || 'error' in answer) return this.#send(answer, true);
    const columns: readonly TdsColumn[] = [
      { name: 'is_hidden', type: 'bit' },
      { name: 'column_ordinal', type: 'int' },
      { name: 'name', type: 'nvarchar' },
      { name: 'is_nullable', type: 'bit' },
      { name: 'system_type_name', type: 'nvarchar' },
      { name: 'precision', type: 'tinyint' },
      { name: 'scale', type: 'tinyint' },
      { name: 'collation_name', type: 'nvarchar' },
    ];
    const rows = answer.columns.map((column, index) => [
      false,
      index + 1,
      column.name === '' ? null : column.name,
      column.nullable !== false,
      wireType(column).shown,
      ...describedDigits(column),
      /char|text/.test(column.type) ? (column.collation ?? 'SQL_Latin1_General_CP1_CI_AS') : null,
    ]);
    await this.#send({ columns, rows }, true);
  }

  async #send(answer: TdsAnswer, isRpc: boolean): Promise<void> {
    if (answer === 'never') {
      await new Promise<void>((resolve) => {
        this.#stop = resolve;
        this.#socket.once('close', resolve);
      });
      // The answer to the request ends with a message of its own, before the one that acknowledges the ATTENTION.
      if (!this.#socket.destroyed) await this.#reply(done('done', doneStatus.error));
      return;
    }
    if ('error' in answer) return this.#fail(answer.error, isRpc, []);
    const sent = await this.#sendRows(answer);
    if (this.#cancelled || this.#socket.destroyed) return;
    if (answer.failure !== undefined) return this.#fail(answer.failure, isRpc, sent.rest);
    const status = answer.columns.length === 0 ? doneStatus.final : doneStatus.count;
    const end = isRpc
      ? [done('inProcedure', status | doneStatus.more, sent.rows), returnStatus(0), done('procedure', doneStatus.final)]
      : [done('done', status, sent.rows)];
    await this.#reply(Buffer.concat([...sent.rest, ...end]));
  }

  async #fail(error: TdsError, isRpc: boolean, before: readonly Buffer[]): Promise<void> {
    const end = isRpc ? [returnStatus(1), done('procedure', doneStatus.error)] : [done('done', doneStatus.error)];
    await this.#reply(Buffer.concat([...before, errorToken(error), ...end]));
    if ((error.class ?? 16) >= 20) this.#socket.end();
  }

  /** Full packets as the socket takes them; what is left goes into the last one. */
  async #sendRows(result: TdsResult): Promise<{ readonly rows: number; readonly rest: readonly Buffer[] }> {
    if (result.columns.length === 0) return { rows: 0, rest: [] };
    const encode = rowEncoder(result.columns);
    let pending: Buffer[] = [columnMetadata(result.columns)];
    let bytes = pending[0]?.length ?? 0;
    let rows = 0;
    for (const row of result.rows) {
      if (this.#cancelled || this.#socket.destroyed) break;
      const encoded = encode(row);
      pending.push(encoded);
      bytes += encoded.length;
      rows++;
      if (bytes < payloadBytes) continue;
      const all = Buffer.concat(pending);
      const whole = all.length - (all.length % payloadBytes);
      await this.#write(all.subarray(0, whole), false);
      this.#options.counts.rows = rows;
      pending = [all.subarray(whole)];
      bytes = all.length - whole;
    }
    // What stands half sent has to be ended by a whole message even when the reader has had enough.
    if (this.#cancelled) await this.#reply(Buffer.concat(pending));
    return { rows, rest: this.#cancelled ? [] : pending };
  }

  async #reply(body: Buffer): Promise<void> {
    await this.#write(body, true);
  }

  /** Writes a body as packets and waits while the reader has had enough; lets ATTENTION in between. */
  async #write(body: Buffer, isLast: boolean): Promise<void> {
    const out = this.#tls?.stream ?? this.#socket;
    if (this.#packets(out, body, isLast, packetType.reply) || this.#socket.destroyed) {
      await new Promise(setImmediate);
      return;
    }
    await new Promise<void>((resolve) => {
      const go = (): void => {
        out.off('drain', go);
        this.#socket.off('close', go);
        resolve();
      };
      out.once('drain', go);
      this.#socket.once('close', go);
    });
  }

  /** Whether more may be written at once. */
  #packets(out: Writable, body: Buffer, isLast: boolean, type: number): boolean {
    let isReady = true;
    for (let at = 0; at === 0 || at < body.length; at += payloadBytes) {
      const part = body.subarray(at, at + payloadBytes);
      const header = Buffer.alloc(8);
      header.writeUInt8(type, 0);
      header.writeUInt8(isLast && at + payloadBytes >= body.length ? 1 : 0, 1);
      header.writeUInt16BE(part.length + 8, 2);
      header.writeUInt8(++this.#packet & 0xff, 6);
      isReady = out.write(Buffer.concat([header, part]));
    }
    return isReady;
  }
}
