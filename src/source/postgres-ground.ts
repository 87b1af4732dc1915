import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import * as z from 'zod';
import { invariant } from '../domain/error.ts';
import type { VersionGround, VersionRefusal } from './contract.ts';

/** What is read by versions. */
export interface Versioned {
  /** Quoted names. */
  readonly tables: readonly string[];
  /** OIDs of the types of all columns that are read; of a domain its base type. */
  readonly types: readonly number[];
  /** How a row is made of the columns of its tables. */
  readonly form: string;
}

/** Moves when the session is pinned to other settings: then the same row has another text. */
const sessionForm = 2;

/**
 * Whether an equal version of a row (where it was written, `ctid`, and by which transaction, `xmin`) means that the row is the same, and what that depends on. A row that PostgreSQL changes is written at another place
 * or by another transaction, and a transaction changes nothing of what others saw of it. What is left is everything that gives a row another text without writing it, or that begins the numbers anew:
 * another server, a recovery or a restore (timeline, start of the server), a table that was written anew (filenode), columns with a default that older rows take from the catalogue, labels of enums, types of which the text depends on
 * something else. Inheritance, partitions and views have several tables, whose places are the same. What no server tells stands in docs/sources.md; full passes are for that. Source: PostgreSQL documentation, "System Columns", "Database Physical Storage", ALTER TABLE, ALTER TYPE, "Control Data Functions".
 */
export async function readGround(client: ClientBase, { tables, types, form }: Versioned): Promise<VersionGround | VersionRefusal> {
  const found = await client.query(tableFacts, [tables]);
  const facts = found.rows.map((row) => tableRow.parse(row));
  const because = tables.map((table, index) => whyNotTable(table, facts[index])).find((reason) => reason !== undefined);
  if (because !== undefined) return { because };
  const ofTypes = (await client.query(typeFacts, [types])).rows.map((row) => typeRow.parse(row));
  const unsteady = ofTypes.find(({ steady }) => !steady);
  if (unsteady !== undefined) return { because: `the text of a value of type ${unsteady.name} depends on more than its row` };
  const rights = await client.query<{ may: boolean }>(controlRights);
  if (rights.rows[0]?.may !== true) return { because: 'the login may not call pg_control_system() and pg_control_checkpoint()' };
  const [server] = (await client.query(serverFacts)).rows.map((row) => serverRow.parse(row));
  invariant(server, 'a server has control data');
  const { transaction, ...history } = server;
  const parts = [sessionForm, form, history, facts, ofTypes];
  return { identity: createHash('sha256').update(JSON.stringify(parts)).digest('hex'), transaction };
}

const tableRow = z.object({
  oid: z.string(),
  kind: z.string(),
  method: z.string().nullable(),
  inherited: z.boolean(),
  file: z.string().nullable(),
  may: z.boolean(),
  virtual: z.boolean(),
  columns: z.string().nullable(),
});
const typeRow = z.object({ oid: z.string(), name: z.string(), steady: z.boolean(), labels: z.string().nullable() });
const serverRow = z.object({
  system: z.string(),
  timeline: z.string(),
  started: z.string(),
  version: z.string(),
  database: z.string(),
  monetary: z.string(),
  transaction: z.string(),
});

function whyNotTable(table: string, facts: z.infer<typeof tableRow> | undefined): string | undefined {
  if (facts === undefined) return `${table} is not there`;
  if (facts.kind !== 'r') return `${table} is ${kinds[facts.kind] ?? 'no plain table'}`;
  if (facts.method !== 'heap') return `${table} is stored by ${facts.method ?? 'something else'} and not as a heap`;
  if (facts.inherited) return `other tables inherit from ${table}`;
  if (facts.virtual) return `${table} has columns that are computed when they are read`;
  return facts.may ? undefined : `the login may not read the columns ctid and xmin of ${table}`;
}

const kinds: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialised view',
  p: 'partitioned',
  f: 'a foreign table',
};

/** attmissingval: what rows have that were written before the column was there. */
const tableFacts = `select c.oid::text as oid, c.relkind::text as kind, m.amname::text as method, c.relhassubclass as inherited, pg_catalog.pg_relation_filenode(c.oid)::text as file,
    case when c.relkind = 'r' then pg_catalog.has_column_privilege(c.oid, 'ctid', 'SELECT') and pg_catalog.has_column_privilege(c.oid, 'xmin', 'SELECT') else false end as may,
    coalesce(pg_catalog.bool_or(a.attgenerated = 'v'), false) as virtual,
    pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum::text, a.attname::text, a.atttypid::text, a.atttypmod::text, a.attcollation::text, a.attgenerated::text, a.attmissingval::text), ',' order by a.attnum)) as columns
  from unnest($1::text[]) with ordinality as t(name, place)
  join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(t.name)
  left join pg_catalog.pg_am m on m.oid = c.relam
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  group by t.place, c.oid, c.relkind, m.amname, c.relhassubclass
  order by t.place`;

/**
 * Types of which an equal stored value is an equal text under pinned settings: what PostgreSQL brings itself, but for names of what can be renamed (reg*, aclitem); enums, by their labels; and text of citext. An array is
 * what its elements are.
 */
const typeFacts = `select t.oid::text as oid, pg_catalog.format_type(t.oid, null) as name,
    e.typtype = 'e' or e.typname = 'citext' or (e.typnamespace = 'pg_catalog'::pg_catalog.regnamespace and e.typtype in ('b', 'r', 'm') and e.typname !~ '^(reg|aclitem|pg_|_)') as steady,
    (select pg_catalog.string_agg(pg_catalog.quote_literal(l.enumlabel), ',' order by l.enumsortorder) from pg_catalog.pg_enum l where l.enumtypid = e.oid) as labels
  from unnest($1::oid[]) with ordinality as f(oid, place)
  join pg_catalog.pg_type t on t.oid = f.oid
  join pg_catalog.pg_type e on e.oid = case when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end
  order by f.place`;

const controlRights = `select pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute') and pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'execute') as may`;

const serverFacts = `select s.system_identifier::text as system, p.timeline_id::text as timeline, pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())::text as started,
    pg_catalog.current_setting('server_version_num') as version, (select d.oid::text from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()) as database,
    pg_catalog.current_setting('lc_monetary') as monetary,
    pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())::text as transaction
  from pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() p`;
