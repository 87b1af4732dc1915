import { describe, expect, it } from 'vitest';
import type { AttributeDifference, GuardVerdict } from '../domain/change.ts';
import { coreUserSchema, type Payload } from '../domain/payload.ts';
import { marksOf, readMark, type Markable } from './guard-marks.ts';
import { countedMarks } from './guards.ts';
import { guards } from './guards.test-data.ts';

const department = guards.changes.groups?.by ?? '';
const manager = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value';
const payload: Payload = {
  schemas: [coreUserSchema],
  externalId: 'W1',
  active: true,
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Sales' },
};
const changed = (path: string, kind: AttributeDifference['kind'] = 'changed', old = 'old'): AttributeDifference => ({ path, kind, old });
const mover = (...differences: readonly AttributeDifference[]): Markable => ({ change: 'mover', differences, payload });

describe('what a change counts for', () => {
  it('is its kind, and for who has an account each attribute, in the whole and in the group that he was in', () => {
    expect(marksOf(mover(changed('title'), changed('nickName', 'emptied')), guards)).toEqual([
      'changes.title',
      'changes.title@Sales',
      'changes.nickName',
      'emptied.nickName',
      'changes.nickName@Sales',
    ]);
    const moved = mover(changed(department, 'changed', 'Legal'), changed('title'));
    expect(marksOf(moved, guards)).toEqual([`changes.${department}`, 'changes.title', 'changes.title@Legal']);
    expect(marksOf(mover(changed('userName')), guards)).toEqual(['renames']);
  });

  it('is nothing but the kind for who is created or disabled, and for a manager who is sent a second time', () => {
    expect(marksOf({ ...mover(changed('title', 'set')), change: 'joiner' }, guards)).toEqual(['joiners']);
    expect(marksOf({ ...mover(changed('active'), changed('title')), change: 'cancelled' }, guards)).toEqual(['leavers']);
    expect(marksOf({ ...mover(changed(manager, 'set')), cause: 'manager' }, guards)).toEqual([]);
    expect(marksOf({ ...mover(changed('active'), changed('title')), change: 'rehire' }, guards)).toEqual([
      'enables',
      'changes.title',
      'changes.title@Sales',
    ]);
  });

  it('is not counted later if a first run sent it, but for disables, or if somebody approved it', () => {
    const both = { ...mover(changed('title')), change: 'rehire' } as const;
    expect(countedMarks({ first: true, guards: [] }, guards)(both)).toEqual([]);
    expect(countedMarks({ first: true, guards: [] }, guards)({ ...both, change: 'leaver' })).toEqual(['leavers']);
    const approved = { id: 'a', by: 'm', reason: 'r', at: 1, until: 2 };
    const verdict: GuardVerdict = { guard: 'changes.title', tripped: true, measured: 9, limit: 1, words: '', approved };
    expect(countedMarks({ first: false, guards: [verdict] }, guards)(both)).toEqual(['enables', 'changes.title@Sales']);
  });

  it('can be read back, whatever a group is called', () => {
    expect(readMark('changes.title@R@D')).toEqual({ family: 'changes', path: 'title', group: 'R@D' });
    expect(readMark(`emptied.${department}`)).toEqual({ family: 'emptied', path: department });
    expect(readMark('leavers')).toBeUndefined();
  });
});
