/**
 * One line of CSV (RFC 4180, CRLF). A text that a spreadsheet would take for a formula gets an apostrophe in front, which the spreadsheet
 * shows as text: otherwise a name in an HR system could run a command on an analyst's machine.
 */
export function csvLine(values: readonly (string | number | boolean | null | undefined)[]): string {
  let line = '';
  for (const [index, value] of values.entries()) line += (index === 0 ? '' : ',') + quoted(cell(value));
  return `${line}\r\n`;
}

function cell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  return isFormula(value) ? `'${value}` : value;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What Excel, LibreOffice and Sheets evaluate: these first characters, also behind white space, and the full-width forms. */
export function isFormula(text: string): boolean {
  return /^[\s\u0000-\u001F]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20|%]/u.test(text) || /^[\t\r\n]/.test(text); // oxlint-disable-line no-control-regex -- control characters in front hide a formula
}
