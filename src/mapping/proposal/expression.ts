import type { ColumnType } from '../../pipeline/pipeline.ts';

const keywords = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function']);

/** A column as an expression reads it, whatever its name: `hire_date`, `` `Straße Nr.` ``, `$."it's a `name`"`. */
export function readColumn(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name) && !keywords.has(name)) return name;
  // JSONata has no escape inside backticks, and takes a text behind a dot for a name.
  return /[`\\\p{Cc}]/u.test(name) ? `$.${writeText(name)}` : `\`${name}\``;
}

/** The column as text, which is what SCIM takes; undefined: its values have no one text. */
export function readAsText(name: string, type: ColumnType): string | undefined {
  if (type === 'string' || type === 'decimal') return readColumn(name);
  return type === 'integer' ? `$string(${readColumn(name)})` : undefined;
}

/** A text of JSONata. */
export function writeText(text: string): string {
  return JSON.stringify(text);
}
