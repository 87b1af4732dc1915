import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../domain/canonical-json.ts';
import { setAttribute } from './access.ts';
import { differences } from './differences.ts';
import { anyPayload, mappedPayload, samplePaths, samplePayload } from './payload-samples.test-data.ts';

test('there are no differences exactly if both payloads have the same canonical JSON', () => {
  for (const payloads of [mappedPayload, anyPayload]) {
    fc.assert(
      fc.property(payloads, payloads, (before, after) => {
        expect(differences(before, after).length === 0).toBe(canonicalJson(before) === canonicalJson(after));
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(payloads, (payload) => differences(payload, structuredClone(payload)).length === 0));
  }
});

test('changing one attribute gives one difference, by its path and with both values', () => {
  fc.assert(
    fc.property(fc.constantFrom(...samplePaths), (path) => {
      const before = setAttribute(samplePayload(), path, 'old');
      expect(differences(before, setAttribute(before, path, 'new'))).toEqual([{ path, kind: 'changed', old: 'old', new: 'new' }]);
      expect(differences(before, setAttribute(before, path, null))).toEqual([{ path, kind: 'emptied', old: 'old', new: null }]);
      expect(differences(setAttribute(before, path, null), before)).toEqual([{ path, kind: 'set', old: null, new: 'old' }]);
    }),
  );
});

test('an attribute that is left out is emptied', () => {
  const before = setAttribute(samplePayload(), 'title', 'Analyst');
  expect(differences(before, samplePayload())).toEqual([{ path: 'title', kind: 'emptied', old: 'Analyst' }]);
});

test('a new worker has everything set, attribute by attribute', () => {
  const payload = setAttribute(setAttribute(samplePayload(), 'emails[type eq "work"].value', 'w@x'), 'name.givenName', 'Mara');
  expect(differences(undefined, payload).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
    'set schemas',
    'set externalId',
    'set active',
    'set userName',
    'set emails[type eq "work"].primary',
    'set emails[type eq "work"].value',
    'set name.givenName',
  ]);
});

test('elements that cannot be told apart by their type are compared as a whole', () => {
  const twice = {
    ...samplePayload(),
    emails: [
      { type: 'work', value: 'a' },
      { type: 'work', value: 'b' },
    ],
  };
  const once = { ...samplePayload(), emails: [{ type: 'work', value: 'a' }] };
  expect(differences(twice, once).map(({ path }) => path)).toEqual(['emails']);
});
