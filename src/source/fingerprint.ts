import xxhash from 'xxhash-wasm';

/** xxh64 of a row's line, as 16 hex digits. */
export interface Fingerprint {
  ofBytes(line: Uint8Array): string;
  /** Over the UTF-8 bytes of the text: equal to `ofBytes` of the same line. */
  ofText(line: string): string;
  /** Of xxh64, with names and types of the columns in it. */
  readonly seed: bigint;
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
    seed: mixed,
  };
}

/** Fingerprint of several rows of one key. Sorted first: a database may return rows of one key in any order. */
export async function createGroupFingerprint(): Promise<(fingerprints: readonly string[]) => string> {
  hashing ??= xxhash();
  const api = await hashing;
  return (fingerprints) => hex(api.h64(fingerprints.toSorted().join(' ')));
}

function hex(hash: bigint): string {
  return hash.toString(16).padStart(16, '0');
}
