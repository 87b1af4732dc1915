import { declarationOf, type ErrorCode } from './errors/registry.ts';
import { formatPlace, type Place } from './place.ts';

export type Severity = 'error' | 'warning' | 'notice';

/** One problem found in something a person wrote, or in a row. Collected, not thrown: a reader wants all of them at once. */
export interface Diagnostic {
  readonly code: ErrorCode;
  readonly severity: Severity;
  /** What is wrong here, with names; personal values masked. */
  readonly message: string;
  /** Why it matters; absent: the registry's text for the code. */
  readonly why?: string;
  /** The way out; absent: the registry's text for the code. */
  readonly fix?: string;
  readonly place?: Place;
}

/**
 * The diagnostic as a person reads it: heading, place, the line with a caret under the marked text, why and fix.
 * `readSource` returns the text of a file or undefined; without it the line is left out.
 */
export function renderDiagnostic(diagnostic: Diagnostic, readSource: (file: string) => string | undefined = () => undefined): string {
  const declaration = declarationOf(diagnostic.code);
  const lines = [`${diagnostic.severity} ${diagnostic.code}: ${diagnostic.message}`];
  const { place } = diagnostic;
  if (place !== undefined) {
    lines.push(`  --> ${formatPlace(place)}`, ...excerpt(place, readSource(place.file)));
  }
  lines.push(`  why: ${diagnostic.why ?? declaration.why}`, `  fix: ${diagnostic.fix ?? declaration.fix}`);
  return lines.join('\n');
}

function excerpt(place: Place, source: string | undefined): string[] {
  const line = source?.split(/\r\n|\r|\n/)[place.line - 1];
  if (line === undefined) return [];
  const number = String(place.line);
  const gutter = ' '.repeat(number.length);
  const end = place.endLine === undefined || place.endLine === place.line ? (place.endColumn ?? place.column + 1) : line.length + 1;
  const width = Math.max(1, Math.min(end, line.length + 1) - place.column);
  // A tab before the mark stays a tab, so that the caret stands under the text in any tab width.
  const lead = line.slice(0, place.column - 1).replaceAll(/[^\t]/g, ' ');
  return [` ${gutter} |`, ` ${number} | ${line}`, ` ${gutter} | ${lead}${'^'.repeat(width)}`];
}
