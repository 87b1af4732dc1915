import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkedFileName, fileNameOf } from './file-name.ts';
import { gather } from './folder-files.ts';
import type { FileArea, Store } from './contract.ts';
import { freshLocation, onEveryEngine, openForTest } from '../../test/state.ts';

const area: FileArea = { run: '20261122T080000Z-1f3a' };

async function textOf(store: Store, from: FileArea, name: string): Promise<string | undefined> {
  const chunks = await store.files.read(from, name);
  if (chunks === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

onEveryEngine('files', (open) => {
  test('hold text and bytes, answer their length, and are listed by name', async () => {
    const store = await open();
    expect(await store.files.write(area, 'rows.jsonl', ['Zoë', new Uint8Array([0, 255]), '\n'])).toBe(7);
    expect(await store.files.write(area, 'empty', [])).toBe(0);
    const chunks = await store.files.read(area, 'rows.jsonl');
    const bytes: number[] = [];
    for await (const chunk of chunks ?? []) bytes.push(...chunk);
    expect(bytes).toEqual([90, 111, 0xc3, 0xab, 0, 255, 10]);
    expect(await textOf(store, area, 'empty')).toBe('');
    expect(await store.files.list(area)).toEqual(['empty', 'rows.jsonl']);
    expect(await store.files.list({ run: 'other' })).toEqual([]);
    expect(await store.files.read(area, 'nothing')).toBeUndefined();
  });

  test('of many pieces and megabytes come back whole', async () => {
    const store = await open();
    const line = `${'x'.repeat(99)}\n`;
    async function* lines(): AsyncGenerator<string> {
      for (let index = 0; index < 20_000; index++) yield line;
    }
    expect(await store.files.write(area, 'big', lines())).toBe(2_000_000);
    expect(await textOf(store, area, 'big')).toBe(line.repeat(20_000));
  });

  test('appear whole or not at all: a source that breaks leaves the older file', async () => {
    const store = await open();
    await store.files.write(area, 'plan', ['old']);
    async function* breaking(): AsyncGenerator<string> {
      yield 'x'.repeat(300_000);
      throw new Error('the stage stopped');
    }
    await expect(store.files.write(area, 'plan', breaking())).rejects.toThrow('the stage stopped');
    expect(await textOf(store, area, 'plan')).toBe('old');
    expect(await store.files.list(area)).toEqual(['plan']);
    await store.files.write(area, 'plan', ['new']);
    expect(await textOf(store, area, 'plan')).toBe('new');
  });

  test('may be read and written at the same time, and the store used meanwhile', async () => {
    const store = await open();
    await store.files.write(area, 'one', ['a'.repeat(600_000)]);
    async function* copied(): AsyncGenerator<Uint8Array> {
      for await (const chunk of (await store.files.read(area, 'one')) ?? []) {
        await store.journal.record('note', {}, 1);
        yield chunk;
      }
    }
    expect(await store.files.write(area, 'two', copied())).toBe(600_000);
  });

  test('move to the pipeline over the older one, and are removed', async () => {
    const store = await open();
    const pipeline = { pipeline: 'contoso' };
    await store.files.write(pipeline, 'fingerprints', ['old']);
    await store.files.write(area, 'fingerprints', ['new']);
    await store.files.promote(area.run, 'contoso', 'fingerprints');
    expect(await textOf(store, pipeline, 'fingerprints')).toBe('new');
    expect(await store.files.list(area)).toEqual([]);
    await expect(store.files.promote(area.run, 'contoso', 'fingerprints')).rejects.toMatchObject({ code: 'STO-301' });
    await store.files.remove(pipeline, 'fingerprints');
    await store.files.remove(pipeline, 'fingerprints');
    expect(await store.files.list(pipeline)).toEqual([]);
  });
});

test('in a database a file that is replaced while it is read is said to be, instead of giving half of each', async () => {
  const store = await openForTest(await freshLocation('postgres'));
  await store.files.write(area, 'plan', ['a'.repeat(600_000)]);
  const read = await store.files.read(area, 'plan');
  await store.files.write(area, 'plan', ['b']);
  await expect(async () => {
    for await (const chunk of read ?? []) expect(chunk.length).toBeGreaterThan(0);
  }).rejects.toMatchObject({ code: 'STO-402' });
  expect(store.files.path(area, 'plan')).toBeUndefined();
});

test('in a folder files are for their owner alone, whatever the umask', async () => {
  const folder = await freshLocation('sqlite');
  const store = await openForTest(join(folder, 'deep', 'state'));
  await store.files.write(area, 'plan', ['x']);
  await store.files.write({ pipeline: 'contoso' }, 'prints', ['x']);
  const lease = await store.acquireLease('contoso', 'me', 1);
  const seen: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true })) {
    seen[entry.replaceAll('\\', '/')] = ((await stat(join(folder, entry))).mode & 0o777).toString(8);
  }
  if (process.platform === 'win32') return;
  const [file, directory] = ['600', '700'];
  expect(seen).toMatchObject({
    deep: directory,
    'deep/state': directory,
    'deep/state/state.sqlite': file,
    'deep/state/state.sqlite-wal': file,
    'deep/state/runs/20261122T080000Z-1f3a/plan': file,
    'deep/state/leases/contoso.lock': file,
  });
  for (const [name, mode] of Object.entries(seen))
    expect([name, mode]).toEqual([name, name.includes('.') || /plan$|prints$/.test(name) ? file : directory]);
  expect(store.files.path(area, 'plan')).toBe(join(folder, 'deep', 'state', 'runs', area.run, 'plan'));
  await lease.release();
});

test('a disk that is full is told as that, not as a defect, and leaves nothing half-written', async () => {
  const folder = await freshLocation('sqlite');
  const store = await openForTest(folder);
  async function* full(): AsyncGenerator<string> {
    yield await Promise.resolve('x'.repeat(200_000));
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }
  await expect(store.files.write(area, 'plan', full())).rejects.toMatchObject({
    code: 'STO-101',
    message: expect.stringContaining('ENOSPC'),
  });
  expect(await readdir(join(folder, 'runs', area.run))).toEqual([]);
});

test('half a file of a process that has ended is removed with the next writing of its name', async () => {
  const folder = await freshLocation('sqlite');
  const store = await openForTest(folder);
  await store.files.write(area, 'plan', ['x']);
  const runFolder = join(folder, 'runs', area.run);
  // No process has this number: Linux, macOS and Windows stop far below.
  await writeFile(join(runFolder, '.plan.2147483646.0123abcd'), 'personal data');
  await writeFile(join(runFolder, `.plan.${String(process.pid)}.0123abcd`), 'still being written');
  await store.files.write(area, 'plan', ['y']);
  expect((await readdir(runFolder)).toSorted()).toEqual([`.plan.${String(process.pid)}.0123abcd`, 'plan']);
});

test.each(['..', '.hidden', 'a/b', 'a\\b', 'con', 'NUL.txt', '', 'a.', 'ä', 'x'.repeat(201)])('the file name %j is refused', (name) => {
  expect(() => checkedFileName(name)).toThrowError(expect.objectContaining({ code: 'STO-401' }));
});

test('names of pipelines become file names that stay different where case does not count', () => {
  expect(fileNameOf('contoso-workforce_2')).toBe('contoso-workforce_2');
  expect(fileNameOf('Contoso')).toBe('%43ontoso');
  expect(fileNameOf('a/../b')).toBe('a%2F%2E%2E%2Fb');
  expect(fileNameOf('größe')).toBe('gr%C3%B6%C3%9Fe');
  expect(fileNameOf('con')).toBe('_con');
});

test('small pieces are joined for writing, and one that is nearly whole goes on without a copy', async () => {
  const nearly = Buffer.alloc(60, 'b');
  const written: string[] = [];
  let first: Buffer | undefined;
  for await (const bytes of gather([nearly, 'a', Buffer.from('a'), nearly, nearly, 'c'], 100)) {
    first ??= bytes;
    written.push(bytes.toString());
  }
  expect(first?.buffer).toBe(nearly.buffer);
  expect(written).toEqual(['b'.repeat(60), `aa${'b'.repeat(60)}`, 'b'.repeat(60), 'c']);
});

test('pieces of any size are written whole and in their order, in writes of at most the size asked for', async () => {
  const pieces = fc.array(fc.oneof(fc.string({ maxLength: 30 }), fc.uint8Array({ maxLength: 30 })));
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 40 }), async (chunks, most) => {
      const written: Buffer[] = [];
      for await (const bytes of gather(chunks, most)) {
        written.push(Buffer.from(bytes));
        expect(bytes.length).toBeLessThanOrEqual(Math.max(most, ...chunks.map((chunk) => Buffer.byteLength(chunk))));
      }
      expect(Buffer.concat(written)).toEqual(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))));
    }),
  );
});
