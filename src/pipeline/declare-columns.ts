import { defaulted, list, map, optional, reportKind, required, type Kind, type ListItem } from './kind.ts';
import { choice, flag, text } from './kinds.ts';

/** A value as it stands in YAML: text, number or boolean. */
const plainValue: Kind<string | number | boolean> = {
  words: 'text, a number or a boolean',
  schema: { type: ['string', 'number', 'boolean'] },
  read(node, path, reading) {
    if (node.kind === 'scalar' && node.value !== null) return node.value;
    return reportKind(reading, node, path, this.words);
  },
};
const plainValues: Kind<readonly ListItem<string | number | boolean>[]> = list(plainValue);

const columnTypes = ['string', 'integer', 'number', 'decimal', 'boolean', 'date', 'datetime', 'json'] as const;

/** One line of the contract with HR. */
export const columnFields = map({
  type: required(choice(columnTypes), {
    doc: 'Type in which the value reaches an expression. decimal arrives as text with all its digits; date as YYYY-MM-DD; datetime as ISO 8601 in UTC.',
    example: 'string',
  }),
  required: defaulted(flag, false, 'false', {
    doc: 'NULL rejects the row.',
    example: 'true',
  }),
  values: optional(plainValues, {
    doc: 'The closed list of values; any other rejects the row and leaves the account as it is. For string, integer and boolean columns. active and scope decide only over columns that have it, or that state whenNull.',
    danger: 'A value that HR introduces later rejects its workers until it is added here.',
    example: '[Active, Leave, Terminated]',
  }),
  whenNull: optional(plainValue, {
    doc: 'What NULL means: this value stands for it in expressions. never, for date and datetime columns, is a day that does not come.',
    danger: 'An end date that HR forgot to enter counts as never ending.',
    example: 'never',
  }),
  class: optional(choice(['public', 'personal', 'sensitive'] as const), {
    doc: 'How openly values are shown: public as they are, personal masked but for a reader who gives a reason, sensitive never. The default is public for the key, booleans and columns with values, else personal. What is made of a sensitive column is sensitive too, unless its own class says otherwise.',
    danger: 'public writes the values into logs, reports and exports, for everybody who can read those.',
    example: 'sensitive',
  }),
  from: optional(text({ words: 'the name of a column, or ALIAS.COLUMN of a joined table' }), {
    doc: 'For table sources: the column of the database where it is called otherwise, or ALIAS.COLUMN of a joined table. Without it the column of this name in source.table.',
    example: 'assignment.job_title',
  }),
});
