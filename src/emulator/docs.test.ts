import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connectionOf, startEmulator } from './index.ts';
import { switchDeclarations } from './switches.ts';
import { emulatorSwitchesPage } from './switches-page.ts';

const guide = readFileSync(new URL('../../docs/emulator.md', import.meta.url), 'utf8');
const hasCurl = spawnSync('curl', ['--version']).status === 0 && spawnSync('sh', ['-c', 'true']).status === 0;

describe('the emulator’s documentation', () => {
  it('lists every switch with its default, as the code declares it', () => {
    const page = readFileSync(new URL(`../../${emulatorSwitchesPage.path}`, import.meta.url), 'utf8');
    expect(page).toBe(emulatorSwitchesPage.render());
    for (const name of Object.keys(switchDeclarations)) expect(page).toContain(`| \`${name}\` |`);
  });

  it('says what a switch takes, and every default is taken', () => {
    for (const declaration of Object.values(switchDeclarations)) {
      expect(declaration.accepts(declaration.default)).toBe(true);
      expect(declaration.accepts({})).toBe(false);
    }
  });

  it.skipIf(!hasCurl)('has curl examples that work as they stand', async () => {
    const emulator = await startEmulator({ latencyMs: 0 });
    const blocks = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    expect(blocks).toHaveLength(2);
    const run = promisify(execFile);
    const { stdout } = await run('sh', ['-e', '-c', blocks.join('\nprintf "\\n--\\n"\n')], {
      env: { ...process.env, ...connectionOf(emulator) },
    });
    const [upload = '', reads = ''] = stdout.split('\n--\n');
    expect(upload).toMatch(/^HTTP\/1\.1 202 Accepted\r\n/);
    expect(reads).toContain('"provisioningAction":"create"');
    expect(reads).toContain('"userPrincipalName":"m.keller@contoso.example","department":"Finance","accountEnabled":true');
    expect(reads).toContain(`"id":"${emulator.jobId}","templateId":"API2AAD"`);
    expect(emulator.stats.defects).toEqual([]);
    await emulator.close();
  });

  it('has an example for msal-node that works as it stands, and asks nobody but the emulator', async () => {
    const emulator = await startEmulator();
    const [block = ''] = [...guide.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', block], {
      cwd: new URL('../..', import.meta.url),
      env: { ...process.env, ...connectionOf(emulator) },
    });
    expect(stdout).toBe('200\n');
    expect(emulator.stats.tokens).toBe(1);
    await emulator.close();
  });
});
