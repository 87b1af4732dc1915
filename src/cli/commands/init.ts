import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { Secret } from '../../domain/masking.ts';
import { initPipeline, type InitResult } from '../../stages/init.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';

interface InitCommandOptions extends CommonOptions {
  readonly connect: string;
  readonly table: string;
  readonly out: string;
  readonly name?: string;
  readonly key?: string;
  readonly variable?: string;
  readonly query?: boolean;
  readonly role: string;
  readonly domain?: string;
  readonly timezone?: string;
  readonly sample: string;
  readonly emulator?: boolean;
  readonly force?: boolean;
}

/** `joinery init`: a pipeline for a table, with the reason of every line. */
export function initCommand(register: Register): Command {
  return defineCommand(
    'init',
    'Write a pipeline for a table: its contract, a proposed mapping with reasons, and the grants that it needs',
    "joinery init --connect '${HR_DATABASE_URL}' --table hr.workers --out pipelines", // oxlint-disable-line no-template-curly-in-string -- a reference
  )
    .requiredOption('--connect <url>', 'address of the database, or ${NAME} of the variable that holds it; it is written nowhere') // oxlint-disable-line no-template-curly-in-string -- a reference
    .requiredOption('--table <name>', 'the table or view, with its schema')
    .option('--out <folder>', 'where the files are written', '.')
    .option('--name <name>', 'name of the pipeline and its files; without it that of the table')
    .option('--key <column>', 'the column that names the worker for life')
    .option(
      '--variable <name>',
      'variable that will hold the address for the pipeline; without it the one of --connect, or HR_DATABASE_URL',
    )
    .option('--query', 'write the SELECT into a file of its own, to be edited')
    .option('--role <name>', 'login that is granted the columns', 'joinery_read')
    .option('--domain <name>', 'domain of the names to sign in with')
    .option('--timezone <zone>', 'IANA time zone in which days begin')
    .option('--sample <rows>', 'so many rows are looked at, for the shapes of their values; 0: names alone', '10000')
    .option('--emulator', 'send to an emulated tenant')
    .option('--force', 'write over files that are there')
    .action(register(init));
}

async function init(io: Io, options: InitCommandOptions): Promise<ExitClass> {
  const { address, variable } = addressOf(io, options);
  const name = options.name ?? slugOf(options.table);
  checkOptions(options, name);
  // Told before anybody is asked for anything.
  refuseExisting(options, [`${name}.yaml`, `${name}.grants.sql`, ...(options.query === true ? [`${name}.sql`] : [])]);
  const result = await initPipeline({
    type: /^postgres(?:ql)?:\/\//i.test(address) ? 'postgres' : 'mssql',
    connection: new Secret('--connect', address),
    variable,
    table: options.table,
    name,
    key: options.key,
    sample: Number(options.sample),
    domain: options.domain,
    timezone: options.timezone,
    asQuery: options.query === true,
    role: options.role,
    emulator: options.emulator === true,
    signal: io.signal,
  });
  mkdirSync(options.out, { recursive: true });
  const written = [...result.files].map(([file, text]) => write(join(options.out, file), text, options.force === true));
  if (options.json === true) io.out(`${JSON.stringify({ files: written, decide: result.proposal.decide })}\n`);
  else io.out(describe(result, written, variable, options.quiet === true));
  return 'success';
}

/** Errors: CLI-101 for a variable that is not set, SRC-106 for an address of another kind; neither repeats the address. */
function addressOf(io: Io, options: InitCommandOptions): { readonly address: string; readonly variable: string } {
  const reference = /^\$\{([A-Za-z_]\w*)\}$/.exec(options.connect)?.[1];
  const address = reference === undefined ? options.connect : environmentOf(io, options)[reference];
  if (address === undefined || address === '') throw new JoineryError('CLI-101', `the variable ${reference ?? ''} of --connect is not set`);
  if (!/^(?:postgres(?:ql)?|mssql|sqlserver):\/\//i.test(address) && !/(?:^|;)\s*(?:server|data source)\s*=/i.test(address))
    throw new JoineryError('SRC-106', 'the address of --connect begins neither with postgres:// nor with mssql://');
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

/** `hr."Worker List"`: Worker-List. */
function slugOf(table: string): string {
  const last =
    /(?:"((?:[^"]|"")+)"|\[((?:[^\]]|\]\])+)\]|([^.]+))$/
      .exec(table)
      ?.slice(1)
      .find((part) => part !== undefined) ?? '';
  const slug = last
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

function describe({ proposal }: InitResult, files: readonly string[], variable: string, isQuiet: boolean): string {
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
    `Set ${variable} to the address of the database, then: joinery check ${pipeline} --connect`,
    '',
  ].join('\n');
}
