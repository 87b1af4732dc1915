import type { ClientBase } from 'pg';
import * as z from 'zod';
import type { ColumnType } from '../pipeline/pipeline.ts';
import type { Json } from '../domain/canonical-json.ts';
import type { ResultColumn } from './layout.ts';
import { plainMoney, type MoneyForm } from './postgres-money.ts';
import type { PostgresField } from './postgres-protocol.ts';
import { typeFamilies, type FamilyName } from './type-families.ts';
import { createConverter, typeInExpression, type Convert } from './values.ts';

const typeRow = z.object({
  oid: z.string(),
  name: z.string(),
  shown: z.string(),
  kind: z.string(),
  element: z.string(),
  element_name: z.string().nullable(),
  element_kind: z.string().nullable(),
  delimiter: z.string(),
  nullable: z.boolean().nullable(),
});
type TypeRow = z.infer<typeof typeRow>;

/** Types of a result, by the catalogue: enums, domains and extensions have OIDs of their own in each database. */
export async function readTypes(client: ClientBase, fields: readonly PostgresField[]): Promise<readonly TypeRow[]> {
  const { rows } = await client.query<Record<string, unknown>>({
    text: `select t.oid::text as oid, t.typname::text as name, pg_catalog.format_type(f.oid, f.modifier) as shown, t.typtype::text as kind,
             case when t.typcategory = 'A' and t.typname not in ('int2vector', 'oidvector') then coalesce(b.oid, 0)::text else '0' end as element,
             b.typname::text as element_name, b.typtype::text as element_kind, coalesce(e.typdelim, ',')::text as delimiter, case when a.attnotnull then false when c.relkind in ('r', 'p') then true end as nullable
           from unnest($1::oid[], $2::int4[], $3::oid[], $4::int2[]) with ordinality as f(oid, modifier, tab, col, place)
           join pg_catalog.pg_type t on t.oid = f.oid
           left join pg_catalog.pg_type e on e.oid = t.typelem
           left join pg_catalog.pg_type b on b.oid = case when e.typtype = 'd' then e.typbasetype else e.oid end
           left join pg_catalog.pg_attribute a on a.attrelid = f.tab and a.attnum = f.col
           left join pg_catalog.pg_class c on c.oid = f.tab
           order by f.place`,
    values: [
      fields.map(({ dataTypeID }) => dataTypeID),
      fields.map(({ dataTypeModifier }) => dataTypeModifier),
      fields.map(({ tableID }) => tableID),
      fields.map(({ columnID }) => columnID),
    ],
  });
  return rows.map((row) => typeRow.parse(row));
}

const familyByName = new Map<string, FamilyName>(
  Object.entries(typeFamilies).flatMap(([family, { postgres }]) => postgres.map((name): [string, FamilyName] => [name, asFamily(family)])),
);

function asFamily(name: string): FamilyName {
  return isFamily(name) ? name : 'other';
}
function isFamily(name: string): name is FamilyName {
  return name in typeFamilies;
}

function familyOfType(name: string, kind: string): FamilyName {
  return kind === 'e' ? 'text' : (familyByName.get(name) ?? 'other');
}

/** Of the column itself or of its elements. */
export function holdsMoney({ name, element_name: element }: TypeRow): boolean {
  return familyByName.get(name) === 'money' || familyByName.get(element ?? '') === 'money';
}

/** Columns with their converters. `money`: where a column holds it. */
export function describeColumn(
  field: PostgresField,
  type: TypeRow,
  declared: ColumnType | undefined,
  money: MoneyForm | undefined,
): ResultColumn {
  const isArray = type.element !== '0';
  const family = isArray ? 'array' : familyOfType(type.name, type.kind);
  return {
    name: field.name,
    databaseType: type.shown,
    type: typeInExpression(family, declared),
    // A view says nothing about NULL.
    ...(type.nullable === null ? {} : { nullable: type.nullable }),
    convert: isArray ? convertArray(type, declared, money) : scalarConverter(family === 'array' ? 'other' : family, declared, money),
    keyText: family === 'padded' ? (text) => text.replace(/ +$/, '') : (text) => text,
  };
}

function scalarConverter(family: Exclude<FamilyName, 'array'>, declared: ColumnType | undefined, money: MoneyForm | undefined): Convert {
  const convert = createConverter(family, declared);
  return family === 'money' && money !== undefined ? (text) => convert(plainMoney(text, money)) : convert;
}

function convertArray(type: TypeRow, declared: ColumnType | undefined, money: MoneyForm | undefined): Convert {
  if (declared === 'string') return (text) => text;
  const family = familyOfType(type.element_name ?? '', type.element_kind ?? '');
  const element = scalarConverter(family === 'array' ? 'other' : family, undefined, money);
  return (text) => parseArray(text, type.delimiter, element);
}

/** `[0:1]={1,NULL,"a b"}` with any nesting. Source: PostgreSQL documentation, "Array Input and Output Syntax". */
export function parseArray(text: string, delimiter: string, element: (text: string) => Json): readonly Json[] {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const list = (): Json[] => {
    const items: Json[] = [];
    at++;
    while (at < text.length && text[at] !== '}') {
      if (text[at] === '{') items.push(list());
      else items.push(item());
      if (text[at] === delimiter) at++;
    }
    at++;
    return items;
  };
  const item = (): Json => {
    if (text[at] !== '"') {
      const start = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '}') at++;
      const bare = text.slice(start, at);
      return bare === 'NULL' ? null : element(bare);
    }
    let value = '';
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\') at++;
      value += text[at] ?? '';
    }
    at++;
    return element(value);
  };
  return list();
}
