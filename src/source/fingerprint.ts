import xxhash from 'xxhash-wasm';

/** xxh64 of a row's line, as 16 hex digits. */
export interface Fingerprint {
  ofBytes(line: Uint8Array): string;
  /** Over the UTF-8 bytes of the text: equal to `ofBytes` of the same line. */
  ofText(line: string): string;
  /** `ofBytes` as bytes into a buffer. */
  write(line: Uint8Array, into: Uint8Array, at: number): void;
}

let hashing: ReturnType<typeof xxhash> | undefined;

/**
 * A row's line is what COPY writes in text format: values in the order of the columns, parted by tabs, `\N` for NULL, backslashes and control
 * characters escaped; equal lines are equal rows. The seed is mixed with names and types of the columns, so that a column that is renamed or
 * changes its type changes every fingerprint even where the text stays.
 */
export async function createFingerprint(
  seed: bigint,
  columns: readonly { readonly name: string; readonly databaseType: string }[],
): Promise<Fingerprint> {
  hashing ??= xxhash();
  const api = await hashing;
  const shape = JSON.stringify(columns.map(({ name, databaseType }) => [name, databaseType]));
  const mixed = api.h64(shape, seed);
  return {
    ofBytes: (line) => hex(api.h64Raw(line, mixed)),
    ofText: (line) => hex(api.h64(line, mixed)),
    write: (line, into, at) => {
      word.setBigUint64(0, api.h64Raw(line, mixed));
      for (let index = 0; index < 8; index++) {
        const octet = word.getUint8(index);
        into[at + 2 * index] = hexDigits[octet >> 4] ?? 0;
        into[at + 2 * index + 1] = hexDigits[octet & 15] ?? 0;
      }
    },
  };
}

const word = new DataView(new ArrayBuffer(8));
const hexDigits = new TextEncoder().encode('0123456789abcdef');

/** Fingerprint of several rows of one key. Sorted first: a database may return rows of one key in any order. */
export async function createGroupFingerprint(): Promise<(fingerprints: readonly string[]) => string> {
  hashing ??= xxhash();
  const api = await hashing;
  return (fingerprints) => hex(api.h64(fingerprints.toSorted().join(' ')));
}

function hex(hash: bigint): string {
  return hash.toString(16).padStart(16, '0');
}
