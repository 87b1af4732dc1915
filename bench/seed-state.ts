import { baselineKey } from '../src/domain/ledger.ts';
import { summarise } from '../src/domain/verdict.ts';
import { changeOf } from '../src/plan/change-of.ts';
import { rowStateOf } from '../src/plan/decision.ts';
import { openSource } from '../src/source/open-source.ts';
import type { StageContext } from '../src/stages/context.ts';
import { scopeOf } from '../src/stages/context.ts';
import { extract } from '../src/stages/extract.ts';
import { candidatesHash } from '../src/stages/name-seekers.ts';
import { preparePipeline } from '../src/stages/prepare.ts';
import { beginRun } from '../src/stages/run.ts';
import type { AcceptRecord } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { fingerprintFile } from '../src/store/run-files.ts';

/**
 * The state of a company that was taken over with `joinery adopt` and accepted: everybody's payload as desired and as confirmed, written by the ledger's own verbs, and the
 * fingerprints of the same pass by the extract stage. Left out are 20,000 batches and their log rows, which no line of the bench reads. `employs`: told from a row whether
 * its worker has an account, so that nobody's manager is unknown who is not.
 */
export async function seedState(
  pipelineFile: string,
  state: string,
  environment: Readonly<Record<string, string>>,
  asOf: number,
  employs: ReadonlySet<string>,
): Promise<void> {
  const { pipeline, mapping } = preparePipeline(pipelineFile, environment);
  const store = await openStore(state);
  const lease = await store.acquireLease(pipeline.name, 'bench', asOf);
  const source = await openSource(pipeline.source);
  try {
    const clock = { now: () => asOf, sleep: () => Promise.resolve() };
    const context: StageContext = { pipeline, mapping, store, lease, clock, emit: () => undefined, signal: new AbortController().signal };
    const scope = scopeOf(pipeline);
    const run = await beginRun(context, asOf, Math.random);
    const rows = store.files.write({ run: run.id }, 'seed.ndjson', recordsOf());
    async function* recordsOf(): AsyncGenerator<string> {
      for await (const items of extract(context, run, source)) {
        let text = '';
        for (const item of items) {
          if (item.kind !== 'group') throw new Error(`the workload has a row that is ${item.kind}`);
          const verdict = await mapping.evaluate(item.group, asOf);
          if (verdict.kind !== 'draft') throw new Error(JSON.stringify(verdict));
          const { externalId, draft } = verdict;
          const managerKnown = draft.manager === undefined || employs.has(draft.manager);
          const change = changeOf(
            { externalId, row: rowStateOf(verdict), draft, entry: undefined, chosen: new Map(), managerKnown, warnings: [] },
            pipeline.leavers,
          );
          const candidates = candidatesHash(draft);
          const record: AcceptRecord = {
            externalId,
            missing: false,
            evaluated: {
              fingerprint: item.group.fingerprint,
              mappingId: mapping.id,
              verdict: summarise(verdict),
              draftHash: draft.hash,
              ...(verdict.nextDate === undefined ? {} : { nextDate: verdict.nextDate }),
              ...(managerKnown || draft.manager === undefined ? {} : { missingManager: draft.manager }),
              ...(candidates === undefined ? {} : { candidates }),
              run: run.id,
            },
            ...(change === undefined
              ? {}
              : {
                  desired: { payload: change.payload, hash: change.payloadHash, change: change.change, run: run.id },
                  baseline: baselineKey({ kind: 'none' }),
                }),
          };
          text += `${JSON.stringify(record)}\n`;
        }
        yield text;
      }
    }
    await rows;
    const written = await store.files.read({ run: run.id }, 'seed.ndjson');
    if (written === undefined) throw new Error('no records');
    const population = (await store.runs.get(run.id))?.population ?? 0;
    const input = { scope, run: run.id, planHash: 'seed', at: asOf, population, batches: [] };
    await store.ledger.accept(lease, { ...input, records: chunksOf(written) });
    await store.files.promote(run.id, pipeline.name, fingerprintFile);
    for await (const entries of store.ledger.streamEntries(scope, pipeline.name)) {
      const workers = entries.flatMap(({ externalId, desired }) =>
        desired === undefined ? [] : [{ externalId, payload: desired.payload, everEnabled: desired.payload.active }],
      );
      await store.ledger.adopt(lease, { scope, at: asOf, workers });
    }
    await store.files.remove({ run: run.id }, 'seed.ndjson');
    await store.runs.advance(lease, run.id, { state: 'loaded' });
    await store.runs.advance(lease, run.id, { state: 'finished', finishedAt: asOf });
  } finally {
    await source.close();
    await lease.release();
    await store.close();
  }
}

async function* chunksOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly AcceptRecord[]> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of bytes) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written above
    if (lines.length > 0) yield lines.map((line) => JSON.parse(line) as AcceptRecord);
  }
}
