import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Driver from 'better-sqlite3';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderDictionary } from '../src/audit/dictionary-page.ts';
import { buildDictionary } from '../src/audit/dictionary.ts';
import { masksOf } from '../src/audit/masks.ts';
import { pagesOf, serveAudit, type AuditServer } from '../src/audit/serve.ts';
import { differences } from '../src/scim/index.ts';
import { preparePipeline, type Prepared } from '../src/stages/prepare.ts';
import type { Store } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { accessibilityProblems, chromiumPath, launchBrowser, openWatched } from './audit-browser.ts';
import { pipelineFile, special, type Office } from './audit-office.ts';

/** Set by somebody who wants the pictures of the documents made anew. */
const pictures = process.env['JOINERY_PICTURES'];

export function describePages(open: () => Office): void {
  describe('the pages of the audit', () => {
    let office: Office;
    let store: Store;
    let prepared: Prepared;
    let server: AuditServer;
    let dictionary: string;
    let reports: readonly string[];
    let day2: string;

    beforeAll(async () => {
      office = open();
      store = await openStore(office.state, { clock: office.clock });
      prepared = preparePipeline(pipelineFile, office.work.environment);
      server = await serveAudit({ ...prepared, store, clock: office.clock, token: 'a-token-of-the-test', port: 0 });
      dictionary = join(office.state, 'dictionary.html');
      await office.joinery('dictionary', pipelineFile, '--out', dictionary);
      const runs = await store.runs.list('contoso-workforce', 10);
      reports = runs.map(({ id }) => join(office.state, 'runs', id, 'report.html'));
      day2 = runs[1]?.id ?? '';
    }, 240_000);

    afterAll(async () => {
      await server.close();
      await store.close();
    });

    it('answers nobody without the token, under another host name, or who wants to write', async () => {
      const { origin } = new URL(server.url);
      const app = pagesOf({ ...prepared, store, clock: office.clock, token: 'secret', port: 0 });
      expect((await fetch(`${origin}/`)).status).toBe(404);
      expect((await fetch(`${origin}/a-token-of-the-tesu/`)).status).toBe(404);
      expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
      expect((await app.request('http://attacker.example/secret/', { headers: { host: 'attacker.example' } })).status).toBe(404);
      const good = await fetch(server.url);
      expect(good.status).toBe(200);
      expect(good.headers.get('cache-control')).toBe('no-store');
      expect((await fetch(`${server.url}runs/unknown`)).status).toBe(404);
      expect((await fetch(`${server.url}workers?id=%3Cscript%3E`)).status).toBe(404);
      expect(await (await fetch(`${server.url}workers?id=%3Cscript%3E`)).text()).not.toContain('<script>');
    });

    it('gives the same dictionary, byte for byte, for the same pipeline and ledger', async () => {
      const built = await buildDictionary(store, prepared.pipeline, masksOf(prepared.pipeline));
      expect(renderDictionary(built)).toBe(readFileSync(dictionary, 'utf8'));
      const department = built.attributes.find(({ path }) => path.endsWith(':department'));
      const sql = new Driver(join(office.state, 'state.sqlite'), { readonly: true });
      const filled = sql
        .prepare(
          `SELECT COUNT(*) FROM entries, json_each(confirmed_payload) e WHERE e.key LIKE '%enterprise%' AND e.value ->> '$.department' IS NOT NULL`,
        )
        .pluck()
        .get();
      expect(department).toMatchObject({ filled, columns: ['department'], words: 'the column department, as it is', class: 'public' });
      expect(built.workers).toBe(sql.prepare('SELECT COUNT(*) FROM entries WHERE confirmed_hash IS NOT NULL').pluck().get());
      sql.close();
      const country = built.attributes.find(({ path }) => path.endsWith('.country'));
      expect(country).toMatchObject({ lookups: ['country'], words: 'the iso2 of the column country_code in the table country' });
      expect(built.lineage.edges).toContainEqual(['$given', 'displayName']);
    });

    describe.skipIf(chromiumPath === undefined)('in a real Chromium', () => {
      let browser: Browser;
      beforeAll(async () => {
        browser = await launchBrowser();
      });
      afterAll(async () => {
        await browser.close();
      });

      it('opens the report without the network, and its figures stand in the page', async () => {
        const { page, requests, complaints } = await openWatched(browser);
        const url = pathToFileURL(join(office.state, 'runs', day2, 'report.html')).href;
        await page.goto(url);
        expect({ requests, complaints }).toEqual({ requests: [url], complaints: [] });
        expect(await accessibilityProblems(page)).toEqual([]);
        const sql = new Driver(join(office.state, 'state.sqlite'), { readonly: true });
        const all = sql.prepare('SELECT COUNT(*) FROM operations WHERE run = ?').pluck().get(day2);
        sql.close();
        expect((await page.locator('section[aria-labelledby=outcomes] tfoot td.n').last().textContent())?.trim()).toBe(String(all));
      });

      it('filters the workers by what is typed, and shows all of them without script', async () => {
        const url = pathToFileURL(join(office.state, 'runs', day2, 'report.html')).href;
        const { page } = await openWatched(browser);
        await page.goto(url);
        const rows = page.locator('tr[data-find]');
        const all = await rows.count();
        await page.getByLabel('Search').fill('leaver w0041');
        expect(await rows.locator('visible=true').count()).toBeLessThan(all);
        for (const text of await rows.locator('visible=true').allTextContents()) expect(text).toMatch(/W0041\d\d\s*leaver/);
        const plain = await openWatched(browser, { script: false });
        await plain.page.goto(url);
        expect(await plain.page.locator('tr[data-find]').locator('visible=true').count()).toBe(all);
        expect(await plain.page.getByLabel('Search').isVisible()).toBe(false);
      });

      it('leads by keyboard alone from the runs to a run and to a worker, in the dark as well', async () => {
        const { page, complaints } = await openWatched(browser, { dark: true, script: false });
        await page.goto(server.url);
        expect(await accessibilityProblems(page)).toEqual([]);
        await page.keyboard.press('Tab');
        expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content');
        await page.getByLabel('Worker', { exact: true }).focus();
        await page.keyboard.type(special.silent);
        await page.keyboard.press('Enter');
        await page.waitForURL(/workers\?id=/);
        expect(await page.locator('h1').textContent()).toContain(special.silent);
        expect(await accessibilityProblems(page)).toEqual([]);
        await page.getByRole('link', { name: 'Runs', exact: true }).focus();
        await page.keyboard.press('Enter');
        await page.getByRole('link', { name: day2 }).click();
        await page.waitForURL(/runs\//);
        expect(await accessibilityProblems(page)).toEqual([]);
        await page.getByRole('link', { name: 'To look at' }).click();
        await page.waitForURL(/steward/);
        expect(await page.getByRole('link', { name: special.rejected }).count()).toBe(1);
        expect(complaints).toEqual([]);
      });

      it('prints black on white what the screen shows dark, with nothing folded away and no table cut off', async () => {
        const { page } = await openWatched(browser, { dark: true });
        let folded = 0;
        for (const url of [pathToFileURL(join(office.state, 'runs', day2, 'report.html')).href, pathToFileURL(dictionary).href]) {
          await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
          await page.setViewportSize({ width: 700, height: 1000 });
          await page.goto(url);
          expect(await accessibilityProblems(page)).toEqual([]);
          expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
          folded += await page.locator('details:not([open])').count();
          const lost = `[...document.querySelectorAll('details :not(summary)')].filter((node) => !node.checkVisibility()).length`;
          const cut = `[...document.querySelectorAll('body, .scroll, pre')].filter((node) => node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== 'visible').length`;
          const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
          expect({ url, lost: await page.evaluate(lost), cut: await page.evaluate(cut), wide: await page.evaluate(wide) }).toEqual({
            url,
            lost: 0,
            cut: 0,
            wide: 0,
          });
        }
        expect(folded).toBeGreaterThan(0);
      });

      it('draws the dictionary', async () => {
        const { page, requests, complaints } = await openWatched(browser);
        await page.goto(pathToFileURL(dictionary).href);
        expect({ requests: requests.length, complaints }).toEqual({ requests: 1, complaints: [] });
        expect(await accessibilityProblems(page)).toEqual([]);
        expect(await page.locator('svg path.edge').count()).toBeGreaterThan(20);
      });

      it.skipIf(pictures === undefined)('makes the pictures of the documents anew', { timeout: 120_000 }, async () => {
        const folder = pictures ?? '';
        mkdirSync(folder, { recursive: true });
        const shots: readonly (readonly [string, string, boolean])[] = [
          ['report', pathToFileURL(join(office.state, 'runs', day2, 'report.html')).href, false],
          ['report-dark', pathToFileURL(join(office.state, 'runs', day2, 'report.html')).href, true],
          ['runs', server.url, false],
          ['page', `${server.url}steward`, false],
          ['dictionary', pathToFileURL(dictionary).href, false],
        ];
        for (const [name, url, dark] of shots) {
          const { page } = await openWatched(browser, { dark });
          await page.goto(url);
          writeFileSync(join(folder, `audit-${name}.png`), await page.screenshot());
          if (name === 'report') writeFileSync(join(folder, 'audit-report.pdf'), await page.pdf({ format: 'A4' }));
        }
        expect(readdirSync(folder)).toEqual(expect.arrayContaining(['audit-report.png', 'audit-dictionary.png']));
      });
    });

    it(
      'shows no personal value and no secret in logs, reports, pages, dictionary, exports, plans and what else is told',
      { timeout: 240_000 },
      async () => {
        const exports: string[] = [];
        for (const what of ['payloads', 'changes', 'rejections', 'outcomes', 'operations', 'steward'])
          for (const format of ['csv', 'ndjson'])
            exports.push((await office.joinery('export', pipelineFile, '--run', day2, '--what', what, '--format', format)).out);
        const parquet = join(office.state, 'payloads.parquet');
        await office.joinery('export', pipelineFile, '--run', day2, '--what', 'payloads', '--format', 'parquet', '--out', parquet);
        exports.push(JSON.stringify(await parquetReadObjects({ file: await asyncBufferFromFile(parquet) }), plainly));
        const pages = await Promise.all(
          [
            '',
            `runs/${day2}`,
            'steward',
            'steward.csv',
            ...Object.values(special).map((id) => `workers?id=${id}`),
            'workers?id=W004050',
          ].map(async (path) => (await fetch(`${server.url}${path}`)).text()),
        );
        const told = await Promise.all(
          Object.values(special).map(async (id) => (await office.joinery('explain', pipelineFile, '--worker', id, '--json')).out),
        );
        // Last, for they leave a run behind: what people are told before and after the sending.
        const expires = new Date(office.clock.now() + 3_600_000).toISOString();
        for (const command of [
          ['plan', pipelineFile],
          ['plan', pipelineFile, '--json'],
          ['approve', pipelineFile, '--run', 'latest', '--guard', 'population', '--reason', 'a test', '--expires', expires],
          ['status', pipelineFile, '--json'],
          ['forecast', pipelineFile],
          ['verify', pipelineFile],
          ['verify', pipelineFile, '--json'],
        ]) {
          const { out, err } = await office.joinery(...command);
          expect({ command, words: `${out}${err}`.length > 40 }).toEqual({ command, words: true });
          told.push(out + err);
        }
        const all = [
          office.printed,
          ...reports.map((path) => readFileSync(path, 'utf8')),
          readFileSync(dictionary, 'utf8'),
          ...exports,
          ...pages,
          ...told,
        ].join('\n');
        const wordBreak = /[^\p{L}\p{N}@.'’+/-]+/u;
        const words = new Set(all.split(wordBreak));
        const masks = masksOf(prepared.pipeline);
        const leaks = new Set<string>();
        for await (const chunk of store.ledger.streamEntries(
          { tenant: prepared.pipeline.sink.tenant, job: prepared.pipeline.sink.job },
          'contoso-workforce',
        )) {
          for (const { desired, confirmed } of chunk) {
            const payload = confirmed?.payload ?? desired?.payload;
            for (const { path, new: value } of payload === undefined ? [] : differences(undefined, payload)) {
              if (
                masks.isOpen(path) ||
                typeof value !== 'string' ||
                !/userName|name\.|displayName|phone|streetAddress|postalCode/.test(path)
              )
                continue;
              // Looked for as a whole only where each of its words stands somewhere: everything told is long.
              if (value.length > 3 && value.split(wordBreak).every((word) => word === '' || words.has(word)) && all.includes(value))
                leaks.add(`${path} ${value}`);
            }
          }
        }
        expect([...leaks].slice(0, 10)).toEqual([]);
        for (const secret of [office.work.environment['ENTRA_CLIENT_SECRET'] ?? 'none', 'a-token-of-nobody', 'Bearer ey'])
          expect(all).not.toContain(secret);
        expect(office.work.environment['ENTRA_CLIENT_SECRET']?.length).toBeGreaterThan(8);
        // The search can find something: the names do stand in the run files, which are the named exception.
        expect(readFileSync(join(office.state, 'runs', day2, 'plan.ndjson'), 'utf8')).toContain('"familyName":"Łęcka-O\'Brien"');
        expect(all).toContain('W004050');
      },
    );
  });
}

/** Parquet has integers that JSON does not. */
function plainly(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
