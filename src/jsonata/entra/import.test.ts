import * as fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { functionLibrary } from '../functions/index.ts';
import { compile } from '../index.ts';
import { findEntraFunction } from './catalog.ts';
import { contextOfOptions } from './evaluate.ts';
import { evaluateEntraExpression, importEntraExpression } from './index.ts';

const options = { now: '2026-11-22T08:00:00Z', existingInTarget: ['taken', 'john.smith'] };
const library = functionLibrary(contextOfOptions(options));

/** Only the functions that the code calls: an engine parses the signature of each one it is given. */
function usedFunctions(code: string): typeof library {
  return Object.fromEntries(Object.entries(library).filter(([name]) => code.includes(`$${name}(`)));
}

async function runImported(text: string, attributes: Readonly<Record<string, unknown>>): Promise<unknown> {
  const code = importEntraExpression(text).jsonata;
  const engine = jsonata(code);
  for (const [name, { implementation, signature }] of Object.entries(usedFunctions(code)))
    engine.registerFunction(name, implementation, signature);
  const value: unknown = await engine.evaluate(structuredClone(attributes));
  return value;
}

/** As pipelines run it: in compiled code. */
function runCompiled(text: string, attributes: Readonly<Record<string, unknown>>): unknown {
  const code = importEntraExpression(text).jsonata;
  return compile(code, { functions: usedFunctions(code) }).evaluate(structuredClone(attributes));
}

/** A value as JSON, nothing as null; an error as one word, because the engine wraps some of them. */
async function outcomeOf(run: () => unknown): Promise<string> {
  try {
    return JSON.stringify((await run()) ?? null);
  } catch {
    return 'error';
  }
}

function notesOf(text: string): (readonly string[])[] {
  return importEntraExpression(text).notes.map(({ severity, code, line, column }) => [severity, code, `${String(line)}:${String(column)}`]);
}

describe('the importer', () => {
  it('writes IIF as a condition and uses the operators of JSONata where they mean the same', () => {
    expect(importEntraExpression('IIF([country]="USA",[country],[department])').jsonata).toBe('country = "USA" ? country : department');
    expect(importEntraExpression('IIF([a]<>"x","y","n")').jsonata).toBe('$not(a = "x") ? "y" : "n"');
    expect(importEntraExpression('IIF(InStr([a], "@")>"0","y","n")').jsonata).toBe('$inStr(a, "@") > 0 ? "y" : "n"');
    expect(importEntraExpression('IIF([a]=1,"y","n")').jsonata).toBe('$entraCompare(a, "=", 1) ? "y" : "n"');
    expect(importEntraExpression('IIF([a]="true","y","n")').jsonata).toBe('$entraCompare(a, "=", "true") ? "y" : "n"');
  });

  it('writes Switch as a chain that evaluates the source once and the values when they are needed', () => {
    expect(importEntraExpression('Switch([Active], , "1", "True", "0", "False")').jsonata).toBe(
      '($source := $entraText(Active); $source = "1" ? "True" : $source = "0" ? "False" : null)',
    );
  });

  it('takes a value that is dropped for nothing inside another function', async () => {
    const text = 'Join("-", IgnoreFlowIfNullOrEmpty([a]), Append(IgnoreFlowIfNullOrEmpty([a]), "x"), "b")';
    expect([evaluateEntraExpression(text, {}), await runImported(text, {})]).toEqual(['b', 'b']);
  });

  it('quotes names that JSONata would read otherwise', async () => {
    const text = 'Join("|", [in], [a.b], [urn:x:y], [and], [true], [a`b], [function], [two words])';
    const attributes = { in: '1', 'a.b': '2', 'urn:x:y': '3', and: '4', true: '5', 'a`b': '6', function: '7', 'two words': '8' };
    expect(await runImported(text, attributes)).toBe('1|2|3|4|5|6|7|8');
  });

  it('keeps candidates that can fail from being evaluated before they are needed', async () => {
    const text = 'SelectUniqueValue([a], Item(Split([b], "@"), 2), "last")';
    expect(await runImported(text, { a: 'free', b: 'no at sign' })).toBe('free');
    expect(await outcomeOf(() => runImported(text, { a: 'taken', b: 'no at sign' }))).toBe('error');
    expect(await runImported(text, { a: 'taken', b: 'x@y' })).toBe('y');
    expect(evaluateEntraExpression(text, { a: 'TAKEN', b: 'x@y' }, options)).toBe('y');
  });

  it('writes a call that fails, and says why, where nothing is equivalent', async () => {
    const imported = importEntraExpression('IIF([a] = "x", DefaultDomain(), "other")');
    expect(imported.jsonata).toBe('a = "x" ? $error("DefaultDomain has no equivalent") : "other"');
    expect(await runImported('IIF([a] = "x", DefaultDomain(), "other")', { a: 'y' })).toBe('other');
    expect(imported.notes.map(({ message }) => message)).toEqual([
      "DefaultDomain has no equivalent: it is the tenant's default domain, which only the provisioning service knows; state it in the pipeline",
    ]);
  });

  it.each([
    ['Frobnicate([a])', [['error', 'JSN-604', '1:1']]],
    ['Append([a])', [['error', 'JSN-605', '1:1']]],
    ['Append([a], "b", "c")', [['error', 'JSN-605', '1:1']]],
    ['IIF([a] = "b", True, "c")', [['error', 'JSN-604', '1:16']]],
    ['Len([a])', [['error', 'JSN-607', '1:1']]],
    ['Replace([a], "b", "c")', [['error', 'JSN-609', '1:1']]],
    ['Replace([a], "b", , )', [['error', 'JSN-605', '1:1']]],
    ['Replace([a], , "(a+)+", , "")', [['error', 'JSN-509', '1:16']]],
    ['Replace([a], , "(?>a)", , "")', [['error', 'JSN-509', '1:16']]],
    ['FormatDateTime([a], "yyyy")', [['error', 'JSN-609', '1:1']]],
    ['FormatDateTime([a], , "yyyy\'", "yyyy")', [['error', 'JSN-506', '1:23']]],
    ['DateAdd("fortnight", 1, Now())', [['error', 'JSN-506', '1:9']]],
    ['Switch([a], "b", "c")', [['error', 'JSN-605', '1:1']]],
    ['switch([a], "b", "c", "d")', [['notice', 'JSN-611', '1:1']]],
    ['Switch(IsPresent([a]), "b", "True", "d")', [['warning', 'JSN-610', '1:8']]],
    [
      'IIF([a]="",\n "b", Join([c], "; "))',
      [
        ['warning', 'JSN-610', '1:5'],
        ['warning', 'JSN-609', '2:12'],
      ],
    ],
    ['Append(SelectUniqueValue("a", "b"), "c")', [['warning', 'JSN-610', '1:8']]],
    [
      'Append(%Domain%, "c") & "d"',
      [
        ['notice', 'JSN-609', '1:1'],
        ['warning', 'JSN-607', '1:8'],
      ],
    ],
    ['ToLower(Append([a], "b"), )', []],
  ])('says of %j what is to be said, with the place', (text, notes) => {
    expect(notesOf(text)).toEqual(notes);
  });
});

describe('the catalog', () => {
  it('names functions that the library has', () => {
    const names = Object.keys(library);
    const calls = ['Append', 'Word', 'ToUpper', 'Switch', 'IIF', 'Error', 'IsNothing', 'Trim'].map(
      (name) => findEntraFunction(name)?.library,
    );
    expect(calls.filter((name) => name !== undefined && !names.includes(name))).toEqual([]);
    const text =
      'Append|AppRoleAssignmentsComplex|AssertiveAppRoleAssignmentsComplex|BitAnd|CBool|CDate|Coalesce|ConvertFromBase64|ConvertToBase64|ConvertToUTF8Hex|Count|CStr|DateAdd|DateDiff|DateFromNum|FormatDateTime|Guid|IgnoreFlowIfNullOrEmpty|InStr|IsNull|IsNullOrEmpty|IsPresent|IsString|Item|Join|Left|Mid|NormalizeDiacritics|Not|Now|NumFromDate|PCase|RandomString|Redact|RemoveDuplicates|Replace|SelectUniqueValue|SingleAppRoleAssignment|Split|StripSpaces|ToLower|ToUpper|Trim|Word';
    const missing = text.split('|').filter((name) => !names.includes(findEntraFunction(name)?.library ?? ''));
    expect(missing).toEqual([]);
  });
});

/** Expressions of the functions that people nest, over attributes that are text, numbers, booleans, lists, empty, null and absent. */
const attributeNames = ['a', 'b', 'c', 'hired', 'odd name'];
const literal = fc.constantFrom(
  '""',
  '"x"',
  '"taken"',
  '"John"',
  '"1"',
  '"01"',
  '"True"',
  '"a b"',
  '"2026-12-01"',
  '"@"',
  '1',
  '0',
  '-3',
  '&HF',
  '12',
);
const attribute = fc.constantFrom(...attributeNames).map((name) => `[${name}]`);
const { expression } = fc.letrec<{ expression: string; condition: string }>((tie) => {
  const call = (name: string, ...args: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.tuple(...args).map((parts) => `${name}(${parts.join(', ')})`);
  const inner = tie('expression');
  const operator = fc.constantFrom('=', '<>', '>', '>=', '<', '<=');
  return {
    condition: fc.oneof(
      fc.tuple(inner, operator, inner).map(([left, sign, right]) => `${left} ${sign} ${right}`),
      call('IsNullOrEmpty', inner),
      call('IsPresent', inner),
      inner,
    ),
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      literal,
      attribute,
      call('Append', inner, inner),
      call('Join', literal, inner, inner),
      call('Left', inner, fc.constantFrom('0', '2', '-1', '"3"')),
      call('Mid', inner, fc.constantFrom('1', '2', '9', '0'), fc.constantFrom('1', '"4"')),
      call('ToUpper', inner),
      call('Coalesce', inner, inner),
      call('InStr', inner, literal),
      call('Count', inner),
      call('Not', inner),
      call('CStr', inner),
      call('Split', inner, fc.constant('"@"')),
      call('Item', call('Split', inner, fc.constant('" "')), fc.constantFrom('1', '2')),
      call('Replace', inner, fc.constant('"a"'), fc.constantFrom('', ' '), fc.constant(''), literal, fc.constant(''), fc.constant('')),
      call('DateDiff', fc.constantFrom('"d"', '"m"'), fc.constant('Now()'), call('CDate', inner)),
      call('IgnoreFlowIfNullOrEmpty', inner),
      call('IIF', tie('condition'), inner, inner),
      call('Switch', inner, fc.oneof(inner, fc.constant('')), literal, inner),
      call('Switch', inner, inner, literal, inner, inner, inner),
      call('SelectUniqueValue', inner, inner),
      call('CBool', tie('condition')),
      fc.tuple(inner, inner).map(([left, right]) => `${left} & ${right}`),
    ),
  };
});
const value = fc.constantFrom(
  null,
  '',
  'x',
  'taken',
  'John Smith',
  'u@v',
  '1',
  '01',
  'True',
  'true',
  '2026-12-01',
  0,
  1,
  12,
  true,
  false,
  ['p', 'q'],
  ['@'],
);
const attributeValues = fc.dictionary(fc.constantFrom(...attributeNames), value);

describe('an imported expression', () => {
  it('gives what the evaluator gives, or fails where it fails, whatever the expression and the values', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(expression, attributeValues, async (text, attributes) => {
        fc.pre(text.length < 2000);
        const direct = await outcomeOf(() => evaluateEntraExpression(text, attributes, options));
        expect(await outcomeOf(() => runImported(text, attributes))).toBe(direct);
        expect(await outcomeOf(() => runCompiled(text, attributes))).toBe(direct);
        const kind = direct === 'error' || direct === 'null' ? direct : 'value';
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 250) },
    );
    // The generator would be worth nothing if nearly all of its expressions failed.
    expect(outcomes.get('value')).toBeGreaterThan(150);
  });
});
