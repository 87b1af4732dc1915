import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../domain/diagnostic.ts';
import { pipelineErrors } from '../domain/errors/pipeline.ts';
import { loadPipeline } from './load.ts';

const folder = fileURLToPath(new URL('corpus', import.meta.url));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));

const environment = {
  HR_DATABASE_URL: 'postgres://hr:hunter2@db.contoso.example/hr',
  HR_HOST: 'db.contoso.example',
  ENTRA_TENANT_ID: '8d1f0c4e-5f0b-4c57-9a3e-2f3b9d6c7a10',
  ENTRA_SERVICE_PRINCIPAL_ID: '1b6a1c52-6a0f-4f5e-8a55-0d5c0b6c2e11',
  ENTRA_JOB_ID: 'API2AAD.8d1f0c4e5f0b4c579a3e2f3b9d6c7a10.3c0c2f6e-31b1-4e0c-8d4d-6f1f6d9b7c22',
  ENTRA_CLIENT_ID: '52d4f6f0-9d24-4d0e-b9a5-7f8f0b1f3d33',
  ENTRA_CLIENT_SECRET: 'abc~8Q~literal-secret',
  EMPTY: '',
};

/** The corpus as if it were the working directory, so that no place names a folder of this machine. */
function load(file: string): ReturnType<typeof loadPipeline> {
  return loadPipeline(file, { environment, readFile: (path) => readFileSync(join(folder, relative(process.cwd(), path)), 'utf8') });
}

function render(file: string): string {
  const { diagnostics, sources } = load(file);
  return `${diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, sources)).join('\n\n')}\n`;
}

describe('diagnostics of broken pipelines', () => {
  it.each(names)('are shown as recorded for %s', async (name) => {
    await expect(render(`${name}.yaml`)).toMatchFileSnapshot(join(folder, `${name}.txt`));
  });

  it.each(names)('name a place in %s and show no secret', (name) => {
    const { diagnostics } = load(`${name}.yaml`);
    expect(diagnostics.length).toBeGreaterThan(0);
    for (const { place } of diagnostics) expect(place?.line).toBeGreaterThan(0);
    expect(render(`${name}.yaml`)).not.toMatch(/hunter2|literal-secret/);
  });

  it('are recorded for every code of the pipeline file', () => {
    const seen = new Set<string>(names.flatMap((name) => load(`${name}.yaml`).diagnostics.map(({ code }) => code)));
    for (const { code } of load('no-such-pipeline.yaml').diagnostics) seen.add(code);
    expect(Object.keys(pipelineErrors).filter((code) => !seen.has(code))).toEqual([]);
  });

  it('never come with a pipeline when one of them is an error', () => {
    for (const name of names) {
      const { pipeline, diagnostics } = load(`${name}.yaml`);
      expect(pipeline === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
    }
  });
});
