import { describe, expect, it } from 'vitest';
import { compileUnit } from './index.ts';

const row = { first: 'Ada', last: 'Lovelace', dept: 'D1', n: 5 };

describe('compileUnit', () => {
  it('gives every member its value, in the order of the members', () => {
    const unit = compileUnit([
      { name: 'displayName', source: '$full & "!"' },
      { name: 'let full', source: '$given & " " & last', binds: 'full' },
      { name: 'let given', source: 'first', binds: 'given' },
      { name: 'none', source: 'missing' },
    ]);
    expect(unit.compiled).toBe(true);
    expect(unit.evaluate(row)).toEqual({ values: ['Ada Lovelace!', 'Ada Lovelace', 'Ada', undefined], errors: [] });
  });

  it('lets each member fail alone, with the error of the reference and its place', async () => {
    const unit = compileUnit([
      { name: 'good', source: 'first' },
      { name: 'bad', source: 'last & $number(first)' },
      { name: 'after', source: 'n + 1' },
    ]);
    const { values, errors } = await unit.evaluate(row);
    expect(values).toEqual(['Ada', undefined, 6]);
    expect(errors.map(({ name, member, error }) => [name, member, error.code, error.offset, error.token])).toEqual([
      ['bad', 1, 'D3030', 7, 'number'],
    ]);
    expect(unit.stats()).toEqual({ evaluations: 1, fallbacks: 1, verified: 0 });
  });

  it('fails members that read a failed let with JSN-111, and only those', async () => {
    const unit = compileUnit([
      { name: 'let bad', source: '$number(first)', binds: 'bad' },
      { name: 'reads', source: '$bad + 1' },
      { name: 'does not', source: 'n' },
    ]);
    const { values, errors } = await unit.evaluate(row);
    expect(values).toEqual([undefined, undefined, 5]);
    expect(errors.map(({ name, error }) => [name, error.code])).toEqual([
      ['let bad', 'D3030'],
      ['reads', 'JSN-111'],
    ]);
  });

  it('shares functions between members, recursive ones too, also with members that the reference evaluates', async () => {
    const unit = compileUnit([
      { name: 'f', source: 'function($s) { $uppercase($s) & $suffix }', binds: 'shout' },
      { name: 's', source: '"?"', binds: 'suffix' },
      { name: 'fac', source: 'function($k) { $k <= 1 ? 1 : $k * $fac($k - 1) }', binds: 'fac' },
      { name: 'a', source: '$shout(first)' },
      { name: 'b', source: '$fac(n)' },
      { name: 'c', source: '$eval("$shout(last)") & $shout("x") & $fac(3)' },
    ]);
    const { values, errors } = await unit.evaluate(row);
    expect(errors).toEqual([]);
    expect(values.slice(3)).toEqual(['ADA?', 120, 'LOVELACE?X?6']);
    expect(unit.members.map(({ compiled }) => compiled)).toEqual([true, true, true, true, true, false]);
  });

  it('limits each member alone', async () => {
    const unit = compileUnit(
      [
        { name: 'endless', source: '($f := function($k) { $f($k + 1) }; $f(0))' },
        { name: 'fine', source: '$sum([1..100])' },
      ],
      { guardrails: { steps: 1000 } },
    );
    const { values, errors } = await unit.evaluate(row);
    expect(values[1]).toBe(5050);
    expect(errors.map(({ error }) => error.code)).toEqual(['JSN-103']);
  });

  it('shows one instant to all members of an evaluation', async () => {
    let clock = 0;
    const unit = compileUnit(
      [
        { name: 'a', source: '$millis()' },
        { name: 'b', source: '$millis()' },
        { name: 'c', source: '$eval("$millis()")' },
      ],
      { now: () => (clock += 1000) },
    );
    const { values } = await unit.evaluate(row);
    expect(new Set(values).size).toBe(1);
  });

  it('refuses lets that need each other, and two lets of one name', () => {
    const circle = [
      { name: 'a', source: '$b', binds: 'a' },
      { name: 'b', source: '$a', binds: 'b' },
    ];
    expect(() => compileUnit(circle)).toThrow(
      expect.objectContaining({ code: 'JSN-110', message: expect.stringContaining('$a → $b → $a') }),
    );
    expect(() => compileUnit([circle[0]!, circle[0]!])).toThrow(expect.objectContaining({ code: 'JSN-110' }));
  });

  it('gives a let a name that hides a built-in function and a binding', () => {
    const unit = compileUnit([
      { name: 'let', source: '7', binds: 'count' },
      { name: 'a', source: '$count + 1' },
    ]);
    expect(unit.evaluate(row, { count: 1 })).toEqual({ values: [7, 8], errors: [] });
  });
});
