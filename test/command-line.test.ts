import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSql, fillDirty } from '../samples/databases.ts';
import { runCommandLine } from '../src/cli/program.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { preparePipeline, stateOf } from '../src/stages/prepare.ts';
import { freshDatabase } from './database.ts';
import { runUnheard } from './joinery-process.ts';
import { openWorkplace, root, seeded, uploadsOf, type Workplace } from './workplace.ts';

const pipeline = join(root, 'pipelines', 'contoso-dirty.yaml');

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('the command line', () => {
  const clock = new VirtualClock('2026-11-02T07:00:00Z');
  const folder = mkdtempSync(join(tmpdir(), 'joinery-cli-'));
  const random = seeded(3);
  let work: Workplace;
  let url: string;

  beforeAll(async () => {
    url = await freshDatabase('cli');
    await fillDirty(url);
    work = await openWorkplace({ clock, variables: { HR_EXPORT_URL: url } });
  });

  afterAll(async () => {
    await work.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function joinery(
    words: readonly string[],
    more: { readonly environment?: Record<string, string>; readonly signal?: AbortSignal } = {},
  ): Promise<Said> {
    let out = '';
    let err = '';
    const code = await runCommandLine(words, {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      environment: more.environment ?? { ...work.environment, JOINERY_STATE: work.state },
      isTerminal: false,
      colour: false,
      columns: 100,
      clock,
      chance: { random, uuid: randomUUID },
      signal: more.signal ?? new AbortController().signal,
    });
    return { code, out, err };
  }

  it('shows an example in the help of every command', async () => {
    const { out, code } = await joinery(['--help']);
    expect(code).toBe(0);
    const names = [...out.matchAll(/^ {2}([a-z][a-z-]+) .*$/gm)]
      .map((match) => match[1] ?? '')
      .filter((name) => name !== 'help' && name !== 'joinery');
    expect(names).toEqual(
      expect.arrayContaining(['check', 'plan', 'apply', 'run', 'extract', 'transform', 'batch', 'load', 'reconcile', 'status', 'emulator']),
    );
    // In groups; what stands in none is what commander adds itself.
    expect(
      out
        .slice(out.indexOf('\nCommands:'))
        .split('\n')
        .filter((line) => /^ {2}\w/.test(line)),
    ).toEqual([expect.stringMatching(/^ {2}help /), expect.stringContaining('joinery run')]);
    for (const name of names) {
      const help = await joinery([name, '--help']);
      expect({ name, code: help.code, example: help.out.includes('Example') || help.out.includes('Commands:') }).toEqual({
        name,
        code: 0,
        example: true,
      });
    }
  });

  it('ends with 8 and a code for a command line or a pipeline that it does not understand', async () => {
    expect(await joinery(['runn', pipeline])).toMatchObject({ code: 8, err: expect.stringContaining('CLI-101') });
    expect(await joinery(['load', pipeline])).toMatchObject({ code: 8, err: expect.stringContaining('STG-103') });
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, 'pipeline: x\nsource: { type: oracle }\n');
    const said = await joinery(['check', broken]);
    expect(said.code).toBe(8);
    expect(said.out).toMatch(/broken\.yaml:2:/);
  });

  it('shows the commands to whoever types none, on stderr, and does not take that for success', async () => {
    for (const words of [[], ['audit'], ['journal'], ['entra']]) {
      const said = await joinery(words);
      expect(said).toMatchObject({ code: 8, out: '', err: expect.stringContaining('Commands:') });
      expect(said.err).not.toContain('outputHelp');
    }
  });

  it('takes an empty --state for a mistake, and an empty JOINERY_STATE for one that is not set', async () => {
    expect(await joinery(['status', pipeline, '--state', ''])).toMatchObject({ code: 8, err: expect.stringContaining('--state is empty') });
    const { pipeline: read } = preparePipeline(pipeline, work.environment);
    const stated = { ...read, state: '/somewhere/else' };
    expect(stateOf(stated, { environment: { JOINERY_STATE: '' } })).toBe('/somewhere/else');
    expect(stateOf(stated, { environment: { JOINERY_STATE: '/of/the/environment' } })).toBe('/of/the/environment');
    expect(stateOf(stated, { environment: { JOINERY_STATE: '' }, state: '/of/the/command' })).toBe('/of/the/command');
  });

  it('makes no state for a command that asks or corrects: its place was mistyped', async () => {
    const typo = join(folder, 'typo');
    for (const words of [
      ['status'],
      ['explain', '--worker', 'w1'],
      ['journal', 'verify'],
      ['report'],
      ['apply', '--run', 'latest'],
      ['release', '--worker', 'w1', '--reason', 'x'],
      ['reconcile', '--wait', '0'],
    ]) {
      const [command = '', ...more] = words;
      const line = ['journal', 'entra'].includes(command) ? [...words, pipeline] : [command, pipeline, ...more];
      expect(await joinery([...line, '--state', typo])).toMatchObject({ code: 8, err: expect.stringContaining('STO-102') });
      expect(existsSync(typo)).toBe(false);
    }
  });

  it('makes no state for a command that asks the service or the pipeline file, and says that there is none', async () => {
    const typo = join(folder, 'typo');
    const page = join(folder, 'dictionary.html');
    for (const line of [
      ['dictionary', pipeline, '--out', page],
      ['entra', 'status', pipeline],
      ['entra', 'schema', 'pull', pipeline],
    ]) {
      const said = await joinery([...line, '--state', typo]);
      const told = `There is no state in the folder ${typo}. What it would tell is left out, and none is made.\n`;
      expect(said).toMatchObject({ code: 0, err: line[1] === 'schema' ? '' : told });
      expect(existsSync(typo)).toBe(false);
    }
  });

  it('calls what is no port by its name', async () => {
    for (const port of ['abc', '99999', '-1', '1.5', ''])
      expect(await joinery(['emulator', '--port', port])).toMatchObject({ code: 8, err: expect.stringContaining('--port takes a port') });
  });

  it('goes on when nobody reads what it says, and tells of a result that found no room', { timeout: 60_000 }, async () => {
    const lines = ['check', pipeline];
    expect(await runUnheard(lines, 'gone')).toMatchObject({ code: 0 });
    expect(await runUnheard(['check', join(folder, 'none.yaml')], 'gone')).toMatchObject({ code: 8 });
    if (!existsSync('/dev/full')) return;
    const full = await runUnheard(lines, 'full');
    expect(full).toMatchObject({ code: 8, errors: expect.stringContaining('CLI-102: stdout cannot be written (ENOSPC)') });
    expect(full.errors).not.toMatch(/\bat .*node:/);
  });

  it("proposes with init a pipeline for Microsoft's dirty export, with the reason of each line and a contradiction that is told", async () => {
    const said = await joinery(['init', '--connect', '${HR_EXPORT_URL}', '--table', 'hr_export', '--name', 'dirty', '--out', folder]); // oxlint-disable-line no-template-curly-in-string -- a reference
    expect(said).toMatchObject({ code: 0, err: '', out: expect.stringContaining('1000 rows have 624 keys') });
    const text = readFileSync(join(folder, 'dirty.yaml'), 'utf8');
    expect(text).toMatch(/^ {4}WorkerStatus: \{ type: string, required: true, values: \[Active, Inactive\] \} # text, may be NULL/m);
    expect(text).toMatch(/^ {4}active: WorkerStatus = "Active" # every value that was seen/m);
    expect(text).toMatch(/^ {6}manager: ManagerID # its name says the number of a manager; 627 different/m);
    expect(text).toMatch(/^ {4}# GenderPronoun: \{ type: string, class: sensitive \}/m);
    expect(await joinery(['check', join(folder, 'dirty.yaml'), '--connect'])).toMatchObject({
      code: 0,
      out: expect.stringContaining(': 0 errors, '),
    });
  });

  it('checks a pipeline without variables, and with --connect against the live source', async () => {
    expect(await joinery(['check', pipeline], { environment: {} })).toMatchObject({ code: 0 });
    expect(await joinery(['check', pipeline, '--connect', '--quiet'])).toMatchObject({ code: 0, out: '' });
    // A column that is not there hides neither the other findings nor its place; a source that is gone hides nothing of the file.
    const changed = join(folder, 'contract.yaml');
    writeFileSync(
      changed,
      readFileSync(pipeline, 'utf8')
        .replaceAll('workers-dirty.sql', join(root, 'pipelines', 'workers-dirty.sql'))
        .replaceAll('../', `${root}/`)
        .replace('    RowNumber: { type: integer,', '    FirstNam: { type: string }\n    RowNumber: { type: boolean,'),
    );
    const { out } = await joinery(['check', changed, '--connect', '--quiet']);
    expect(out).toMatch(/MAP-132: the source returns no column FirstNam\n.*contract\.yaml:12:5/);
    expect(out).toMatch(/MAP-133: column RowNumber is declared as boolean, the source returns integer\n.*contract\.yaml:13:5/);
    // A run ends there, too, and names no file that it did not come to write.
    writeFileSync(changed, readFileSync(changed, 'utf8').replace('RowNumber: { type: boolean', 'RowNumber: { type: integer'));
    const ended = await joinery(['run', changed], {
      environment: { ...work.environment, JOINERY_STATE: join(folder, 'state-of-changed') },
    });
    expect(ended).toMatchObject({ code: 7, err: expect.stringContaining('SRC-204') });
    const named = [...(ended.out + ended.err).matchAll(/^ {2}\w+ +(\/.*)$/gm)].map(([, path = '']) => path);
    expect(named.map((path) => existsSync(path))).toEqual([true]);
    writeFileSync(changed, readFileSync(changed, 'utf8').replace(/^( +title:).*$/m, '$1 $nope(1)'));
    const gone = { ...work.environment, HR_EXPORT_URL: 'postgres://nobody@127.0.0.1:1/none' };
    expect(await joinery(['check', changed, '--connect', '--quiet'], { environment: gone })).toMatchObject({
      code: 7,
      out: expect.stringContaining('$nope'),
      err: expect.stringContaining('SRC-101'),
    });
  });

  it('says with plan --exit-code that changes are pending, as one stream of JSON lines, and sends nothing', async () => {
    const { code, out, err } = await joinery(['plan', pipeline, '--exit-code', '--json']);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((text): { readonly type: string } => JSON.parse(text));
    expect(err).toBe('');
    expect(lines.at(-1)).toMatchObject({ type: 'result', plan: { counts: { joiner: 293 } } });
    expect(lines.filter(({ type }) => type === 'change')).toHaveLength(293);
    // New rejections go before pending changes in the table of exit codes.
    expect(code).toBe(3);
    expect(uploadsOf(work.emulator)).toBe(0);
  });

  it('asks both engines for a sample of the workers, and with --verify-engine for everybody, with the same plan', async () => {
    const verifiedBy = async (...options: string[]): Promise<{ readonly verified: number; readonly hash: string }> => {
      const { out } = await joinery(['plan', pipeline, '--json', ...options]);
      const verified = /"answeredByBothEngines":(\d+)/.exec(out)?.[1];
      return { verified: Number(verified), hash: /"hash":"([0-9a-f]+)"/.exec(out)?.[1] ?? '' };
    };
    const sample = await verifiedBy();
    const everybody = await verifiedBy('--verify-engine');
    expect(sample.verified).toBeGreaterThan(0);
    expect(everybody.verified).toBeGreaterThan(100 * sample.verified);
    expect(everybody.hash).toBe(sample.hash);
    const row = JSON.stringify({ WorkerID: 'W1' });
    const plain = await joinery(['eval', pipeline, '--row', row]);
    expect(await joinery(['eval', pipeline, '--row', row, '--verify-engine'])).toEqual(plain);
  });

  it('shows with eval what an attribute is made of, down to the parts of its expression, and takes what --row leaves out for NULL', async () => {
    const clean = join(root, 'pipelines', 'contoso.yaml');
    const row = JSON.stringify({ worker_id: 'W1', country_code: 'DE', first_name: 'Ada', last_nam: 'x' });
    const country = await joinery(['eval', clean, '--row', row, '--attribute', 'addresses.work.country', '--no-color']);
    expect(country.out).toContain(
      [
        'addresses[type eq "work"].country',
        '  $lookup($country, country_code).iso2',
        '  reads country_code = "DE"',
        '  $lookup($country, country_code) → {"iso2":"DE","name":"Germany"}',
        '  = "DE"',
      ].join('\n'),
    );
    expect(country.out).toMatch(/verdict rejected \(\d+ problems elsewhere\)\n$/);
    expect(country.err).toContain('no expression reads last_nam (last_name?)');
    const name = await joinery(['eval', clean, '--row', row, '--attribute', 'displayName', '--no-color']);
    expect(name.out).toMatch(/last_name {2,}nothing {2}column last_name is NULL and required/);
    expect(name.out).toContain('$given = "Ada"');
    expect(name.out).toContain('no value: last_name has no value');
    expect(await joinery(['eval', clean, '--row', row, '--attribute', 'nope'])).toMatchObject({
      code: 8,
      err: expect.stringContaining('AUD-104'),
    });
    expect(await joinery(['test', clean, '--only', 'no such case'])).toMatchObject({
      code: 8,
      err: expect.stringContaining('no such case'),
    });
    expect(await joinery(['eval', clean, '--row', '[]'])).toMatchObject({ code: 8, err: expect.stringContaining('holds no row') });
  });

  it('maps the rows of a stored run again and shows what a changed mapping would change, by attribute and cause', async () => {
    await joinery(['plan', pipeline]);
    const same = await joinery(['test', pipeline, '--golden', 'latest']);
    expect(same).toMatchObject({ code: 0, out: expect.stringContaining('none differs (the mapping is the one of the run)') });
    const yaml = readFileSync(pipeline, 'utf8')
      .replaceAll('workers-dirty.sql', join(root, 'pipelines', 'workers-dirty.sql'))
      .replaceAll('../', `${root}/`);
    const changed = join(folder, 'changed.yaml');
    const golden = async (from: RegExp, to: string): Promise<Said> => {
      expect(yaml).toMatch(from);
      writeFileSync(changed, yaml.replace(from, to));
      return joinery(['test', changed, '--golden', 'latest']);
    };
    const title = await golden(/^( +)title: .*$/m, '$1title: \'"Poet"\'');
    expect(title.code).toBe(2);
    expect(title.out).toMatch(/^title: (value differs|now has a value), \d+ workers {2}.*changed\.yaml:\d+:\d+$/m);
    expect(title.out.match(/ differ$/m)).not.toBeNull();
    const fails = await golden(/^( +)title: .*$/m, '$1title: $number("x") & ""');
    expect(fails.out).toMatch(/^title: now rejected \(MAP-207\), \d+ workers/m);
    expect(await joinery(['test', pipeline, '--golden', 'no-such-run'])).toMatchObject({
      code: 8,
      err: expect.stringContaining('AUD-101'),
    });
    expect(await joinery(['test', '--golden', 'latest'])).toMatchObject({ code: 8, err: expect.stringContaining('CLI-101') });
  });

  it('applies the plan that was chosen by its hash, and nothing else', async () => {
    const planned = await joinery(['plan', pipeline]);
    const hash = /Plan ([0-9a-f]{12})/.exec(planned.out)?.[1] ?? '';
    expect(await joinery(['apply', pipeline, '--plan-hash', '000000000000'])).toMatchObject({ code: 8 });
    const applied = await joinery(['apply', pipeline, '--plan-hash', hash]);
    expect(applied.out).toContain('applied');
    expect(applied.code).toBe(3);
    expect(await joinery(['plan', pipeline, '--exit-code'])).toMatchObject({ code: 0, out: expect.stringContaining('Nothing to send') });
    await executeSql(url, `update hr_export set "JobTitle" = 'Poet' where "WorkerID" = '1000'`);
    expect(await joinery(['plan', pipeline, '--exit-code'])).toMatchObject({ code: 2 });
  });

  it('keeps files of people to their owner', async () => {
    const { out } = await joinery(['status', pipeline, '--json']);
    const status: { readonly runs: readonly { readonly id: string }[] } = JSON.parse(out);
    const run = status.runs[0]?.id ?? '';
    const mode = statSync(join(work.state, 'runs', run, 'plan.json')).mode & 0o777;
    expect(process.platform === 'win32' ? 0o600 : mode).toBe(0o600);
  });

  it('reads variables from --env-file, under those of the environment', async () => {
    const file = join(folder, 'env');
    writeFileSync(
      file,
      Object.entries({ ...work.environment, HR_EXPORT_URL: 'postgres://nobody@127.0.0.1:1/none' })
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    );
    const words = ['check', pipeline, '--connect', '--quiet', '--env-file', file];
    expect((await joinery(words, { environment: {} })).code).toBe(7);
    expect((await joinery(words, { environment: { HR_EXPORT_URL: url } })).code).toBe(0);
    const second = join(folder, 'env.second');
    writeFileSync(second, `HR_EXPORT_URL=${url}\n`);
    expect((await joinery([...words, '--env-file', second], { environment: {} })).code).toBe(0);
    writeFileSync(second, `\uFEFFHR_EXPORT_URL=${url}\r\n`);
    expect((await joinery([...words, '--env-file', second], { environment: {} })).code).toBe(0);
    writeFileSync(second, `\uFEFFHR_EXPORT_URL=${url}\r\n`, 'utf16le');
    expect(await joinery([...words, '--env-file', second], { environment: {} })).toMatchObject({
      code: 8,
      err: expect.stringContaining('cannot be read: it is UTF-16; save it as UTF-8'),
    });
    expect(await joinery(['check', pipeline, '--env-file', join(folder, 'missing')])).toMatchObject({
      code: 8,
      err: expect.stringContaining('CLI-102'),
    });
  });

  it('stops when it is interrupted, and says that the run can be resumed', async () => {
    const abort = new AbortController();
    const { JoineryError } = await import('../src/domain/error.ts');
    abort.abort(new JoineryError('DOM-002', 'stopped by SIGINT'));
    expect(await joinery(['run', pipeline], { signal: abort.signal })).toMatchObject({
      code: 130,
      err: expect.stringContaining('DOM-002'),
    });
  });

  it('refuses a second process on the same pipeline and names the holder', async () => {
    const runner = await work.open(pipeline);
    try {
      const lease = await runner.store.acquireLease(runner.pipeline.name, 'the night job', clock.now());
      expect(await joinery(['plan', pipeline])).toMatchObject({ code: 9, err: expect.stringContaining('the night job') });
      await lease.release();
    } finally {
      await runner.close();
    }
  });

  it('refuses a virtual clock unless the sink is an emulator', async () => {
    const { ENTRA_EMULATOR_ORIGIN: _origin, ...real } = work.environment;
    const text = join(folder, 'real.yaml');
    const yaml = readFileSync(pipeline, 'utf8')
      .replace(/^ {2}emulator:.*\n/m, '')
      .replaceAll('workers-dirty.sql', join(root, 'pipelines', 'workers-dirty.sql'))
      .replaceAll('../samples', join(root, 'samples'));
    writeFileSync(text, yaml);
    const environment = { ...real, JOINERY_STATE: work.state, JOINERY_CLOCK: 'http://127.0.0.1:1' };
    expect(await joinery(['status', text], { environment })).toMatchObject({ code: 8, err: expect.stringContaining('CLI-103') });
  });
});
