import { isScalar, visit, type YAMLParseError } from 'yaml';
import { findSplitValues, type SplitValue } from './split-value.ts';
import { quotedLines } from './split-report.ts';
import type { Range } from './line-index.ts';
import { holdsReference } from './literal-password.ts';
import { isSecretName, type Reading } from './reading.ts';
import { buildTree, parseYaml, type ParsedYaml } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

/** More values without quotes than anybody writes before the first check. */
const mostRepairs = 200;

/**
 * The tree of the file; undefined after a report if YAML cannot say what belongs to what. A value that YAML splits is reported,
 * replaced by letters of the same length and the file read again, so that every other problem comes out in the same pass at its
 * own place.
 */
export function readTree(reading: Reading): YamlNode | undefined {
  let { text } = reading.lines;
  for (let repairs = 0; ; repairs++) {
    const parsed = parseYaml(text);
    const [error] = parsed.document.errors;
    const offsets = error === undefined ? silentSplits(parsed) : [error.pos[0], ...openBefore(parsed, error.pos[0])];
    const splits = repairs < mostRepairs ? firstSplit(text, offsets) : [];
    if (splits.length === 0) {
      if (parsed.document.errors.length === 0) return finish(parsed, reading);
      reportErrors(parsed, reading);
      return undefined;
    }
    for (const split of splits) {
      reportSplit(split, splits, reading);
      text = blank(text, split.range);
    }
  }
}

/** Where the flow maps and lists begin that may still be open at an error: a ` #` inside hides their end, and the error comes lines later. */
function openBefore({ document }: ParsedYaml, offset: number): readonly number[] {
  const starts: number[] = [];
  visit(document, {
    Collection(_, collection) {
      const start = collection.range?.[0];
      if (collection.flow === true && start !== undefined && start < offset) starts.push(start);
    },
  });
  return starts.toSorted((left, right) => right - left).slice(0, 8);
}

function firstSplit(text: string, offsets: readonly number[]): readonly SplitValue[] {
  for (const offset of offsets) {
    const splits = findSplitValues(text, offset);
    if (splits.length > 0) return splits;
  }
  return [];
}

function finish(parsed: ParsedYaml, reading: Reading): YamlNode | undefined {
  for (const warning of parsed.document.warnings) {
    if (warning.code === 'TAG_RESOLVE_FAILED')
      reading.report('PIP-009', warning.pos, `the tag ${parsed.text.slice(...warning.pos)} is not known`);
  }
  const { root, problems } = buildTree(parsed);
  for (const { code, range, message, fix } of problems) {
    reading.report(code, range, message, { fix });
    if (code === 'PIP-006') reading.broken.push(range);
  }
  if (root !== undefined) return root;
  return problems.length > 0
    ? undefined
    : reading.report('PIP-102', [0, 0], 'the file is empty', { fix: 'Begin with pipeline: and a name.' });
}

function reportSplit({ range, field, reads }: SplitValue, splits: readonly SplitValue[], reading: Reading): void {
  reading.broken.push(range);
  if (isSecretName(field) && !holdsReference(reading.lines.text.slice(...range))) {
    reading.mask(range);
    reading.report('PIP-204', range, `${field} is written in the file`);
    return;
  }
  const reference = /^\$\{\w+\}$/.test(reading.lines.text.slice(...range));
  reading.report('PIP-003', range, `${field}: YAML reads ${reads}`, {
    ...(reference ? { why: 'Inside { } the braces of a reference are braces of YAML.' } : {}),
    fix: quotedLines(
      reading,
      range,
      splits.map((split) => split.range),
    ),
  });
}

function blank(text: string, [start, end]: Range): string {
  return text.slice(0, start) + text.slice(start, end).replaceAll(/\S/g, 'x') + text.slice(end);
}

/**
 * Where YAML, without an error, read something that nobody writes on purpose: an empty key, in { } a key without value or with
 * characters that no name has, an impossible alias.
 */
function silentSplits({ document }: ParsedYaml): readonly number[] {
  const found: number[] = [];
  visit(document, {
    Alias(_, alias) {
      if (!/^[\w-]+$/.test(alias.source)) found.push(alias.range?.[0] ?? 0);
    },
    Map(_, map) {
      for (const { key, value } of map.items) {
        if (!isScalar(key) || key.range === null || key.range === undefined) continue;
        const strange = key.type === 'PLAIN' && !/^[\w$.:-]+$/.test(String(key.value));
        if (key.range[0] === key.range[1] || (map.flow === true && (value === null || strange))) found.push(key.range[0]);
      }
    },
  });
  return found;
}

/** Errors in the words of someone who writes a pipeline; what the parser says after it lost the thread is left out. */
function reportErrors(parsed: ParsedYaml, reading: Reading): void {
  const lines = new Set<number>();
  parsed.document.errors.forEach((error, index) => {
    const range = startOfError(parsed, error);
    const { line } = reading.lines.place(range);
    if (lines.has(line) || (index > 0 && error.message.includes('in YAML stream'))) return;
    lines.add(line);
    const tab = error.code === 'TAB_AS_INDENT';
    reading.report(tab ? 'PIP-005' : 'PIP-002', range, wordsForError(error, parsed.text));
  });
}

function startOfError({ document, text }: ParsedYaml, error: YAMLParseError): Range {
  if (error.code !== 'MISSING_CHAR' || !error.message.startsWith('Missing closing')) return error.pos;
  let start = error.pos[0];
  visit(document, {
    Scalar(_, scalar) {
      const range = scalar.range;
      if (range !== null && range !== undefined && range[1] === error.pos[0] && /["']/.test(text.charAt(range[0]))) start = range[0];
    },
  });
  return [start, start + 1];
}

function wordsForError(error: YAMLParseError, text: string): string {
  const code: string = error.code;
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'this line is indented with a tab';
    case 'BAD_INDENT':
      return error.message.startsWith('All mapping') ? 'this line is indented differently from the lines beside it' : error.message;
    case 'BLOCK_AS_IMPLICIT_KEY':
      return /^[^\r\n]*:/.test(text.slice(error.pos[0]))
        ? 'a field and the field below it stand on one line'
        : 'the line below is indented deeper, so YAML reads it as part of this value';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; a file holds one pipeline';
    case 'MISSING_CHAR':
      return error.message.startsWith('Missing closing') ? 'this quote is not closed' : error.message;
    default:
      return error.message;
  }
}
