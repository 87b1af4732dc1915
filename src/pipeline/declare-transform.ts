import { attributes } from './attributes.ts';
import { formula } from './formula.ts';
import { defaulted, list, map, optional, record, required } from './kind.ts';
import { duration, text } from './kinds.ts';

/** Names that expressions use as $name. */
const expressionName = /^[A-Za-z_]\w*$/;

const column = text({ words: 'the name of a column' });
const path = text({ words: 'the path of a file' });

const lookupFields = map({
  file: required(path, { doc: 'A CSV file with a header line.', example: '../samples/country-codes.csv' }),
  key: required(column, { doc: 'Column of the file by which lines are found; its values must differ.', example: 'code' }),
});

export const lookups = record('NAME', lookupFields, { pattern: expressionName, words: 'a map from name to { file, key }' });

const employmentFields = map({
  start: required(column, { doc: 'Column with the first day, declared as date.', example: 'hire_date' }),
  end: optional(column, { doc: 'Column with the last day, declared as date; it counts to its end.', example: 'last_day' }),
  zone: optional(column, {
    doc: "Column with the IANA time zone in which this worker's days begin and end; without it the timezone of the pipeline.",
    example: 'site_zone',
  }),
  preHire: optional(duration, {
    doc: 'How long before the first day the account is created, disabled. Without it accounts are created on the first day.',
    example: '14d',
  }),
});

export const transformFields = map({
  use: defaulted(list(path), [], 'none', {
    doc: 'Files with JSONata functions ($name := function(…) {…};) that expressions may call, in order.',
    example: '[../transforms/people.jsonata]',
  }),
  scope: optional(formula, {
    doc: 'Which workers this pipeline is about. A worker for whom it is false is out of scope, which is another thing than rejected.',
    danger: 'Workers who leave the scope are disabled unless leavers.outOfScope says keep.',
    example: 'worker_type != "Volunteer"',
  }),
  employment: optional(employmentFields, {
    doc: "First and last day. Gives expressions $employed, true from the first day to the end of the last, by the worker's zone.",
    example: '{ start: hire_date, end: last_day, preHire: 14d }',
  }),
  let: defaulted(record('NAME', formula, { pattern: expressionName, words: 'a map from name to expression' }), [], 'none', {
    doc: 'Values that several expressions use, as $name. Each may use those before it.',
    example: '{ given: "preferred_name ? preferred_name : first_name" }',
  }),
  attributes: required(attributes, {
    doc: 'The SCIM attributes of the worker. Every string is a JSONata expression over the columns of the row; numbers, booleans and null are literals; { const: … } is literal text.',
    danger:
      'Every upload carries the complete record: what is not mapped is not sent, and in a tenant set so that omission clears it is emptied.',
    example: '{ active: status != "Terminated", displayName: name }',
  }),
});
