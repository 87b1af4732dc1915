import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { renderCoverage, renderJUnit, renderTestReport, runMappingTests, type MappingTestReport } from '../../mapping/index.ts';
import { compareGolden, renderGolden } from '../../audit/golden.ts';
import { chosenRun, withAudit } from '../audit.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface TestOptions extends CommonOptions {
  readonly coverage?: boolean;
  readonly junit?: string;
  readonly only?: string;
  readonly golden?: string;
}

/** `joinery test`: the `*.test.yaml` beside pipelines and mappings. */
export function testCommand(register: Register): Command {
  return defineCommand(
    'test',
    'Run the tests of mappings: rows in, expected payloads or rejections out',
    'joinery test pipelines --coverage',
  )
    .argument('[paths...]', 'test files, or folders with *.test.yaml (default: pipelines)')
    .option('--coverage', 'show which attributes, branches and lookup keys no case reached')
    .option('--junit <file>', 'write the results as JUnit XML')
    .option('--only <text>', 'only cases whose name contains this')
    .option('--golden <run>', 'map the rows of this run (an id, or `latest`) of a pipeline file again, and show what would differ')
    .action(register(test));
}

/** Errors: CLI-101 unless exactly one pipeline is named; AUD-101, STG-105. */
async function testGolden(io: Io, paths: readonly string[], options: TestOptions): Promise<ExitClass> {
  const [file, ...more] = paths;
  if (file === undefined || more.length > 0 || file.endsWith('.test.yaml'))
    throw new JoineryError('CLI-101', '--golden takes one pipeline file');
  return withAudit(io, file, options, async (audit) => {
    const { store, prepared, masks, say, tell } = audit;
    const report = await compareGolden(store, prepared.pipeline, prepared.mapping, await chosenRun(audit, options.golden), masks);
    say(`${renderGolden(report)}\n`);
    tell({ type: 'result', ...report });
    return report.differing === 0 ? 'success' : 'pending';
  });
}

async function test(io: Io, paths: readonly string[], options: TestOptions): Promise<ExitClass> {
  if (options.golden !== undefined) return testGolden(io, paths, options);
  const files = (paths.length === 0 ? ['pipelines'] : paths).flatMap(testFiles);
  if (files.length === 0) throw new JoineryError('CLI-102', 'there is no *.test.yaml here');
  const reports: MappingTestReport[] = [];
  for (const file of files) {
    const report = await runMappingTests(file, {
      environment: environmentOf(io, options),
      ...(options.only === undefined ? {} : { only: options.only }),
    });
    reports.push(report);
    if (options.json !== true) show(io, report, options);
  }
  if (options.junit !== undefined) writeFileSync(options.junit, renderJUnit(reports));
  const cases = reports.flatMap((report) => report.cases);
  const failed = reports.filter(({ passed }) => !passed).length;
  const broken = reports.filter(({ diagnostics }) => diagnostics.some(({ severity }) => severity === 'error')).length;
  if (options.only !== undefined && cases.length === 0 && broken === 0)
    throw new JoineryError('CLI-101', `no case has ${JSON.stringify(options.only)} in its name`, {
      fix: 'Give a part of the name as the file has it.',
    });
  if (options.json === true) {
    io.out(`${JSON.stringify({ passed: failed === 0, files: reports.map(({ sources: _sources, ...report }) => report) })}\n`);
  } else
    io.out(
      `${plural(cases.length, 'case')} in ${plural(files.length, 'file')}, ${plural(cases.filter(({ passed }) => !passed).length, 'failure')}${broken === 0 ? '' : `, ${plural(broken, 'file')} could not be run`}\n`,
    );
  return failed === 0 ? 'success' : 'configuration';
}

function show(io: Io, report: MappingTestReport, options: TestOptions): void {
  io.out(`${renderTestReport(report)}\n`);
  if (options.coverage === true) io.out(`${renderCoverage(report)}\n`);
}

/** A test file itself, the tests of a folder, or those beside a pipeline file. Errors: CLI-102. */
function testFiles(path: string): string[] {
  try {
    if (statSync(path).isDirectory())
      return readdirSync(path)
        .filter((name) => name.endsWith('.test.yaml'))
        .map((name) => join(path, name));
  } catch (cause) {
    throw new JoineryError('CLI-102', `${path} cannot be read`, { cause });
  }
  if (path.endsWith('.test.yaml')) return [path];
  return testFiles(dirname(path)).filter((file) => file === path.replace(/\.yaml$/, '.test.yaml'));
}
