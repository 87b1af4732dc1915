/** A position in a file that a person wrote. Lines and columns count from 1; columns are UTF-16 code units, as editors count. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where the marked text ends (exclusive); absent means one character. */
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** `file:line:column`, the form that terminals and editors turn into a link. */
export function formatPlace(place: Place): string {
  return `${place.file}:${String(place.line)}:${String(place.column)}`;
}
