import { scanExpression } from './expression-scan.ts';
import type { Range } from './line-index.ts';
import type { Reading } from './reading.ts';
import { findSplitValues } from './split-value.ts';
import type { YamlScalar } from './yaml-tree.ts';

/** The text as a single quoted YAML scalar. */
export function quoteAsExpression(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A plain expression that a ` #` cut off: YAML takes the rest for a comment without a word. Told from a real comment by a quote or
 * bracket that is still open. True after a report.
 */
export function reportSplitByComment(node: YamlScalar, path: string, reading: Reading): boolean {
  const { text } = reading.lines;
  const end = node.written.offset + node.written.source.length;
  if (scanExpression(node.written.source).balanced) return false;
  if (!/^[ \t]+#/.test(text.slice(end))) return reportSplitInside(node, path, reading);
  const lineEnd = reading.lines.lineEnd(end);
  const hash = text.indexOf('#', end);
  reading.report('PIP-003', [hash, hash + 1], `${path}: YAML reads " #" as the beginning of a comment and ends the value before it`, {
    fix: quotedLines(reading, [node.written.offset, lineEnd]),
  });
  reading.broken.push([node.written.offset, lineEnd]);
  return true;
}

/** A plain expression with an open quote or bracket that ends where YAML, not its author, saw the end. */
function reportSplitInside(node: YamlScalar, path: string, reading: Reading): boolean {
  const start = node.written.offset;
  const splits = findSplitValues(reading.lines.text, start);
  const split = splits.find(({ range }) => range[0] === start);
  if (split === undefined) return false;
  reading.report('PIP-003', split.range, `${path}: YAML reads ${split.reads}`, {
    fix: quotedLines(
      reading,
      split.range,
      splits.map(({ range }) => range),
    ),
  });
  return true;
}

/**
 * The line of a value with the value, and the others that want it, in single quotes; or the value as a block when it spans lines: what
 * the author should write instead.
 */
export function quotedLines(reading: Reading, value: Range, others: readonly Range[] = [value]): string {
  const text = reading.maskedText();
  const [start, end] = value;
  const written = text.slice(start, end);
  const from = reading.lines.lineStart(start);
  const lead = text.slice(from, start);
  if (!/[\r\n]/.test(written)) {
    const to = reading.lines.lineEnd(end);
    let line = '';
    let at = from;
    for (const [first, last] of others.filter((range) => range[0] >= from && range[1] <= to)) {
      line += text.slice(at, first) + quoteAsExpression(text.slice(first, last));
      at = last;
    }
    return `Write: ${(line + text.slice(at, to)).trim()}`;
  }
  const indent = /^[ ]*/.exec(lead)?.[0] ?? '';
  const lines = written.split(/\r\n|\r|\n/).map((line) => `${indent}  ${line.trim()}`);
  return ['Write it as a block:', `${lead.trimEnd()} |-`, ...lines].join('\n');
}
