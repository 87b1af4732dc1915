import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { loadPipeline } from './load.ts';
import type { Formula } from './pipeline.ts';

/** A pipeline with one line to be filled in, indented under attributes. */
function pipelineWith(line: string): string {
  return [
    'pipeline: contoso',
    'source: { type: postgres, connection: "${HR}", table: workers, key: id }',
    'transform:',
    '  attributes:',
    '    active: true',
    `    ${line}`,
    '    title: job_title',
    'sink:',
    '  type: entra',
    '  tenant: ${TENANT}',
    '  servicePrincipal: ${PRINCIPAL}',
    '  job: ${JOB}',
    '  auth: { client: "${CLIENT}", certificate: a.pem }',
    '',
  ].join('\n');
}

function loadLine(line: string): { readonly formula: Formula | undefined; readonly problems: readonly Diagnostic[] } {
  const { pipeline, diagnostics } = loadPipeline('p.yaml', { environment: {}, unset: 'standIn', readFile: () => pipelineWith(line) });
  const formula = pipeline?.transform.attributes.find(({ path }) => path === 'nickName')?.formula;
  return { formula, problems: diagnostics.filter(({ severity }) => severity === 'error') };
}

const string = fc
  .array(fc.constantFrom('a', ' ', ': ', ' #', ',', '{', '}', '[', ']', "'", '&', '|', '\\"', '/'), { maxLength: 5 })
  .map((parts) => `"${parts.join('')}"`);
const { expression } = fc.letrec<{ atom: string; expression: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('first_name', '$given', 'a.b', '$', '**', '`First Name`', '/a, b/', '%', '/* x: y */ z'),
    string,
    fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `$join(${left}, ${right})`),
    fc.tuple(tie('atom'), tie('expression')).map(([left, right]) => `${left}[${right}]`),
    tie('expression').map((inner) => `(${inner})`),
    fc.tuple(string, tie('expression')).map(([name, value]) => `{${name}: ${value}}`),
    fc.array(tie('expression'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
  ),
  expression: fc.oneof(
    { maxDepth: 3 },
    tie('atom'),
    fc.tuple(tie('atom'), fc.constantFrom(' & ', ' = ', ' != ', ' and ', '*', ' - '), tie('atom')).map((parts) => parts.join('')),
    fc.tuple(tie('atom'), tie('atom'), tie('atom')).map(([test, yes, no]) => `${test} ? ${yes} : ${no}`),
  ),
}));

/** Read as it is written, or refused; and where a line is proposed, that line is read as it was meant. */
function verdict(text: string, lineOf: (value: string) => string): string {
  const { formula, problems } = loadLine(lineOf(text));
  if (problems.length === 0)
    return formula?.kind === 'expression' && formula.text === text ? 'as written' : `read as ${JSON.stringify(formula)}`;
  const fix = problems.find(({ code }) => code === 'PIP-003')?.fix;
  if (fix === undefined)
    return problems.every(({ code }) => code === 'PIP-401' || code === 'PIP-003' || code === 'PIP-410' || code === 'PIP-103')
      ? 'refused'
      : `refused with ${problems.map(({ code }) => code).join()}`;
  const again = loadLine(fix.replace(/^Write: /, ''));
  return again.formula?.kind === 'expression' && again.formula.text === text ? 'proposed' : `proposed ${fix}`;
}

describe('an expression without quotes', () => {
  it('on a line is read as it is written or refused, and a proposed line reads as it was meant', () => {
    fc.assert(
      fc.property(expression, (text) => {
        // A value that is one YAML string, list or map as a whole is what it looks like.
        fc.pre(!/^["'[{].*["'\]}]$/.test(text));
        expect(['as written', 'proposed', 'refused']).toContain(verdict(text, (value) => `nickName: ${value}`));
      }),
      { numRuns: 150 },
    );
  });

  it('in a flow map is read as it is written or refused, and a proposed line reads as it was meant', () => {
    fc.assert(
      fc.property(expression, (text) => {
        fc.pre(!/^["'[{].*["'\]}]$/.test(text));
        expect(['as written', 'proposed', 'refused']).toContain(verdict(text, (value) => `nickName: { value: ${value}, empty: keep }`));
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    '"a" & b',
    '{"a": b}.a',
    '[a, b][0]',
    'a ? b : c',
    '& b',
    '**.b',
    '%.b',
    '@$b',
    '`a b`',
    '$f("x #y")',
    '| a',
    '> a',
    '- a',
    ', a',
  ])('that begins or goes on as in %s is refused with the quoted line', (text) => {
    expect(verdict(text, (value) => `nickName: ${value}`)).toBe('proposed');
  });

  it('keeps a real comment out of the quotes', () => {
    const { problems } = loadLine('nickName: a ? "#1" : b   # the number');
    expect(problems.map(({ fix }) => fix)).toEqual([`Write: nickName: 'a ? "#1" : b'   # the number`]);
  });
});
