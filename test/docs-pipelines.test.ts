import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../src/domain/diagnostic.ts';
import { loadPipeline } from '../src/pipeline/load.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

interface Block {
  readonly name: string;
  readonly text: string;
}

/** The YAML blocks of a page that are whole pipelines. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(join(repository, page), 'utf8').replaceAll('\r\n', '\n');
  return [...text.matchAll(/^```ya?ml\n(pipeline:[\s\S]*?)^```$/gm)].map((match) => ({
    name: `${page}:${String(text.slice(0, match.index).split('\n').length)}`,
    text: match[1] ?? '',
  }));
}

/** Pages of checks show fragments, wrong ones among them, and have tests of their own. */
const ofChecks = join('reference', 'checks');
const docs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.md') && !name.startsWith(ofChecks),
);
const pages = [...docs.map((name) => join('docs', name)), 'README.md'].filter((page) => existsSync(join(repository, page)));
const blocks = pages.flatMap(blocksOf);

/** Errors of a block as if it stood in `pipelines/`, whose files it may name; an SQL file of the reader's own is any query. */
function problemsOf({ text }: Block): string[] {
  const file = join(repository, 'pipelines', 'from-the-docs.yaml');
  const { diagnostics, sources } = loadPipeline(file, {
    environment: {},
    unset: 'standIn',
    readFile(path) {
      if (path === file) return text;
      return path.endsWith('.sql') && !existsSync(path) ? 'select 1' : readFileSync(path, 'utf8');
    },
  });
  return diagnostics.filter(({ severity }) => severity !== 'notice').map((diagnostic) => renderDiagnostic(diagnostic, sources));
}

describe('pipelines in the documents', () => {
  it('are there', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(2);
  });

  it.each(blocks)('load without a problem: $name', (block) => {
    expect(problemsOf(block)).toEqual([]);
  });
});
