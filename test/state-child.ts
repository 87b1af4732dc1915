/**
 * A process of its own that works on a state, for tests that kill it; its words are `<location> <act>`.
 * Says one line when it has come so far, and then stays as it is.
 */
import { openStore } from '../src/store/open.ts';
import { batchId, beginRun, payloadOf, recordOf, scope, sendingInput } from './state-builders.ts';

const [location = '', act = ''] = process.argv.slice(2);
const store = await openStore(location);
const stay = (): Promise<never> => new Promise(() => setInterval(() => undefined, 60_000));

async function say(line: string): Promise<void> {
  await new Promise<void>((resolve) => {
    process.stdout.write(`${line}\n`, () => {
      resolve();
    });
  });
}

if (act === 'open') {
  await say(`opened ${store.identity.id}`);
  await store.close();
} else {
  const lease = await store.acquireLease('contoso', 'the child', 1);
  if (act === 'hold') {
    await say('holding');
    await stay();
  }
  await beginRun(store, lease, 'r1');
  const records = [0, 1].map((index) => [recordOf('r1', index, { payload: payloadOf(`w${String(index)}`), batch: 0 })]);
  const input = { scope, run: 'r1', planHash: 'p', at: 2000, population: 2, batches: [{ id: batchId('r1', 0), sequence: 0 }] };
  if (act === 'accept') {
    // Stands still in the middle of the transaction, with rows written and not committed.
    const halfway = async function* (): AsyncGenerator<(typeof records)[number]> {
      yield records[0] ?? [];
      await say('halfway');
      await stay();
    };
    await store.ledger.accept(lease, { ...input, records: halfway() });
  }
  await store.ledger.accept(lease, { ...input, records });
  await store.operations.beginSending(lease, await sendingInput(store, batchId('r1', 0), 3000));
  await say('sending');
  await stay();
}
