import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as library from './public.ts';

const guide = readFileSync(new URL('../../docs/jsonata-engine.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');
const blocks = [...guide.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

test('the guide shows the library by example', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(4);
});

/** `expression; // value` states a value. */
test.each(blocks)('the example of the guide gives what its comments say: %s', async (block) => {
  const imported = /^import \{ (.*) \} from 'joinery\/jsonata';$/m.exec(block)?.[1]?.split(', ') ?? [];
  const stated = [...block.matchAll(/^(?!const )(.+); \/\/ (.+)$/gm)].length;
  const body = block
    .replace(/^import .*$/m, '')
    .replaceAll(
      /^(?!const )(.+); \/\/ (.+)$/gm,
      (_line, expression: string, value: string) => `expect(await (${expression})).toEqual(${value});`,
    );
  expect(stated).toBeGreaterThan(0);
  expect(imported.filter((name) => !(name in library))).toEqual([]);
  const run = new Function('expect', ...imported, `return (async () => {${body}})();`) as (...given: unknown[]) => Promise<void>; // oxlint-disable-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- the examples are ours
  expect.hasAssertions();
  await run(expect, ...imported.map((name): unknown => Reflect.get(library, name)));
});
