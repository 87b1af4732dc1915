import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { Secret } from '../../domain/masking.ts';
import { initFromFile } from '../../stages/init-file.ts';
import { initPipeline, type InitResult } from '../../stages/init.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';

interface InitCommandOptions extends CommonOptions {
  readonly connect?: string;
  readonly table?: string;
  readonly file?: string;
  readonly out: string;
  readonly name?: string;
  readonly key?: string;
  readonly variable?: string;
  readonly query?: boolean;
  readonly role?: string;
  readonly domain?: string;
  readonly timezone?: string;
  readonly sample: string;
  readonly emulator?: boolean;
  readonly force?: boolean;
}

/** `joinery init`: a pipeline for a table or a CSV export, with the reason of every line. */
export function initCommand(register: Register): Command {
  return defineCommand(
    'init',
    'Write a pipeline for a table or a CSV export: its contract, a proposed mapping with reasons, and the grants that it needs',
    "joinery init --connect '${HR_DATABASE_URL}' --table hr.workers --out pipelines", // oxlint-disable-line no-template-curly-in-string -- a reference
  )
    .option('--connect <url>', 'address of the database, or ${NAME} of the variable that holds it; it is written nowhere') // oxlint-disable-line no-template-curly-in-string -- a reference
    .option('--table <name>', 'the table or view, with its schema')
    .option('--file <path>', 'instead of both: a CSV export; delimiter and encoding are found')
    .option('--out <folder>', 'where the files are written', '.')
    .option('--name <name>', 'name of the pipeline and its files; without it that of the table or file')
    .option('--key <column>', 'the column that names the worker for life')
    .option(
      '--variable <name>',
      'variable that will hold the address for the pipeline; without it the one of --connect, or HR_DATABASE_URL',
    )
    .option('--query', 'write the SELECT into a file of its own, to be edited')
    .option('--role <name>', 'login that is granted the columns (default: joinery_read)')
    .option('--domain <name>', 'domain of the names to sign in with')
    .option('--timezone <zone>', 'IANA time zone in which days begin')
    .option('--sample <rows>', 'so many rows are looked at, for the shapes of their values; 0: names alone', '10000')
    .option('--emulator', 'send to an emulated tenant')
    .option('--force', 'write over files that are there')
    .action(register(init));
}

async function init(io: Io, options: InitCommandOptions): Promise<ExitClass> {
  const made = options.file === undefined ? await fromTable(io, options) : await fromFile(io, options.file, options);
  const { result, next } = made;
  mkdirSync(options.out, { recursive: true });
  const written = [...result.files].map(([file, text]) => write(join(options.out, file), text, options.force === true));
  if (options.json === true) io.out(`${JSON.stringify({ files: written, decide: result.proposal.decide })}\n`);
  else io.out(describe(result, written, next, options.quiet === true));
  return 'success';
}

/** `next`: what is to be done, before `joinery check`. */
interface Made {
  readonly result: InitResult;
  readonly next: string;
}

async function fromTable(io: Io, options: InitCommandOptions): Promise<Made> {
  const { connect, table } = options;
  if (connect === undefined || table === undefined)
    throw new JoineryError('CLI-101', 'init needs --connect and --table for a database, or --file for a CSV export');
  const { address, variable } = addressOf(io, options, connect);
  const name = options.name ?? slugOf(lastPart(table));
  checkOptions(options, name);
  // Told before anybody is asked for anything.
  refuseExisting(options, [`${name}.yaml`, `${name}.grants.sql`, ...(options.query === true ? [`${name}.sql`] : [])]);
  const result = await initPipeline({
    ...commonOf(io, options, name),
    type: /^postgres(?:ql)?:\/\//i.test(address) ? 'postgres' : 'mssql',
    connection: new Secret('--connect', address),
    variable,
    table,
    asQuery: options.query === true,
    role: options.role ?? 'joinery_read',
  });
  return { result, next: `Set ${variable} to the address of the database, then` };
}

async function fromFile(io: Io, file: string, options: InitCommandOptions): Promise<Made> {
  const { connect, table, query, role, variable } = options;
  const foreign = Object.entries({ connect, table, query, role, variable }).filter(([, value]) => value !== undefined);
  if (foreign.length > 0)
    throw new JoineryError('CLI-101', `--file is a CSV export, which has no ${foreign.map(([option]) => `--${option}`).join(', ')}`);
  const name = options.name ?? slugOf(basename(file, extname(file)));
  checkOptions(options, name);
  refuseExisting(options, [`${name}.yaml`]);
  // A pipeline names its files from its own folder, on every machine alike.
  const reference = relative(resolve(options.out), resolve(file)).replaceAll('\\', '/');
  if (reference.includes('${')) throw new JoineryError('CLI-101', `--file ${file}: a pipeline takes \${ for a reference to a variable`);
  const result = await initFromFile({ ...commonOf(io, options, name), file, reference });
  return { result, next: 'A file needs no grants, only to be readable for who runs the pipeline. Next' };
}

function commonOf(io: Io, options: InitCommandOptions, name: string) {
  const { key, domain, timezone } = options;
  return { name, key, domain, timezone, sample: Number(options.sample), emulator: options.emulator === true, signal: io.signal };
}

/** Errors: CLI-101 for a variable that is not set, SRC-106 for an address of another kind; neither repeats the address. */
function addressOf(io: Io, options: InitCommandOptions, connect: string): { readonly address: string; readonly variable: string } {
  const reference = /^\$\{([A-Za-z_]\w*)\}$/.exec(connect)?.[1];
  const address = reference === undefined ? connect : environmentOf(io, options)[reference];
  if (address === undefined || address === '') throw new JoineryError('CLI-101', `the variable ${reference ?? ''} of --connect is not set`);
  if (!/^(?:postgres(?:ql)?|mssql|sqlserver):\/\//i.test(address) && !/(?:^|;)\s*(?:server|data source)\s*=/i.test(address))
    throw new JoineryError('SRC-106', 'the address of --connect begins neither with postgres:// nor with mssql://', {
      fix: 'Use one of them; for a CSV export, --file PATH instead of --connect and --table.',
    });
  return { address, variable: options.variable ?? reference ?? 'HR_DATABASE_URL' };
}

function checkOptions({ variable, sample, domain, timezone }: InitCommandOptions, name: string): void {
  const refuse = (message: string): never => {
    throw new JoineryError('CLI-101', message);
  };
  if (!/^[A-Za-z0-9][\w-]{0,63}$/.test(name)) refuse(`--name ${name} is not letters, digits, - and _, at most 64 characters`);
  if (variable !== undefined && !/^[A-Za-z_]\w*$/.test(variable)) refuse(`--variable ${variable} is no name of a variable`);
  if (!/^\d{1,6}$/.test(sample)) refuse(`--sample ${sample} is no number of rows up to 999999`);
  if (domain !== undefined && !/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(domain)) refuse(`--domain ${domain} is no domain`);
  if (timezone !== undefined && !Intl.supportedValuesOf('timeZone').includes(timezone) && timezone !== 'UTC')
    refuse(`--timezone ${timezone} is no time zone of the IANA database such as Europe/Berlin`);
}

/** `hr."Worker List"`: `Worker List`. */
function lastPart(table: string): string {
  return (
    /(?:"((?:[^"]|"")+)"|\[((?:[^\]]|\]\])+)\]|([^.]+))$/
      .exec(table)
      ?.slice(1)
      .find((part) => part !== undefined) ?? ''
  );
}

/** `Worker List`: Worker-List. */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replaceAll(/[^\w-]+/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
    .slice(0, 64);
  return slug === '' ? 'workers' : slug;
}

function refuseExisting({ out, force }: InitCommandOptions, files: readonly string[]): void {
  if (force === true) return;
  const there = files.map((file) => join(out, file)).filter((file) => existsSync(file));
  if (there.length > 0) throw new JoineryError('CLI-106', `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already`);
}

/** Errors: CLI-106 for one that has come since, CLI-102. */
function write(file: string, text: string, isForced: boolean): string {
  try {
    writeFileSync(file, text, { flag: isForced ? 'w' : 'wx' });
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new JoineryError(isThere ? 'CLI-106' : 'CLI-102', isThere ? `${file} is there already` : `${file} cannot be written`, { cause });
  }
  return file;
}

function describe({ proposal }: InitResult, files: readonly string[], next: string, isQuiet: boolean): string {
  const [pipeline = ''] = files;
  if (isQuiet) return `${files.join('\n')}\n`;
  const sure = proposal.attributes.filter(({ isSure }) => isSure).length;
  const open = proposal.attributes.length - sure;
  return [
    ...files.map((file) => `wrote ${file}`),
    `${String(sure)} attributes are proposed, ${String(open)} more stand as comments, because they are not sure.`,
    ...(proposal.decide.length === 0
      ? []
      : ['Before the first run somebody has to decide:', ...proposal.decide.map((sentence) => `  - ${sentence}`)]),
    `${next}: joinery check ${pipeline} --connect`,
    '',
  ].join('\n');
}
