import type { Place } from '../../domain/place.ts';
import type { CoverageItem } from './coverage.ts';
import type { MappingTestReport } from './run-tests.ts';

/** Tables are long; a few names show the kind. */
const namedKeys = 20;

interface Mark {
  readonly place: Place;
  readonly reached: boolean;
  readonly words: string;
}

/**
 * Coverage drawn onto the files: the counts, then every line that holds an attribute, a branch or a lookup, with its number and ✓ or ✗; under
 * what no case reached a caret and a word. A file of which all was reached is left out.
 */
export function renderCoverage(report: MappingTestReport): string {
  const of = (kind: CoverageItem['kind']): string => {
    const items = report.coverage.filter((item) => item.kind === kind);
    return `${String(items.filter(({ reached }) => reached).length)} of ${String(items.length)}`;
  };
  const lines = [
    `${report.pipeline ?? report.file}: attributes ${of('attribute')}, branches ${of('branch')}, lookup keys ${of('lookupKey')}`,
  ];
  const files = new Map<string, Mark[]>();
  for (const mark of marksOf(report.coverage)) files.set(mark.place.file, [...(files.get(mark.place.file) ?? []), mark]);
  for (const [file, marks] of files) {
    if (marks.every(({ reached }) => reached)) continue;
    lines.push('', `  ${file}`, ...drawFile(report.sources(file)?.split(/\r\n|\r|\n/) ?? [], marks));
  }
  return lines.join('\n');
}

function marksOf(items: readonly CoverageItem[]): readonly Mark[] {
  const marks: Mark[] = [];
  const tables = new Map<string, { readonly place: Place; readonly missed: string[] }>();
  for (const { kind, name, place, reached } of items) {
    if (kind !== 'lookupKey') {
      const words = kind === 'attribute' ? 'no case gives it a value' : `${name.split(' ')[0] ?? ''}: no case comes here`;
      marks.push({ place, reached, words });
      continue;
    }
    const [table = '', ...key] = name.split(' ');
    const missed = tables.get(table)?.missed ?? [];
    if (!reached) missed.push(key.join(' '));
    tables.set(table, { place, missed });
  }
  for (const { place, missed } of tables.values()) {
    const more = missed.length > namedKeys ? `, ${String(missed.length - namedKeys)} more` : '';
    marks.push({ place, reached: missed.length === 0, words: `no case asks for ${missed.slice(0, namedKeys).join(', ')}${more}` });
  }
  return marks.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

function drawFile(texts: readonly string[], marks: readonly Mark[]): readonly string[] {
  const drawn: string[] = [];
  const width = String(Math.max(...marks.map(({ place }) => place.line))).length;
  for (const line of new Set(marks.map(({ place }) => place.line))) {
    const here = marks.filter(({ place }) => place.line === line);
    const text = texts[line - 1] ?? '';
    drawn.push(`  ${here.every(({ reached }) => reached) ? '✓' : '✗'} ${String(line).padStart(width)} │ ${text}`);
    for (const { place, words } of here.filter(({ reached }) => !reached)) {
      const end = place.endLine === undefined || place.endLine === line ? (place.endColumn ?? place.column + 1) : text.length + 1;
      const before = text.slice(0, place.column - 1).replaceAll(/[^\t]/g, ' ');
      drawn.push(`    ${' '.repeat(width)} │ ${before}${'^'.repeat(Math.max(1, end - place.column))} ${words}`);
    }
  }
  return drawn;
}
