import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';

export interface TdsCertificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * The server's side of TLS as TDS 7 has it: the handshake travels inside PRELOGIN packets, one message back for each one that comes, and everything after it is plain TLS
 * ([MS-TDS] section 2.2.6.5).
 */
export class TdsTls {
  /** What was decrypted, and where answers are written. */
  readonly stream: TLSSocket;
  readonly #wire: Duplex;
  readonly #sendPacket: (body: Buffer) => void;
  readonly #sendRaw: (bytes: Buffer) => void;
  #handshake: Buffer[] = [];
  #isScheduled = false;
  #isOver = false;

  constructor({ certificate, key }: TdsCertificate, sendPacket: (body: Buffer) => void, sendRaw: (bytes: Buffer) => void) {
    this.#sendPacket = sendPacket;
    this.#sendRaw = sendRaw;
    this.#wire = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, callback) => {
        this.#send(chunk);
        callback();
      },
    });
    this.stream = new TLSSocket(this.#wire, { isServer: true, secureContext: createSecureContext({ cert: certificate, key }) });
    this.stream.on('error', () => undefined);
    // The last flight of the handshake still goes inside a packet.
    this.stream.once('secure', () => {
      setImmediate(() => {
        this.#flush();
        this.#isOver = true;
      });
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  receive(bytes: Buffer): void {
    this.#wire.push(bytes);
  }

  #send(chunk: Buffer): void {
    if (this.#isOver) {
      this.#sendRaw(chunk);
      return;
    }
    this.#handshake.push(chunk);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    if (this.#handshake.length === 0) return;
    this.#sendPacket(Buffer.concat(this.#handshake));
    this.#handshake = [];
  }
}
