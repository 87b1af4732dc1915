import { compareKeys, type Row } from '../../src/domain/row.ts';
import { createFingerprint } from '../../src/source/fingerprint.ts';
import type { Source } from '../../src/source/contract.ts';
import { encodeLine } from '../../src/source/line.ts';
import type { HrRow } from './story.ts';

const names = [
  'worker_id', 'is_primary', 'status', 'worker_type', 'first_name', 'last_name', 'department', 'job_title', 'manager_id', 'hire_date', 'last_day',
] as const; // prettier-ignore

/** HR's view of one day behind the contract of a source; chunks of any size, rows of one key in any order. */
export function openMemorySource(rows: readonly HrRow[], random: () => number): Source {
  return {
    type: 'postgres',
    keyOrder: 'bytes',
    oneMoment: true,
    async *read({ seed, signal }) {
      const fingerprint = await createFingerprint(
        seed,
        names.map((name) => ({ name, databaseType: 'text' })),
      );
      const sorted = rows
        .map((row) => ({ row, tie: random() }))
        .toSorted((left, right) => compareKeys('bytes', left.row.worker_id ?? '', right.row.worker_id ?? '') || left.tie - right.tie);
      let chunk: Row[] = [];
      for (const [index, { row }] of sorted.entries()) {
        signal?.throwIfAborted();
        const line = encodeLine(names.map((name) => (row[name] === null ? null : String(row[name]))));
        chunk.push({ key: row.worker_id ?? undefined, values: { ...row }, fingerprint: fingerprint.ofText(line), ordinal: index + 1 });
        if (random() < 0.1) {
          yield chunk;
          chunk = [];
        }
      }
      yield chunk;
    },
    describe: () => Promise.resolve(names.map((name) => ({ name, databaseType: 'text', type: 'string' as const }))),
    close: () => Promise.resolve(),
  };
}
