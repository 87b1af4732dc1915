import { wordsFor, type YamlNode, type YamlScalar } from './yaml-tree.ts';
import type { Range } from './line-index.ts';
import { type JsonSchema, type Kind } from './kind.ts';
import type { ExpressionText, Formula, LiteralValue } from './pipeline.ts';
import type { Reading } from './reading.ts';
import { quoteAsExpression, reportSplitByComment } from './split-report.ts';

const formulaWords = 'a JSONata expression, a number, a boolean, null or { const: … }';
export const formulaSchema: JsonSchema = {
  anyOf: [
    { type: ['string', 'number', 'boolean', 'null'], description: 'JSONata as text; numbers, booleans and null are literals.' },
    {
      type: 'object',
      additionalProperties: false,
      required: ['const'],
      properties: { const: { type: ['string', 'number', 'boolean', 'null'], description: 'Literal text, not an expression.' } },
    },
  ],
};

/** JSONata text, or a literal. */
export const formula: Kind<Formula> = {
  words: formulaWords,
  schema: formulaSchema,
  read: (node, path, reading) => readFormula(node, path, reading),
};

/** As `formula`; `{ const: … }` is a field of its own where this is used. */
export function readFormula(node: YamlNode, path: string, reading: Reading): Formula | undefined {
  if (reading.isBroken(node)) return undefined;
  if (node.kind === 'map' && node.entries.length === 1 && node.entries[0]?.key === 'const') {
    const { value } = node.entries[0];
    return readConst(value, path, reading);
  }
  if (node.kind !== 'scalar') {
    const bare = reading.lines.text.slice(...node.range);
    return reading.report(
      'PIP-401',
      node.flow ? node.range : reading.rangeOf(path),
      `${path} takes ${formulaWords}, not ${wordsFor(node)}`,
      {
        fix: node.flow ? `If this is an expression, put it in quotes: ${quoteAsExpression(bare)}` : undefined,
      },
    );
  }
  if (typeof node.value === 'string') return readExpression(node, path, reading);
  if (node.value === null && node.written.source === '') return reportMissing(node, path, reading);
  return readLiteral(node, path, reading);
}

/** Literal text, number, boolean or null. */
export function readConst(node: YamlNode, path: string, reading: Reading): LiteralValue | undefined {
  if (node.kind !== 'scalar') {
    return reading.report('PIP-103', reading.rangeOf(path), `const of ${path} takes text, a number or a boolean, not ${wordsFor(node)}`);
  }
  if (typeof node.value === 'string') return literal(node.value, path, node.range, reading);
  if (node.value === null && node.written.source === '') return reportMissing(node, path, reading);
  return readLiteral(node, path, reading);
}

function readExpression(node: YamlScalar, path: string, reading: Reading): ExpressionText | undefined {
  const { text } = node.decoded();
  if (text.trim() === '') return reportMissing(node, path, reading);
  if (node.style === 'plain' && reportSplitByComment(node, path, reading)) return undefined;
  return {
    kind: 'expression',
    text,
    path,
    locate: (offset, length = 1) => reading.lines.place(node.decoded().rangeOf(offset, length)),
  };
}

/** Numbers that YAML would read differently from what is written are refused: `00123` is 123 to YAML, and `1.10` is 1.1. */
function readLiteral(node: YamlScalar, path: string, reading: Reading): LiteralValue | undefined {
  const { value } = node;
  const { source } = node.written;
  if (typeof value === 'number' && String(value) !== source) {
    return reading.report('PIP-402', node.range, `${path}: YAML reads ${source} as ${String(value)}`, {
      fix: `For exactly this text write { const: "${source}" }; for the number write ${String(value)}.`,
    });
  }
  return literal(value, path, node.range, reading);
}

function literal(value: LiteralValue['value'], path: string, range: Range, reading: Reading): LiteralValue {
  return { kind: 'literal', value, path, place: reading.lines.place(range) };
}

function reportMissing(node: YamlScalar, path: string, reading: Reading): undefined {
  return reading.report('PIP-401', node.range[0] === node.range[1] ? reading.rangeOf(path) : node.range, `${path} has no expression`, {
    fix: 'Write the expression; for an attribute that is to be empty write null.',
  });
}
