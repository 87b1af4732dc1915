/**
 * `npm run bench:transform`: one HR worker through 25 SCIM attributes, in every engine at hand. The workload is the shared one
 * (../shared/bench-workload, or the folder in BENCH_WORKLOAD). Outputs are proved equal first; guardrails are on; CPU time of this
 * process; medians of interleaved rounds, so read the ratios. Exit code 1 when a required ratio is missed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import jsonata from 'jsonata';
import { compile, compileUnit, type FunctionDeclarations } from '../src/jsonata/index.ts';

type Row = Record<string, unknown>;
interface Workload {
  readonly A: readonly (readonly [string, string])[];
  readonly B: string;
  readonly FUNCS: Record<string, readonly [(...args: any[]) => unknown, string | undefined]>;
  readonly bindings: Record<string, unknown>;
  assemble(values: readonly unknown[]): unknown;
  hand(row: Row): unknown;
  register(expression: jsonata.Expression): jsonata.Expression;
}

const folder = process.env['BENCH_WORKLOAD'] ?? fileURLToPath(new URL('../../shared/bench-workload/', import.meta.url));
if (!existsSync(join(folder, 'mapping.js'))) {
  console.error(`the workload is not at ${folder}; set BENCH_WORKLOAD`);
  process.exit(2);
}
// The workload's files are CommonJS.
const load = createRequire(import.meta.url);
const workload: Workload = load(join(folder, 'mapping.js'));
const generator: { rows(count: number): Row[] } = load(join(folder, 'gen.js'));

const rounds = Number(process.env['ROUNDS'] ?? 9);
const fast = generator.rows(20_000);
const slow = fast.slice(0, 1_500);
const { bindings } = workload;
const functions: FunctionDeclarations = Object.fromEntries(
  Object.entries(workload.FUNCS).map(([name, [implementation, signature]]) => [
    name,
    signature === undefined ? { implementation } : { implementation, signature },
  ]),
);

const whole = compile(workload.B, { functions });
const unit = compileUnit(
  workload.A.map(([name, source]) => ({ name, source })),
  { functions },
);
const referenceWhole = workload.register(jsonata(workload.B));
const referenceParts = workload.A.map(([, source]) => workload.register(jsonata(source)));

function unitValues(row: Row): readonly unknown[] {
  const result = unit.evaluate(row, bindings);
  if (result instanceof Promise) throw new Error('the unit fell back to the reference');
  return result.values;
}

async function partsOf(row: Row): Promise<unknown[]> {
  const values: unknown[] = [];
  for (const expression of referenceParts) values.push(await expression.evaluate(row));
  return values;
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function proveEqual(): Promise<void> {
  for (const [index, row] of fast.entries()) {
    const wanted = asJson(workload.hand(row));
    const values: [string, unknown][] = [
      ['compile()', whole.evaluate(row, bindings)],
      ['compileUnit()', workload.assemble(unitValues(row))],
    ];
    if (index < 500)
      values.push(['jsonata, whole', await referenceWhole.evaluate(row)], ['jsonata, 25 parts', workload.assemble(await partsOf(row))]);
    for (const [name, value] of values) {
      if (!isDeepStrictEqual(asJson(value), wanted))
        throw new Error(`${name} differs from the hand-written mapping on row ${String(index)}`);
    }
    if (index < 500 && JSON.stringify(values[0]?.[1]) !== JSON.stringify(values[2]?.[1]))
      throw new Error(`row ${String(index)} is not byte-identical`);
  }
  if (whole.stats().fallbacks > 0 || unit.stats().fallbacks > 0) throw new Error('an evaluation fell back to the reference');
}

interface Variant {
  readonly name: string;
  readonly rows: readonly Row[];
  run(rows: readonly Row[]): void | Promise<void>;
}

const variants: readonly Variant[] = [
  { name: 'hand-written', rows: fast, run: (all) => all.forEach((row) => void workload.hand(row)) },
  { name: 'compile(), one expression', rows: fast, run: (all) => all.forEach((row) => void whole.evaluate(row, bindings)) },
  { name: 'compileUnit(), 25 attributes', rows: fast, run: (all) => all.forEach((row) => void unit.evaluate(row, bindings)) },
  {
    name: 'jsonata 2.2.2, one expression',
    rows: slow,
    run: async (all) => {
      for (const row of all) await referenceWhole.evaluate(row);
    },
  },
  {
    name: 'jsonata 2.2.2, 25 expressions',
    rows: slow,
    run: async (all) => {
      for (const row of all) await partsOf(row);
    },
  },
];

/** CPU microseconds per row. */
async function measure(variant: Variant): Promise<number> {
  const before = process.cpuUsage();
  await variant.run(variant.rows);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / variant.rows.length;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function measureFilter(tool: string): number | undefined {
  if (spawnSync(tool, ['--version']).status !== 0) return undefined;
  const temporary = mkdtempSync(join(tmpdir(), 'joinery-bench-'));
  try {
    const input = join(temporary, 'rows.ndjson');
    const departments = join(temporary, 'departments.json');
    writeFileSync(input, fast.map((row) => JSON.stringify(row)).join('\n'));
    writeFileSync(departments, JSON.stringify(bindings['departments']));
    const args = [
      '-c',
      '--slurpfile',
      'departments',
      departments,
      '--arg',
      'asOf',
      String(bindings['asOf']),
      '-f',
      join(folder, 'mapping.jq'),
      input,
    ];
    const times = Array.from({ length: 3 }, () => {
      const start = process.hrtime.bigint();
      const { status } = spawnSync(tool, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      return status === 0 ? Number(process.hrtime.bigint() - start) / 1000 / fast.length : NaN;
    });
    return median(times);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

await proveEqual();
console.log(
  `outputs equal on ${String(fast.length)} rows, compiled and jsonata byte for byte on 500; guardrails on; Node ${process.version}`,
);
for (const variant of variants) await measure(variant);
const measured = new Map(variants.map((variant) => [variant.name, [] as number[]]));
for (let round = 0; round < rounds; round += 1) {
  for (const variant of variants) measured.get(variant.name)?.push(await measure(variant));
}
const of = (index: number): number => median(measured.get(variants[index]?.name ?? '') ?? []);
const [hand, one, many, referenceOne, referenceMany] = [of(0), of(1), of(2), of(3), of(4)];
console.log(`median of ${String(rounds)} interleaved rounds, CPU µs per worker`);
for (const [index, variant] of variants.entries()) {
  const values = measured.get(variant.name) ?? [];
  const range = `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;
  console.log(`  ${variant.name.padEnd(32)} ${of(index).toFixed(2).padStart(8)}  (${range})  ${(of(index) / hand).toFixed(2)} × hand`);
}
for (const tool of ['jq', 'gojq']) {
  const time = measureFilter(tool);
  console.log(
    time === undefined ? `  ${tool} is not installed` : `  ${`${tool}, NDJSON in and out, wall`.padEnd(32)} ${time.toFixed(2).padStart(8)}`,
  );
}
const required: readonly (readonly [string, boolean])[] = [
  [`one expression: ${(one / hand).toFixed(2)} × hand-written, at most 2`, one / hand <= 2],
  [`one expression: ${(referenceOne / one).toFixed(1)} × faster than jsonata, at least 40`, referenceOne / one >= 40],
  [`25 attributes: ${(many / hand).toFixed(2)} × hand-written, at most 3`, many / hand <= 3],
  [`25 attributes: ${(referenceMany / many).toFixed(1)} × faster than jsonata, at least 30`, referenceMany / many >= 30],
];
for (const [text, reached] of required) console.log(`${reached ? 'reached' : 'MISSED '}  ${text}`);
process.exitCode = required.every(([, reached]) => reached) ? 0 : 1;
