import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { enterpriseUserSchema } from '../domain/payload.ts';
import { assignAttribute, getAttribute, removeAttribute, setAttribute } from './access.ts';
import { parseAttributePath } from './attribute-path.ts';
import { mappedPayload, samplePaths, samplePayload } from './payload-samples.test-data.ts';

test('what was set is what is got', () => {
  fc.assert(
    fc.property(mappedPayload, fc.constantFrom(...samplePaths), fc.string(), (payload, path, value) => {
      expect(getAttribute(setAttribute(payload, path, value), path)).toBe(value);
    }),
  );
});

test('setting what already stands there changes nothing, and the order of setting does not show', () => {
  fc.assert(
    fc.property(mappedPayload, fc.constantFrom(...samplePaths), fc.constantFrom(...samplePaths), (payload, one, two) => {
      const before = getAttribute(payload, one);
      fc.pre(before !== undefined && one !== two);
      expect(setAttribute(payload, one, before ?? null)).toEqual(payload);
      expect(setAttribute(setAttribute(payload, one, 'a'), two, 'b')).toEqual(setAttribute(setAttribute(payload, two, 'b'), one, 'a'));
    }),
  );
});

test('what was removed is gone, nothing else is, and the given payload stays as it was', () => {
  fc.assert(
    fc.property(mappedPayload, fc.constantFrom(...samplePaths), (payload, path) => {
      const copy = structuredClone(payload);
      const without = removeAttribute(payload, path);
      expect(payload).toEqual(copy);
      expect(getAttribute(without, path)).toBeUndefined();
      const others = samplePaths.filter((other) => other !== path);
      expect(others.map((other) => getAttribute(without, other))).toEqual(others.map((other) => getAttribute(payload, other)));
    }),
  );
});

test('a parent or element that holds nothing else goes with its last value', () => {
  const base = samplePayload();
  for (const path of samplePaths) expect(removeAttribute(setAttribute(base, path, 'x'), path)).toEqual(base);
});

test('elements of a multi-valued attribute are made with their type, and a work e-mail is primary', () => {
  const payload = setAttribute(setAttribute(samplePayload(), 'emails[type eq "work"].value', 'w@x'), 'emails[type eq "home"].value', 'h@x');
  expect(payload['emails']).toEqual([
    { type: 'home', value: 'h@x' },
    { type: 'work', primary: true, value: 'w@x' },
  ]);
  const phone = setAttribute(samplePayload(), 'phoneNumbers[type eq "work"].value', '+49');
  expect(phone['phoneNumbers']).toEqual([{ type: 'work', value: '+49' }]);
});

test('inherited names are no attributes', () => {
  expect(getAttribute(samplePayload(), 'constructor')).toBeUndefined();
  expect(getAttribute(samplePayload(), `${enterpriseUserSchema}:toString`)).toBeUndefined();
});

test('building a payload in place gives the same as setting its attributes one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...samplePaths), fc.string())), (assignments) => {
      const built = { ...samplePayload() };
      for (const [path, value] of assignments) assignAttribute(built, parseAttributePath(path) ?? { name: path }, value);
      expect(JSON.stringify(built)).toBe(
        JSON.stringify(assignments.reduce((payload, [path, value]) => setAttribute(payload, path, value), samplePayload())),
      );
    }),
  );
});
