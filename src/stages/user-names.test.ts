import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldName, NameChoice, type NameSeeker } from './user-names.ts';

const path = 'userName';

function seek(externalId: string, ...candidates: readonly string[]): NameSeeker {
  return { externalId, path, candidates };
}

describe('choosing user names', () => {
  it('takes the first candidate that neither ledger, directory nor an earlier worker of the plan has, whatever the case of its letters', () => {
    const choice = new NameChoice();
    choice.choose([seek('1', 'anna@x', 'anna1@x'), seek('2', 'Anna@x', 'anna2@x')], new Map([['anna1@x', ['account 7']]]));
    expect(choice.chosen('1').get(path)).toBe('anna@x');
    expect(choice.chosen('2').get(path)).toBe('anna2@x');
  });

  it('lets a worker have the name of his own account', () => {
    const choice = new NameChoice();
    choice.choose([seek('1', 'anna@x')], new Map([['anna@x', ['1']]]));
    expect(choice.chosen('1').get(path)).toBe('anna@x');
  });

  it('rejects a worker whose candidates are all taken', () => {
    const choice = new NameChoice();
    choice.choose([seek('1', 'anna@x')], new Map([['anna@x', ['9']]]));
    expect(choice.rejection('1')).toMatchObject({ code: 'PLN-102', message: expect.stringMatching(/only candidate .* is taken, by 9$/) });
  });

  it('rejects both of two workers who want one name and have no other', () => {
    const choice = new NameChoice();
    choice.choose([seek('1', 'anna@x'), seek('2', 'anna@x')], new Map());
    expect(choice.rejection('1')).toMatchObject({ code: 'PLN-103' });
    expect(choice.rejection('2')).toMatchObject({ code: 'PLN-103' });
  });

  it('never gives one name to two workers', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'B', 'c', 'd');
    const seekers = fc
      .array(fc.uniqueArray(name, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
      .map((lists) => lists.map((list, index) => seek(String(index), ...list)));
    fc.assert(
      fc.property(seekers, (list) => {
        const choice = new NameChoice();
        choice.choose(list, new Map());
        const given = list
          .filter(({ externalId }) => choice.rejection(externalId) === undefined)
          .map(({ externalId }) => foldName(choice.chosen(externalId).get(path) ?? ''));
        expect(new Set(given).size).toBe(given.length);
        expect(given).not.toContain('');
      }),
    );
  });
});
