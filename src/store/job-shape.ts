import type { JobScope } from '../domain/words.ts';
import type { Lease } from './contract.ts';
import type { JobShape, NoticeJobInput } from './contract-people.ts';
import { inChunks, type Database } from './database.ts';
import { ensureJob, findJob } from './jobs.ts';
import { appendLine } from './journal-lines.ts';
import { writeUnder } from './lease.ts';
import { jsonOf, optionalText } from './row.ts';

const attributesPerStatement = 50;

/** See `Ledger.jobShape`. */
export async function jobShape(database: Database, scope: JobScope): Promise<JobShape | undefined> {
  const row = await database.first({
    sql: 'SELECT shape FROM jobs WHERE id = ?',
    bindings: [(await findJob(database, scope)) ?? 0],
  });
  return row === undefined || optionalText(row, 'shape') === undefined ? undefined : jsonOf<JobShape>(row, 'shape');
}

/** See `Ledger.noticeJob`. */
export function noticeJob(database: Database, lease: Lease, input: NoticeJobInput): Promise<number> {
  return writeUnder(database, lease, async (transaction) => {
    const { scope, shape, attributes, at } = input;
    const job = await ensureJob(transaction, scope);
    let marked = 0;
    for (const chunk of inChunks(attributes, attributesPerStatement)) {
      // By the member's name in the JSON: one of another extension with the same name is marked too, which costs an upload and nothing else.
      const has = chunk.map(() => '(lower(confirmed_payload) LIKE ? OR lower(desired_payload) LIKE ?)').join(' OR ');
      marked += await transaction.run({
        sql: `UPDATE entries SET marked = 'resend' WHERE job_id = ? AND (marked IS NULL OR marked <> 'resend') AND (${has})`,
        bindings: [job, ...chunk.flatMap((path) => [memberPattern(path), memberPattern(path)])],
      });
    }
    await transaction.run({ sql: 'UPDATE jobs SET shape = ? WHERE id = ?', bindings: [JSON.stringify(shape), job] });
    await appendLine(transaction, 'job.noticed', { pipeline: lease.pipeline, shape: shape.hash, attributes: [...attributes], marked }, at);
    return marked;
  });
}

/** `addresses[type eq "work"].country` → `%"country":%` */
function memberPattern(path: string): string {
  const last = path.slice(Math.max(path.lastIndexOf(':'), path.lastIndexOf('.')) + 1).toLowerCase();
  // The value of a multi-valued attribute, and of the manager, stands under the attribute's name.
  const name =
    last === 'value'
      ? path
          .replace(/\.value$/i, '')
          .replace(/\[.*$/, '')
          .replace(/^.*:/, '')
          .toLowerCase()
      : last;
  return `%"${name.replaceAll(/[%_\\]/g, '')}":%`;
}
