import type { Place } from '../domain/place.ts';

/** Half-open range of UTF-16 offsets into a text. */
export type Range = readonly [start: number, end: number];

/** Turns offsets into lines and columns. Lines end at CR LF, CR or LF, as `renderDiagnostic` splits them. */
export interface LineIndex {
  readonly text: string;
  place(range: Range): Place;
  /** Offset of the first character of the line that holds `offset`. */
  lineStart(offset: number): number;
  /** Offset after the last character of that line, before its line break. */
  lineEnd(offset: number): number;
}

/** `file` is what places show; `text` has no byte order mark (editors do not count one as a column). */
export function indexLines(file: string, text: string): LineIndex {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  const lineOf = (offset: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const columnOf = (offset: number, line: number): number => offset - (starts[line] ?? 0) + 1;
  return {
    text,
    place([start, end]) {
      const first = Math.min(start, text.length);
      const last = Math.max(first, Math.min(end, text.length));
      const line = lineOf(first);
      const endLine = lineOf(last);
      return {
        file,
        line: line + 1,
        column: columnOf(first, line),
        ...(last === first ? {} : { endLine: endLine + 1, endColumn: columnOf(last, endLine) }),
      };
    },
    lineStart: (offset) => starts[lineOf(offset)] ?? 0,
    lineEnd(offset) {
      const next = starts[lineOf(offset) + 1];
      const line = text.slice(starts[lineOf(offset)] ?? 0, next ?? text.length);
      return (starts[lineOf(offset)] ?? 0) + line.replace(/(?:\r\n|\r|\n)$/, '').length;
    },
  };
}
