import { describe, expect, it } from 'vitest';
import { JoineryError } from '../domain/error.ts';
import { compile, EvaluationError, ExpressionSyntaxError, LimitError, RefusedExpressionError } from './index.ts';

const caught = async (run: () => unknown): Promise<unknown> => {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
};

describe('compile', () => {
  it('answers at once where the expression is compiled, and by a promise where the reference has to', async () => {
    const compiled = compile('first & " " & $uppercase(last)');
    expect(compiled.compiled).toBe(true);
    expect(compiled.evaluate({ first: 'Ada', last: 'Lovelace' })).toBe('Ada LOVELACE');
    const parent = compile('orders.items.{"order": %.id, "item": id}');
    expect([parent.compiled, parent.reasons.length]).toEqual([false, 1]);
    const answer = parent.evaluate({ orders: [{ id: 1, items: [{ id: 'a' }] }] });
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toEqual({ order: 1, item: 'a' });
  });

  it('reports every syntax error that can be recovered from, with its place in the text', () => {
    const thrown = (() => {
      try {
        return compile('first & & last, ');
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(ExpressionSyntaxError);
    expect(thrown).toMatchObject({ code: 'JSN-101', jsonataCode: 'S0211', offset: 8, token: '&' });
    expect(thrown instanceof ExpressionSyntaxError && thrown.problems.length).toBeGreaterThan(1);
  });

  it('keeps what the reference threw as the cause of every error', async () => {
    expect(await caught(() => compile('[1, 2'))).toMatchObject({ jsonataCode: 'S0203', cause: { code: 'S0203', token: '(end)' } });
    expect(await caught(() => compile('1 + "a"').evaluate({}))).toMatchObject({ cause: { code: 'T2002', token: '+', value: 'a' } });
    const endless = compile('($f := function($n) { $f($n + 1) }; $f(0))', { guardrails: { steps: 100 } });
    expect(await caught(() => endless.evaluate({}))).toMatchObject({ cause: { code: 'D1012' } });
  });

  it('says what is wrong with a pattern that JavaScript refuses, and where it stands', async () => {
    const thrown = await caught(() => compile('$match(name, /a{2,1}/)'));
    expect(thrown).toMatchObject({ code: 'JSN-101', jsonataCode: undefined, offset: 13, problems: [{ offset: 13, length: 8 }] });
    expect(String(thrown)).toContain('numbers out of order in {} quantifier');
  });

  it('refuses a text that is nested deeper than the parser can follow, and leaves to the reference what only code generation cannot', async () => {
    const nested = (opening: string, closing: string, depth: number): string => `${opening.repeat(depth)}1${closing.repeat(depth)}`;
    const thrown = await caught(() => compile(nested('(', ')', 20_000)));
    expect(thrown).toBeInstanceOf(ExpressionSyntaxError);
    expect(String(thrown)).toContain('nested too deeply');
    expect(compile(nested('{"a": ', '}', 300)).compiled).toBe(true);
    const sum = compile(`1${' + 1'.repeat(2500)}`);
    // How deep is too deep, V8's stack decides.
    expect(sum.reasons).toEqual(sum.compiled ? [] : ['it is nested too deeply']);
    expect(await sum.evaluate({})).toBe(2501);
  });

  it('uses a registered $clone for a transform, as the reference does', async () => {
    const functions = { clone: { implementation: () => ({ cloned: true }) } };
    expect(await compile('a ~> |$|{"b": 1}|', { functions }).evaluate({ a: { c: 1 } })).toEqual({ cloned: true, b: 1 });
  });

  it('gives the error of the reference with its code, its token and where the token begins', async () => {
    const bad = compile('last & $number( first )');
    const error = await caught(() => bad.evaluate({ first: 'x', last: 'y' }));
    expect(error).toBeInstanceOf(EvaluationError);
    expect(error).toMatchObject({ code: 'D3030', jsonataCode: 'D3030', offset: 7, token: 'number', value: 'x' });
    expect(await caught(() => compile('1 + "a"').evaluate({}))).toMatchObject({ code: 'T2002', offset: 2, token: '+' });
    expect(bad.stats()).toMatchObject({ evaluations: 1, fallbacks: 1 });
  });

  it('names variables, functions and columns where they stand', () => {
    const { variables, fieldNames, functionsUsed } = compile(
      '($d := $lookup($table, dept); $d.name & `job title` & items[code = 1].$f(x))',
    );
    expect(variables.map(({ name, offset }) => [name, offset])).toEqual([
      ['lookup', 7],
      ['table', 15],
      ['f', 70],
    ]);
    expect(functionsUsed.map(({ name }) => name)).toEqual(['lookup', 'f']);
    expect(fieldNames.map(({ name, offset, length }) => [name, offset, length])).toEqual([
      ['dept', 23, 4],
      ['job title', 40, 11],
      ['items', 54, 5],
    ]);
  });

  it('calls registered functions through their signatures, and runs asynchronous ones in the reference', async () => {
    const functions = {
      twice: { implementation: (text: string) => text + text, signature: '<s-:s>' },
      later: { implementation: async (text: string) => await Promise.resolve(`${text}…`) },
      reads: {
        implementation(this: { input: unknown }) {
          return this.input;
        },
      },
    };
    expect(compile('$twice(a)', { functions }).evaluate({ a: 'x' })).toBe('xx');
    expect(compile('a.$twice()', { functions }).evaluate({ a: 'x' })).toBe('xx');
    expect(await caught(() => compile('$twice(1)', { functions }).evaluate({}))).toMatchObject({ code: 'T0410' });
    const later = compile('$later(a)', { functions });
    expect(later.compiled).toBe(false);
    expect(later.reasons).toEqual(['$later is asynchronous']);
    expect(await later.evaluate({ a: 'x' })).toBe('x…');
    expect(compile('a.$reads()', { functions }).evaluate({ a: { b: 1 } })).toEqual({ b: 1 });
  });

  it('lets a binding hide a function, as the reference does', async () => {
    const hidden = compile('$count & "/" & $sum([1, 2])');
    expect(hidden.evaluate({}, { count: 5 })).toBe('5/3');
    expect(await caught(() => hidden.evaluate({}, { sum: 1 }))).toMatchObject({ code: 'T1006' });
  });

  it('gives plain values: no marks on arrays, ordinary objects', () => {
    const value = compile('{"a": items.name, "b": $merge([{"x": 1}])}').evaluate({ items: [{ name: 1 }, { name: 2 }] });
    expect(value).toStrictEqual({ a: [1, 2], b: { x: 1 } });
  });

  it('reads no inherited members', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(compile(name).evaluate({ a: 1 })).toBeUndefined();
      expect(compile(`a.${name}`).evaluate({ a: { b: 1 } })).toBeUndefined();
      expect(compile(`$x.${name}`).evaluate({}, { x: {} })).toBeUndefined();
    }
    const row = JSON.parse('{"__proto__": {"x": 1}, "a": 2}');
    expect(compile('`__proto__`.x + a').evaluate(row)).toBe(3);
    expect(JSON.stringify(compile('{"__proto__": a}').evaluate({ a: 1 }))).toBe('{"__proto__":1}');
  });

  it('shows one instant per evaluation, in both engines', async () => {
    const now = (): number => Date.UTC(2026, 10, 22, 8);
    expect(compile('$now() & $millis()', { now }).evaluate({})).toBe(`2026-11-22T08:00:00.000Z${String(now())}`);
    expect(await compile('$eval("$now()") & $millis()', { now }).evaluate({})).toBe(`2026-11-22T08:00:00.000Z${String(now())}`);
    expect(compile('$fromMillis($toMillis("10:30", "[H01]:[m01]"))', { now }).evaluate({})).toBe('2026-11-22T10:30:00.000Z');
  });

  it('evaluates again inside of a registered function without losing its own counters', () => {
    const inner = compile('$sum([1..100])');
    const functions = { inner: { implementation: () => inner.evaluate({}) } };
    const outer = compile('$map([1..3], function($i) { $i * $inner() })', { functions, guardrails: { steps: 50 } });
    expect(outer.evaluate({})).toEqual([5050, 10100, 15150]);
  });
});

describe('guardrails', () => {
  const endless = '($f := function($n) { $f($n + 1) }; $f(0))';

  it('end an endless loop, a deep recursion and a huge result, in both engines', async () => {
    for (const opening of ['', '$eval("1") + ']) {
      const one = (text: string): unknown =>
        compile(`${opening}${text}`, { guardrails: { steps: 5000, depth: 100, output: 1000 } }).evaluate({});
      expect(await caught(() => one(endless))).toMatchObject({ code: 'JSN-103', jsonataCode: 'D1012', limit: 'steps' });
      expect(await caught(() => one('($f := function($n) { 1 + $f($n + 1) }; $f(0))'))).toMatchObject({
        code: 'JSN-104',
        jsonataCode: 'D1011',
      });
    }
    const large = (text: string): unknown => compile(text, { guardrails: { output: 1000 } }).evaluate({ a: 'x' });
    expect(await caught(() => large('$pad("x", 100000000)'))).toBeInstanceOf(LimitError);
    expect(await caught(() => large('$eval("a") ~> $pad(100000000)'))).toBeInstanceOf(LimitError);
    expect(await caught(() => large('[1..2000]'))).toMatchObject({ code: 'JSN-105', jsonataCode: 'D2015' });
    expect(await caught(() => large('$join($map([1..100], function($i) { "0123456789abcdef" }))'))).toMatchObject({ code: 'JSN-105' });
    expect(await caught(() => large('$eval("a") ~> $pad(2000)'))).toMatchObject({ code: 'JSN-105' });
  });

  it('count the doubling of a text that grows without a loop', async () => {
    const doubling = Array.from({ length: 20 }, () => '$t := $t & $t').join('; ');
    expect(
      await caught(() => compile(`($t := a; ${doubling}; {"t": $t})`, { guardrails: { output: 1000 } }).evaluate({ a: 'x' })),
    ).toMatchObject({ code: 'JSN-105' });
  });

  it('do not count what stands in tail position as depth', () => {
    const loop = compile('($f := function($n, $sum) { $n = 0 ? $sum : $f($n - 1, $sum + $n) }; $f(100000, 0))');
    expect(loop.evaluate({})).toBe(5_000_050_000);
  });

  it('refuse at load what would hang an engine or change its input', () => {
    const refused = (source: string): unknown => {
      try {
        return compile(source);
      } catch (error) {
        return error;
      }
    };
    expect(refused('$match(t, /x/).match ?: "none"')).toMatchObject({ code: 'JSN-106' });
    expect(refused('$replace(t, /z/, "") ?? "none"')).toMatchObject({ code: 'JSN-106' });
    expect(refused('$contains(mail, /^(\\w+\\.?)+@/)')).toMatchObject({ code: 'JSN-107', offset: 16, length: 13 });
    expect(refused('$ ~> |$$.address|{"city": "Berlin"}|')).toMatchObject({ code: 'JSN-108', offset: 6 });
    expect(refused('$ ~> |$lookup($table, k)|{"n": 1}|')).toMatchObject({ code: 'JSN-108' });
    expect(refused('($clone := function($x) { $x }; $ ~> |a|{"n": 1}|)')).toBeInstanceOf(RefusedExpressionError);
    expect(refused('$ ~> |$filter(items, function($i) { $i.n = 1 })|{"n": 2}|')).toMatchObject({ compiled: true });
    expect(() => compile('$match(t, /x/).match ?: "none"', { guardrails: false })).not.toThrow();
  });
});

describe('verify', () => {
  it('asks both engines and is quiet while they agree', async () => {
    const verified = compile('first & $string($count(roles.code))', { verify: 2 });
    const row = { first: 'Ada', roles: [{ code: 1 }, { code: 2 }] };
    expect(verified.evaluate(row)).toBe('Ada2');
    expect(await verified.evaluate(row)).toBe('Ada2');
    expect(verified.stats()).toEqual({ evaluations: 2, fallbacks: 0, verified: 1 });
    const failing = compile('$number(first)', { verify: true });
    expect(await caught(() => failing.evaluate(row))).toMatchObject({ code: 'D3030' });
  });

  it('is loud when they differ', async () => {
    let calls = 0;
    const functions = { impure: { implementation: () => (calls += 1) } };
    const error = await caught(() => compile('$impure()', { functions, verify: true }).evaluate({}));
    expect(error).toBeInstanceOf(JoineryError);
    expect(error).toMatchObject({ code: 'JSN-109' });
  });
});

describe('many records at once', () => {
  it.each([
    ['compiled code', '($v := id; $w := function($x) { $x & "-" & $v }; {"id": id, "all": $map(list, $w), "m": $millis() > 0})'],
    ['the reference', '($v := id; $w := function($x) { $x & "-" & $v }; {"id": id, "all": $map(list, $w), "m": $eval("id") = $v})'],
    ['a fallback', '($v := id; {"id": id, "all": $map(list, function($x) { $x & "-" & $v }), "m": list[0].%.id = $v or true})'],
  ])('never see values of another one in %s, at width 100', async (_name, source) => {
    const compiled = compile(source);
    const rows = Array.from({ length: 100 }, (_, index) => ({ id: `w${String(index)}`, list: ['a', `b${String(index)}`] }));
    const before = JSON.stringify(rows);
    const values = await Promise.all(rows.map(async (row) => await compiled.evaluate(row, { own: row.id })));
    for (const [index, value] of values.entries()) {
      expect(value).toEqual({ id: `w${String(index)}`, all: [`a-w${String(index)}`, `b${String(index)}-w${String(index)}`], m: true });
    }
    expect(JSON.stringify(rows)).toBe(before);
  });

  it('get values that they may change without changing the next one', () => {
    const compiled = compile('{"schemas": ["a", "b"], "table": $lookup({"x": "y"}, k), "nested": [{"n": 1}]}');
    const first: any = compiled.evaluate({ k: 'x' });
    first.schemas.push('changed');
    first.nested[0].n = 2;
    expect(compiled.evaluate({ k: 'x' })).toEqual({ schemas: ['a', 'b'], table: 'y', nested: [{ n: 1 }] });
  });
});
