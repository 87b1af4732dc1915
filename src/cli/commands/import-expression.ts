import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { EntraExpressionError, importEntraExpression, importEntraSchema, type ImportNote } from '../../jsonata/entra/index.ts';
import type { Io } from '../io.ts';
import { defineCommand, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';

interface ImportOptions extends CommonOptions {
  readonly file?: string;
}

/** `joinery import-expression`: Microsoft's mapping expressions as JSONata. */
export function importExpressionCommand(register: Register): Command {
  return defineCommand(
    'import-expression',
    'Turn a Microsoft mapping expression, or a job schema, into JSONata',
    `joinery import-expression 'Switch([Active], , "1", "True", "0", "False")'`,
  )
    .argument('[expression]', 'the expression as it stands in the portal')
    .option('--file <schema.json>', 'a job schema as Graph returns it: every mapping of it')
    .action(register(importExpression));
}

async function importExpression(io: Io, expression: string | undefined, options: ImportOptions): Promise<ExitClass> {
  await Promise.resolve();
  if ((expression === undefined) === (options.file === undefined)) throw new JoineryError('CLI-101', 'give either an expression or --file');
  return expression === undefined ? importFile(io, options.file ?? '', options) : importOne(io, expression, options);
}

function importOne(io: Io, expression: string, options: ImportOptions): ExitClass {
  let imported: ReturnType<typeof importEntraExpression>;
  try {
    imported = importEntraExpression(expression);
  } catch (error) {
    if (!(error instanceof EntraExpressionError) || options.json === true) throw error;
    const line = expression.split('\n')[error.line - 1] ?? '';
    io.err(`${line}\n${' '.repeat(Math.max(0, error.column - 1))}^\n`);
    throw error;
  }
  if (options.json === true) io.out(`${JSON.stringify(imported)}\n`);
  else {
    io.out(`${imported.jsonata}\n`);
    for (const note of imported.notes) io.err(`${describe(note)}\n`);
  }
  return endOf(imported.notes);
}

function importFile(io: Io, file: string, options: ImportOptions): ExitClass {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new JoineryError('CLI-102', `${file} cannot be read`, { cause });
  }
  const mappings = importEntraSchema(text);
  if (options.json === true) io.out(`${JSON.stringify(mappings)}\n`);
  else {
    for (const { target, expression, jsonata, problem, notes } of mappings) {
      io.out(
        `${target}:\n  # ${expression.replaceAll('\n', ' ')}\n  ${jsonata ?? `# not possible: ${problem?.message ?? 'see the notes'}`}\n`,
      );
      for (const note of notes) io.err(`  ${target}: ${describe(note)}\n`);
    }
  }
  return mappings.some(({ problem }) => problem !== undefined) ? 'configuration' : endOf(mappings.flatMap(({ notes }) => notes));
}

function describe(note: ImportNote): string {
  return `${note.severity} ${note.code} at ${String(note.line)}:${String(note.column)}: ${note.message}${note.fix === undefined ? '' : ` ${note.fix}`}`;
}

/** What has no equivalent must not look like a success to a script. */
function endOf(notes: readonly ImportNote[]): ExitClass {
  return notes.some(({ severity }) => severity === 'error') ? 'configuration' : 'success';
}
