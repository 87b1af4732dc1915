import type { FunctionDeclaration, FunctionExample, ParameterDeclaration, Purity } from './declaration.ts';
import { functionDeclarations } from './index.ts';

const groups: readonly FunctionDeclaration['group'][] = [
  'names',
  'dates',
  'text',
  'phones and countries',
  'lookups',
  'Entra attribute mapping',
];

const purityWords: Readonly<Record<Purity, string>> = {
  pure: 'depends on its arguments only',
  clock: "depends on the run's `asOf`",
  random: 'depends on chance',
  lookup: 'depends on what exists in the target',
};

/** Names of Microsoft's reference that are no function here, with what the importer writes. */
const writtenOtherwise: readonly (readonly [entra: string, jsonata: string])[] = [
  ['Error', '`$error(text)`, JSONata’s own'],
  ['IsNothing', '`$isNull(value)`'],
];

/** The reference page of all functions, Markdown, made from the declarations alone; `docs/reference/functions.md` is this text. */
export function renderReferencePage(declarations: readonly FunctionDeclaration[] = functionDeclarations): string {
  const sections = groups.flatMap((group) => {
    const members = declarations
      .filter((declaration) => declaration.group === group)
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));
    return members.length === 0 ? [] : [`## ${group.charAt(0).toUpperCase()}${group.slice(1)}\n`, ...members.map(renderFunction)];
  });
  return [
    '# Functions',
    '',
    '<!-- Made from the declarations in src/jsonata/functions by `npm run generate`. Do not edit. -->',
    '',
    'Functions that Joinery adds to those of JSONata. Every example is a test. Examples run as of 2026-11-22T08:00:00Z in Europe/Berlin.',
    'Parameters in brackets may be left out. Unless a function says otherwise, nothing (a column that is NULL) gives nothing.',
    '',
    ...sections,
    renderEntraTable(declarations),
  ].join('\n');
}

function renderFunction(declaration: FunctionDeclaration): string {
  const lines = [`### \`${writeUsage(declaration)}\``, '', declaration.summary, ''];
  for (const parameter of declaration.parameters) lines.push(`- \`${parameter.name}\`: ${parameter.summary}`);
  if (declaration.parameters.length > 0) lines.push('');
  const facts = [`Signature \`${declaration.signature}\``, purityWords[declaration.purity]];
  if (declaration.entra !== undefined) facts.push(`is Microsoft’s \`${declaration.entra}\``);
  if (declaration.source !== undefined) facts.push(`[source](${declaration.source})`);
  lines.push(`${facts.join('; ')}.`, '', '```', ...declaration.examples.map(renderExample), '```', '');
  return lines.join('\n');
}

function writeUsage({ name, parameters }: FunctionDeclaration): string {
  const write = (parameter: ParameterDeclaration): string => {
    const shown = parameter.repeated === true ? `${parameter.name}, …` : parameter.name;
    return parameter.optional === true ? `[${shown}]` : shown;
  };
  return `$${name}(${parameters.map(write).join(', ')})`;
}

function renderExample({ expression, input, bindings, context, taken, result, matches, fails }: FunctionExample): string {
  const conditions: string[] = [];
  if (input !== undefined) conditions.push(`over ${JSON.stringify(input)}`);
  for (const [name, value] of Object.entries(bindings ?? {})) conditions.push(`$${name} is ${JSON.stringify(value)}`);
  if (taken !== undefined) conditions.push(`taken: ${taken.join(', ')}`);
  if (context?.asOf !== undefined) conditions.push(`as of ${new Date(context.asOf).toISOString()}`);
  const outcome =
    fails !== undefined
      ? `error ${fails}`
      : matches !== undefined
        ? `matches /${matches}/`
        : result === null
          ? 'nothing'
          : JSON.stringify(result);
  return `${expression}  →  ${outcome}${conditions.length === 0 ? '' : `    (${conditions.join('; ')})`}`;
}

function renderEntraTable(declarations: readonly FunctionDeclaration[]): string {
  const rows = declarations.flatMap(({ entra, name }) => (entra === undefined ? [] : [[entra, `\`$${name}\``] as const]));
  const all = [...rows, ...writtenOtherwise].toSorted(([left], [right]) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1));
  return [
    '## Microsoft’s names',
    '',
    'A function keeps Microsoft’s name with a small first letter. Where JSONata or this library has a function of that name with another meaning, it begins with `entra`.',
    '`joinery import-expression` writes IIF and Switch as conditions, which evaluate only the value that is chosen.',
    '',
    '| Microsoft | here |',
    '| --- | --- |',
    ...all.map(([entra, jsonata]) => `| ${entra} | ${jsonata} |`),
    '',
  ].join('\n');
}
