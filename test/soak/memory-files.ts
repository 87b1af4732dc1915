import { JoineryError } from '../../src/domain/error.ts';
import type { FileArea, Files } from '../../src/store/contract.ts';

/** Run files as the store's contract wants them, in memory: whole or not at all, and outliving whatever process wrote them. */
export function createMemoryFiles(): Files {
  const contents = new Map<string, Buffer>();
  const pathOf = (area: FileArea, name: string): string =>
    'run' in area ? `run ${area.run}/${name}` : `pipeline ${area.pipeline}/${name}`;
  return {
    async write(area, name, chunks) {
      const parts: Buffer[] = [];
      for await (const chunk of chunks) parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk));
      const content = Buffer.concat(parts);
      contents.set(pathOf(area, name), content);
      return content.length;
    },
    read(area, name) {
      const content = contents.get(pathOf(area, name));
      return Promise.resolve(content === undefined ? undefined : once(content));
    },
    list(area) {
      const start = pathOf(area, '');
      return Promise.resolve([...contents.keys()].flatMap((path) => (path.startsWith(start) ? [path.slice(start.length)] : [])).toSorted());
    },
    promote(run, pipeline, name) {
      const from = pathOf({ run }, name);
      const content = contents.get(from);
      if (content === undefined) return Promise.reject(new JoineryError('STO-301', `The run ${run} has no file ${name}.`));
      contents.delete(from);
      contents.set(pathOf({ pipeline }, name), content);
      return Promise.resolve();
    },
    remove(area, name) {
      contents.delete(pathOf(area, name));
      return Promise.resolve();
    },
    path: () => undefined,
  };
}

async function* once(content: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}
