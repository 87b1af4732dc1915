import { readFileSync } from 'node:fs';
import wabt from 'wabt';

/** src/source/row-kernel-code.ts */
export async function renderRowKernel(): Promise<string> {
  const name = 'src/source/rows.wat';
  const toolkit = await wabt();
  const parsed = toolkit.parseWat(name, readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
  try {
    parsed.resolveNames();
    parsed.validate();
    const code = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
    const lines = code.match(/.{1,120}/g) ?? [];
    return [
      `/** Generated from ${name}: WebAssembly, base64. */`,
      'export const rowKernelCode =',
      `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
      '',
    ].join('\n');
  } finally {
    parsed.destroy();
  }
}
