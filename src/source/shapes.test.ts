import { describe, expect, test } from 'vitest';
import type { Row } from '../domain/row.ts';
import type { Source } from './contract.ts';
import { readShapes } from './shapes.ts';

function sourceOf(rows: readonly Row['values'][]): { readonly source: Source; readonly ended: () => boolean } {
  let ended = false;
  const source: Source = {
    type: 'csv',
    keyOrder: 'bytes',
    oneMoment: true,
    describe: () => Promise.resolve([]),
    close: () => Promise.resolve(),
    async *read() {
      try {
        await Promise.resolve();
        for (const [index, values] of rows.entries())
          yield [{ key: typeof values['id'] === 'string' ? values['id'] : undefined, values, fingerprint: '', ordinal: index + 1 }];
      } finally {
        ended = true;
      }
    },
  };
  return { source, ended: () => ended };
}

describe('the shapes of columns', () => {
  test('are counts and words of the vocabulary, and hold no value of a row', async () => {
    const { source } = sourceOf([
      { id: 'W1', mail: 'geheim@firma.example', state: 'ACTIVE', chief: null, since: '2026-01-01T00:00:00', phone: '+49 30 1234567' },
      { id: 'W2', mail: ' ', state: 'Left', chief: 'W1', since: '2026-01-02T08:00:00', phone: '(0)30/1234567' },
    ]);
    const shapes = await readShapes(source, 100, new Set(['active', 'left']));
    expect(shapes).toMatchObject({ rows: 2, isWhole: true });
    expect(shapes.byColumn.get('state')).toMatchObject({ words: ['ACTIVE', 'Left'], isWords: true, distinct: 2 });
    expect(shapes.byColumn.get('chief')).toMatchObject({ nulls: 1, keys: 1 });
    expect(shapes.byColumn.get('mail')).toMatchObject({ blanks: 1, forms: { email: 1 }, isWords: false });
    expect(shapes.byColumn.get('since')).toMatchObject({ timesOfDay: 1, forms: { date: 2 } });
    expect(shapes.byColumn.get('phone')).toMatchObject({ forms: { phone: 2 } });
    expect(JSON.stringify([...shapes.byColumn])).not.toMatch(/geheim|W1|1234567|2026/);
  });

  test('are read of so many rows and no more, and the read is ended', async () => {
    const { source, ended } = sourceOf(Array.from({ length: 9 }, (_each, id) => ({ id: String(id) })));
    expect(await readShapes(source, 4, new Set())).toMatchObject({ rows: 4, isWhole: false });
    expect(ended()).toBe(true);
    expect(await readShapes(source, 9, new Set())).toMatchObject({ rows: 9, isWhole: true });
    expect(await readShapes(source, 0, new Set())).toMatchObject({ rows: 0, isWhole: false });
  });
});
