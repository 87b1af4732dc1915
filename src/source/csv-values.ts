import type { ColumnType } from '../pipeline/pipeline.ts';
import { createConverter, UnfitValue, type Convert } from './values.ts';

/** A CSV field is text; what a column is declared as says how it is read. Forms are as strict as what a database would return. */
export function createCsvConverter(declared: ColumnType | undefined): Convert {
  return declared === undefined ? (text) => text : converters[declared];
}

/** A field of this text can be declared so. */
export function isWrittenAs(type: ColumnType, text: string): boolean {
  try {
    converters[type](text);
    return true;
  } catch {
    return false;
  }
}

const number = createConverter('decimal', 'number');
const integer = createConverter('decimal', 'integer');

const converters: Readonly<Record<ColumnType, Convert>> = {
  string: (text) => text,
  integer: checked(/^-?\d+$/, 'a whole number', integer),
  number: checked(/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/, 'a number', number),
  decimal: checked(/^-?\d+(?:\.\d+)?$/, 'a decimal number', (text) => text),
  boolean: checked(/^(?:true|false)$/, 'true or false', (text) => text === 'true'),
  date: checked(/^\d{4}-\d\d-\d\d$/, 'a date like 2026-11-22', (text) => text),
  datetime: checked(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/, 'a time like 2026-11-22T08:00:00', (text) => text),
  json: (text) => {
    try {
      return createConverter('json', undefined)(text);
    } catch (error) {
      throw error instanceof UnfitValue ? error : new UnfitValue('is declared json and is none');
    }
  },
};

function checked(form: RegExp, wanted: string, convert: Convert): Convert {
  return (text) => {
    if (!form.test(text)) throw new UnfitValue(`is not ${wanted}`);
    return convert(text);
  };
}
