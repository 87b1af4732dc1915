import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttributePaths } from './attribute-paths.ts';

test('paths that overlap are those of which one begins with the other and a dot or bracket, in the order in which they came', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', '.a', '.b', '[a]', '[b].a', 'ab'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), (added) => {
      const paths = new AttributePaths();
      for (const [index, each] of added.entries()) {
        const naive = added.slice(0, index).filter((other) => {
          const [short, long] = other.length < each.length ? [other, each] : [each, other];
          return long === short || long.startsWith(`${short}.`) || long.startsWith(`${short}[`);
        });
        expect(paths.add(each)).toEqual(naive);
      }
      expect(paths.all).toEqual(added);
    }),
  );
});
