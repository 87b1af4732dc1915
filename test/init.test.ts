import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSql } from '../samples/databases.ts';
import { runCommandLine } from '../src/cli/program.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { freshDatabase } from './database.ts';
import { answerFromTables, startTdsDouble, type TdsAnswer } from './tds-double.ts';
import { openWorkplace, peopleOf, seeded, type Workplace } from './workplace.ts';

/* oxlint-disable no-template-curly-in-string -- references of pipeline files */

describe('joinery init', () => {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  let folder: string;
  let work: Workplace;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joinery-init-'));
    url = await freshDatabase('init');
    await executeSql(
      url,
      `create schema "HR Daten";
       create type standing as enum ('active', 'on leave', 'left');
       create table "HR Daten"."Mitarbeiter ""neu"" (2026)" (
         "Personal-Nr." bigint generated always as identity primary key, "Vorname" varchar(40) not null, "Nachname" text,
         "Dienst-E-Mail" text, "select" int, "a\`b" text, "it's; -- x" text, "zwei\nZeilen" text, "true" boolean,
         "Geburtsdatum" date, "Gehalt" money, "Abteilung" text, "Status" standing not null, "Vorgesetzten-Nr" bigint,
         "ganzer Name" text generated always as ("Nachname" || ', ') stored, "geändert am" timestamptz);
       insert into "HR Daten"."Mitarbeiter ""neu"" (2026)" ("Vorname", "Nachname", "Dienst-E-Mail", "Geburtsdatum", "Gehalt", "Abteilung", "Status", "Vorgesetzten-Nr")
         select 'Vornamé', 'Geheimrat', 'person' || n || '@contoso.example', '1980-01-01', 4711, 'Einkauf', case when n % 5 = 0 then 'left' else 'active' end::standing, 1
         from generate_series(1, 20) n;
       create view ungekeyt as select "Nachname", "Abteilung" from "HR Daten"."Mitarbeiter ""neu"" (2026)";
       create table einsatz (worker_id text, nummer int, is_primary boolean not null, first_name text, last_name text, primary key (worker_id, nummer))`,
    );
    work = await openWorkplace({ clock, variables: { HR_DATABASE_URL: url } });
  });
  afterAll(async () => {
    await work.close();
    await rm(folder, { recursive: true });
  });

  async function joinery(words: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    const said = { out: '', err: '' };
    const code = await runCommandLine(words, {
      out: (text) => (said.out += text),
      err: (text) => (said.err += text),
      environment: { ...work.environment, JOINERY_STATE: work.state, ...variables },
      isTerminal: false,
      colour: false,
      columns: 100,
      clock,
      chance: { random: seeded(3), uuid: randomUUID },
      signal: new AbortController().signal,
    });
    return { code, ...said };
  }
  const init = (table: string, name: string, ...more: readonly string[]) =>
    joinery(['init', '--connect', '${HR_DATABASE_URL}', '--table', table, '--name', name, '--out', folder, ...more]);
  const fileOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const odd = '"HR Daten"."Mitarbeiter ""neu"" (2026)"';

  it('takes names with quotes, blanks, umlauts, line ends and words of SQL, checks and runs, and holds no value of a row', async () => {
    const said = await init(odd, 'odd', '--emulator', '--domain', 'contoso.example');
    expect(said.code).toBe(0);
    const file = join(folder, 'odd.yaml');
    expect(await joinery(['check', file, '--connect', '--quiet'])).toEqual({ code: 0, out: '', err: '' });
    const ran = await joinery(['run', file]);
    expect(ran).toMatchObject({ code: 0 });
    // Four of them have left.
    expect(peopleOf(work.emulator).filter(({ enabled }) => enabled)).toHaveLength(16);
    const all = said.out + fileOf('odd.yaml') + fileOf('odd.grants.sql');
    expect(all).not.toMatch(/Vornamé|Geheimrat|person\d|1980|4711|Einkauf/);
    expect(fileOf('odd.yaml')).toMatch(/^ {4}# "zwei\\nZeilen": /m);
    expect(fileOf('odd.yaml')).toMatch(/^ {4}# Gehalt: \{ type: decimal, class: sensitive \}/m);
  });

  it('writes the query into a file of its own, and tells where a column is that makes several rows of a key one', async () => {
    expect((await init('einsatz', 'einsatz', '--query')).code).toBe(0);
    expect(fileOf('einsatz.sql')).toBe(
      'select "worker_id", "is_primary", "first_name", "last_name" from "public"."einsatz" order by "worker_id" COLLATE "C"\n',
    );
    const text = fileOf('einsatz.yaml');
    expect(text).toMatch(/^ {2}query: einsatz\.sql$/m);
    expect(text).toMatch(/^ {2}key: worker_id # its name says the number of a worker; a part of the primary key$/m);
    expect(text).toMatch(/^ {2}primary: is_primary #/m);
    expect(text).toMatch(/^# DECIDE whether the values are what the names promise: no row was looked at/m);
    expect(text).toMatch(/^ {2}first: \{ joiners: 0 \}/m);
    expect(await joinery(['check', join(folder, 'einsatz.yaml'), '--connect', '--quiet'])).toMatchObject({ code: 0 });
  });

  it('writes grants with which the pipeline can be read, and nothing more', async () => {
    const role = `reader "${randomUUID().slice(0, 8)}"`;
    expect((await init(odd, 'granted', '--role', role)).code).toBe(0);
    const quoted = `"${role.replaceAll('"', '""')}"`;
    await executeSql(url, fileOf('granted.grants.sql'), `alter role ${quoted} password 'secret'`);
    const own = new URL(url);
    own.username = encodeURIComponent(role);
    own.password = 'secret';
    expect(await joinery(['check', join(folder, 'granted.yaml'), '--connect', '--quiet'], { HR_DATABASE_URL: own.href })).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    // What it proposes as a comment needs the line of the grants that is a comment, too.
    await writeFile(
      join(folder, 'versioned.yaml'),
      fileOf('granted.yaml').replace('# changes: { mode: rowversion }', 'changes: { mode: rowversion }'),
    );
    const versioned = ['check', join(folder, 'versioned.yaml'), '--connect'];
    const warned = await joinery(versioned, { HR_DATABASE_URL: own.href });
    expect(warned.out).toMatch(/warning SRC-217: every run reads everything, because the login may not read the columns ctid and xmin of/);
    await executeSql(url, /^-- (GRANT SELECT \(ctid, xmin\).*)$/m.exec(fileOf('granted.grants.sql'))?.[1] ?? '');
    const granted = await joinery(versioned, { HR_DATABASE_URL: own.href });
    expect(granted.out).not.toContain('SRC-217');
    await expect(executeSql(own.href, `select "Gehalt" from ${odd}`)).rejects.toThrow('permission denied');
    await expect(executeSql(own.href, 'select * from einsatz')).rejects.toThrow('permission denied');
    // Who may read so much may also begin from it: what he may not see is not proposed.
    const again = await joinery(['init', '--connect', own.href, '--table', odd, '--name', 'again', '--out', folder]);
    expect(again.code).toBe(0);
    expect(fileOf('again.yaml')).not.toContain('Gehalt');
    expect(await joinery(['check', join(folder, 'again.yaml'), '--connect', '--quiet'], { HR_DATABASE_URL: own.href })).toMatchObject({
      code: 0,
    });
    // A column that is gone is told by its name, not as a right that is missing.
    await executeSql(url, `alter table ${odd} rename "Status" to "Zustand"`);
    const renamed = await joinery(['check', join(folder, 'granted.yaml'), '--connect'], { HR_DATABASE_URL: own.href });
    expect(renamed.out).toContain('error MAP-132: the source returns no column Status');
    expect(renamed.err).not.toContain('SRC-203');
    await executeSql(url, `alter table ${odd} rename "Zustand" to "Status"`, `drop owned by ${quoted}; drop role ${quoted}`);
  });

  it('says in the grants what they cannot give: policies of rows, and what a view reads with the rights of whoever asks', async () => {
    await executeSql(
      url,
      `create table guarded (worker_id text primary key, status text); alter table guarded enable row level security;
       create view asking with (security_invoker = on) as select * from guarded`,
    );
    expect((await init('guarded', 'guarded', '--sample', '0')).code).toBe(0);
    expect(fileOf('guarded.grants.sql')).toMatch(
      /^-- .*row-level security.*\n-- CREATE POLICY .* ON "public"\."guarded" FOR SELECT TO "joinery_read" USING \(true\);$/m,
    );
    expect((await init('asking', 'asking', '--sample', '0')).code).toBe(0);
    expect(fileOf('asking.grants.sql')).toMatch(/^-- .*security_invoker/m);
    expect(fileOf('einsatz.grants.sql')).not.toMatch(/security/);
  });

  it('writes the address nowhere, not even when it is wrong', async () => {
    const secret = 'hidden-pw';
    const wrong = new URL(url);
    wrong.password = secret;
    const refused = await joinery(['init', '--connect', wrong.href, '--table', 'einsatz', '--name', 'wrong', '--out', folder]);
    expect(refused.err).toContain('SRC-103');
    const other = await joinery(['init', '--connect', `mysql://hr:${secret}@db/hr`, '--table', 'x', '--out', folder]);
    expect(other.err).toContain('SRC-106');
    const unset = await joinery(['init', '--connect', '${NOT_SET}', '--table', 'x', '--out', folder]);
    expect(unset.err).toContain('NOT_SET');
    expect(refused.err + refused.out + other.err + other.out).not.toContain(secret);
    const { password } = new URL(url);
    for (const name of readdirSync(folder)) expect(fileOf(name)).not.toContain(password);
  });

  it('writes over no file unless it is told, and then writes none of the others', async () => {
    await writeFile(join(folder, 'mine.grants.sql'), 'mine');
    const refused = await init('einsatz', 'mine');
    expect(refused.err).toContain('CLI-106');
    expect(existsSync(join(folder, 'mine.yaml'))).toBe(false);
    expect(fileOf('mine.grants.sql')).toBe('mine');
    expect((await init('einsatz', 'mine', '--force', '--sample', '0')).code).toBe(0);
    expect(fileOf('mine.grants.sql')).toContain('GRANT SELECT ("worker_id"');
    expect(fileOf('mine.yaml')).toContain('no row was looked at');
  });

  it.each([
    ['a table that is not there', 'nix', 'SRC-215'],
    ['a view without anything that could be a key', 'ungekeyt', 'SRC-216'],
    ['a name that is none', 'hr export', 'SRC-105'],
  ])('refuses %s, with a way out, and writes nothing', async (_what, table, code) => {
    const said = await init(table, 'refused');
    expect(said.err).toContain(code);
    expect(said.err).toContain('fix:');
    expect(existsSync(join(folder, 'refused.yaml'))).toBe(false);
  });

  it('writes a pipeline for a CSV export, whose form it finds, and which checks and runs', async () => {
    const people = ['509;Jürgen;Groß;Einkauf;aktiv;2024-01-01;Nein', '1010;Änne;"Ott; Ötz";Einkauf;ausgeschieden;2019-05-01;Ja'];
    const header = 'Personalnummer;Vorname;Nachname;Abteilung;Status;Eintritt;Werkstudent';
    await writeFile(join(folder, 'Mitarbeiter Liste.csv'), Buffer.from([header, ...people, ''].join('\r\n'), 'latin1'));
    const out = join(folder, 'lines');
    const words = ['init', '--file', join(folder, 'Mitarbeiter Liste.csv'), '--out', out, '--emulator', '--domain', 'contoso.example'];
    const said = await joinery(words);
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('A file needs no grants');
    expect(said.out).toContain('in which encoding the file is (source.encoding): from line');
    expect(readdirSync(out)).toEqual(['Mitarbeiter-Liste.yaml']);
    const text = fileOf('lines/Mitarbeiter-Liste.yaml');
    expect(text).toMatch(/^ {2}file: "\.\.\/Mitarbeiter Liste\.csv"$/m);
    expect(text).toMatch(/^ {2}delimiter: ";" # it parts the header into 7 fields, and each of the next 2 records into as many$/m);
    expect(text).toMatch(/^ {2}encoding: windows-1252 # from line \d on it has bytes that are no UTF-8/m);
    expect(text).toMatch(/^ {2}key: Personalnummer # its name says the number of a worker; unique$/m);
    expect(text).toMatch(/^ {2}# The rows are in the order of the key \(integer\), so they are streamed\.$/m);
    expect(text).toMatch(/^ {4}Personalnummer: \{ type: integer, required: true \}/m);
    expect(text).toMatch(/^ {4}Status: \{ type: string, required: true, values: \[aktiv, ausgeschieden\] \}/m);
    expect(text).toMatch(/^ {4}# Eintritt: \{ type: date \}/m);
    expect(said.out + text).not.toMatch(/Jürgen|Groß|Änne|Einkauf|grants\.sql/);
    const file = join(out, 'Mitarbeiter-Liste.yaml');
    expect(await joinery(['check', file, '--connect', '--quiet'])).toEqual({ code: 0, out: '', err: '' });
    const before = peopleOf(work.emulator).filter(({ enabled }) => enabled).length;
    expect(await joinery(['run', file])).toMatchObject({ code: 0 });
    expect(peopleOf(work.emulator).filter(({ enabled }) => enabled)).toHaveLength(before + 1);

    const mixed = await joinery([...words, '--table', 'x', '--role', 'y']);
    expect(mixed.err).toContain('CLI-101');
    expect(mixed.err).toContain('--table, --role');
    const neither = await joinery(['init', '--connect', url, '--out', folder]);
    expect(neither.err).toContain('--file');
  });

  it('does the same over SQL Server, even for a login that may not read every column', async () => {
    const columns = [
      { name: 'Personalnummer', type: 'int', nullable: false },
      { name: 'Vorname', type: 'nvarchar' },
      { name: 'Nachname', type: 'nvarchar' },
      { name: 'Aktiv', type: 'bit', nullable: false },
      { name: 'Gehalt', type: 'nvarchar' },
      { name: 'Kostenstelle', type: 'decimal', precision: 20, scale: 0 },
    ] as const;
    const table = {
      name: 'hr.Leute',
      columns,
      rows: [
        [101, 'Änne', 'Groß', true, '1', '12345678901234567890'],
        [102, 'Bo', 'Å', true, '2', '12345678901234567891'],
      ],
    };
    const catalogue = (sql: string): TdsAnswer | undefined => {
      if (/\bfrom sys\.objects\b/.test(sql)) {
        const names = ['database', 'schema', 'table', 'column', 'type'];
        const flags = ['is_view', 'is_nullable', 'is_generated', 'is_readable'];
        return {
          columns: [
            ...names.map((name) => ({ name, type: 'nvarchar' as const })),
            ...flags.map((name) => ({ name, type: 'bit' as const })),
          ],
          rows: columns.map((column) => [
            'hr',
            'hr',
            'Leute',
            column.name,
            column.type,
            false,
            !('nullable' in column),
            false,
            column.name !== 'Gehalt',
          ]),
        };
      }
      if (/\bfrom sys\.indexes\b/.test(sql)) {
        return {
          columns: [
            { name: 'index', type: 'int' },
            { name: 'is_primary', type: 'bit' },
            { name: 'column', type: 'nvarchar' },
          ],
          rows: [[1, true, 'Personalnummer']],
        };
      }
      return undefined;
    };
    const double = await startTdsDouble({
      answer: (sql) => {
        if (sql.includes('*'))
          return { error: { number: 230, message: "The SELECT permission was denied on the column 'Gehalt' of the object 'Leute'." } };
        return catalogue(sql) ?? answerFromTables([table])(sql);
      },
    });
    try {
      const said = await joinery([
        'init',
        '--connect',
        double.url,
        '--table',
        'hr.Leute',
        '--name',
        'ms',
        '--out',
        folder,
        '--emulator',
        '--domain',
        'contoso.example',
      ]);
      expect(said).toMatchObject({ code: 0, err: '' });
      expect(fileOf('ms.yaml')).toMatch(/^ {4}active: Aktiv # a boolean that is named so/m);
      expect(fileOf('ms.grants.sql')).toContain(
        'GRANT SELECT ON OBJECT::[hr].[Leute] ([Personalnummer], [Vorname], [Nachname], [Aktiv], [Kostenstelle]) TO [joinery_read];',
      );
      expect(said.out + fileOf('ms.yaml') + fileOf('ms.grants.sql')).not.toMatch(/Änne|Groß|secret@/);
      const variables = { HR_DATABASE_URL: double.url };
      expect(await joinery(['check', join(folder, 'ms.yaml'), '--connect', '--quiet'], variables)).toEqual({ code: 0, out: '', err: '' });
      expect((await joinery(['plan', join(folder, 'ms.yaml')], variables)).code).toBe(0);

      // What the driver would round is asked for as text, as the source itself does for a table.
      expect(
        (await joinery(['init', '--connect', double.url, '--table', 'hr.Leute', '--name', 'own', '--out', folder, '--query'])).code,
      ).toBe(0);
      expect(fileOf('own.sql')).toBe(
        'select [Personalnummer], [Vorname], [Nachname], [Aktiv], CONVERT(varchar(50), [Kostenstelle]) as [Kostenstelle] from [hr].[Leute] order by [Personalnummer]\n',
      );
      expect(fileOf('own.yaml')).toMatch(/^ {4}Kostenstelle: \{ type: string \}/m);
    } finally {
      await double.close();
    }
  });
});
