/** A defect as it is planted: the text of a source file and what is put in its place. */
export interface Mutant {
  readonly name: string;
  /** Who finds it; default `bench/soak.ts`. */
  readonly soak?: 'bench/soak-versions.ts';
  readonly patches: readonly { readonly file: string; readonly find: string; readonly put: string }[];
}

export const mutants: readonly Mutant[] = [
  {
    name: 'ledger moved at 202',
    patches: [
      {
        file: 'src/store/send.ts',
        find: `  await moveBatch(transaction, batch, state, input);`,
        put: `  await moveBatch(transaction, batch, state, input);
  if (input.kind === 'accepted') await transaction.run({ sql: \`UPDATE entries SET confirmed_hash = o.payload_hash, confirmed_at = o.sent_at, confirmed_payload = o.payload,
    confirmed_evidence = '{"kind":"log"}', confirmed_active = o.active, confirmed_user_name = o.user_name, sent_operation = NULL, sent_hash = NULL, sent_change = NULL, sent_at = NULL,
    sent_active = NULL, sent_user_name = NULL FROM operations o WHERE o.batch = ? AND o.state = 'sent' AND entries.job_id = o.job_id AND entries.external_id = o.external_id\`, bindings: [batch.id] });`,
      },
    ],
  },
  {
    // The header of the file alone would find out that its run was not accepted, so it is not asked either.
    name: 'fingerprints renamed before accept',
    patches: [
      {
        file: 'src/stages/accept.ts',
        find: `  const result = await store.ledger.accept(lease, {`,
        put: `  await store.files.promote(run.id, pipeline.name, fingerprintFile);
  const result = await store.ledger.accept(lease, {`,
      },
      {
        file: 'src/stages/accept.ts',
        find: `    await store.files.promote(run.id, pipeline.name, fingerprintFile);
    if (summary.versions`,
        put: `    if (summary.versions`,
      },
      { file: 'src/stages/previous-pass.ts', find: `file.header.run === last.id && `, put: `` },
    ],
  },
  {
    name: 'newest row closes any operation',
    patches: [
      {
        file: 'src/entra/interpret.ts',
        find: `.filter((group) => group.first >= from && operation.settledChanges?.has(group.changeId) !== true)`,
        put: `.slice(-1)`,
      },
      {
        file: 'src/entra/interpret.ts',
        find: `.filter(({ group, comparison }) => comparison.agreed.length > 0 || escrowedSince(group) >= from)`,
        put: `.filter(() => from > 0)`,
      },
      {
        file: 'src/entra/interpret.ts',
        find: `      one.comparison.contradicted.length === 0 && (!opposesActivity(one.group, operation.payload) || leftScope(one, operation.payload)),`,
        put: `      one.comparison.contradicted.length >= 0,`,
      },
      {
        file: 'src/entra/interpret.ts',
        find: `rivals.every((rival) => distinguishes(comparison.agreed, payload, rival))`,
        put: `rivals.every((rival) => distinguishes(comparison.agreed, payload, rival) || true)`,
      },
    ],
  },
  {
    name: 'resend without evidence',
    patches: [
      { file: 'src/entra/retry-rules.ts', find: `if (operations === 'creations' || over ||`, put: `if (over ||` },
      {
        file: 'src/stages/send-batch.ts',
        find: `(attempt.unknownSends >= 2 || operationsKindOf(operations.map(({ change }) => change)) === 'creations')`,
        put: `attempt.unknownSends >= 2`,
      },
    ],
  },
  {
    name: 'duplicate key counted as unseen',
    patches: [
      {
        file: 'src/source/changes.ts',
        find: `    const before = this.#before;
    const rows = open.rows ??`,
        put: `    if (open.rows !== undefined) return;
    const before = this.#before;
    const rows = open.rows ??`,
      },
    ],
  },
  {
    name: 'waiting version dropped',
    patches: [
      { file: 'src/stages/accept.ts', find: `    if (change === undefined) {`, put: `    if (change === undefined || change.waiting) {` },
    ],
  },
  {
    name: 'quota recorded after the send',
    patches: [
      {
        file: 'src/store/send.ts',
        find: `    sql: 'INSERT INTO calls (id, tenant, pipeline, batch, reserved_at) VALUES (?, ?, ?, ?, ?)',`,
        put: `    sql: 'INSERT INTO calls (id, tenant, pipeline, batch, reserved_at, counted) VALUES (?, ?, ?, ?, ?, 0)',`,
      },
    ],
  },
  {
    name: 'record built from changed attributes only',
    patches: [
      {
        file: 'src/plan/change-of.ts',
        find: `  const payloadHash = hashPayload(payload);`,
        put: `  if (last !== undefined) {
    const { schemas, externalId: id, active } = payload;
    const changed = Object.fromEntries(Object.entries(payload).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(last[name])));
    return changeOfWhole(worker, decided, state, last, { ...changed, schemas, externalId: id, active });
  }
  return changeOfWhole(worker, decided, state, last, payload);
}

function changeOfWhole(worker: Case, decided: ChangeKind, state: ReturnType<typeof ledgerStateOf>, last: Payload | undefined, payload: Payload): Change {
  const { entry, externalId } = worker;
  const payloadHash = hashPayload(payload);`,
      },
    ],
  },
  {
    name: 'disable queued behind a mover',
    patches: [
      {
        file: 'src/plan/change-of.ts',
        find: `entry.sent.escrowed !== true && isSentChange(change) && !isDisable(change) &&`,
        put: `entry.sent.escrowed !== true && isSentChange(change) &&`,
      },
    ],
  },
  {
    // As of the fingerprints: the header alone would find out.
    name: 'versions renamed before accept',
    soak: 'bench/soak-versions.ts',
    patches: [
      {
        file: 'src/stages/accept.ts',
        find: `  const result = await store.ledger.accept(lease, {`,
        put: `  if (summary.versions !== undefined) await store.files.promote(run.id, pipeline.name, versionFile);
  const result = await store.ledger.accept(lease, {`,
      },
      { file: 'src/stages/accept.ts', find: `    else await store.files.promote(run.id, pipeline.name, versionFile);\n`, put: `` },
      { file: 'src/stages/previous-pass.ts', find: `file.header.run === last.id && `, put: `` },
    ],
  },
  {
    name: 'versions of an abandoned plan believed',
    soak: 'bench/soak-versions.ts',
    patches: [
      {
        file: 'src/stages/versioned-pass.ts',
        find: `store.files.write({ run: header.run }, versionFile,`,
        put: `store.files.write({ pipeline: pipeline.name }, versionFile,`,
      },
      {
        file: 'src/stages/versioned-pass.ts',
        find: `  { store }: StageContext,
  header: FingerprintHeader,
  work`,
        put: `  { store, pipeline }: StageContext,
  header: FingerprintHeader,
  work`,
      },
      { file: 'src/stages/accept.ts', find: `    else await store.files.promote(run.id, pipeline.name, versionFile);\n`, put: `` },
      { file: 'src/stages/previous-pass.ts', find: `file.header.run === last.id && `, put: `` },
    ],
  },
  {
    // Where a row was deleted, another one may lie.
    name: 'the place alone is the version',
    soak: 'bench/soak-versions.ts',
    patches: [{ file: 'src/source/prepare.ts', find: `['ctid', 'xmin'].map(`, put: `['ctid'].map(` }],
  },
];

/** Errors: a text that is not there exactly once, so that no defect is silently planted nowhere. */
export function plant(text: string, { file, find, put }: Mutant['patches'][number]): string {
  const found = text.split(find).length - 1;
  if (found !== 1) throw new Error(`${file} holds the text to patch ${String(found)} times: ${find}`);
  return text.replace(find, () => put);
}
