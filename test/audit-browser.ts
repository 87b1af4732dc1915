import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** A real browser of the system; undefined where there is none. */
export const chromiumPath: string | undefined = places.find((path) => existsSync(path));

/** ms; a busy machine is no failure. */
const patience = 120_000;

export function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('there is no Chromium on this machine');
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'], timeout: patience });
}

/** What a page asked for and complained about. */
export interface Watched {
  readonly page: Page;
  readonly requests: string[];
  readonly complaints: string[];
}

export async function openWatched(
  browser: Browser,
  options: { readonly script?: boolean; readonly dark?: boolean } = {},
): Promise<Watched> {
  const context = await browser.newContext({
    javaScriptEnabled: options.script ?? true,
    colorScheme: options.dark === true ? 'dark' : 'light',
    viewport: { width: 1200, height: 900 },
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    requests.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => {
    complaints.push(error.message);
  });
  return { page, requests, complaints };
}

/**
 * The failures of the rules that a reader with a screen reader or a keyboard depends on, and the contrast of every text
 * against its background (WCAG 2.2: 4.5 to 1). Empty when all hold.
 */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  const found: unknown = await page.evaluate(`(() => {
    const problems = [];
    const name = (node) => node.tagName.toLowerCase() + (node.id ? '#' + node.id : '') + ' ' + (node.textContent || '').trim().slice(0, 30);
    if (!document.documentElement.lang) problems.push('no language');
    if (!document.title) problems.push('no title');
    if (document.querySelectorAll('main').length !== 1) problems.push('not one main');
    if (document.querySelectorAll('h1').length !== 1) problems.push('not one h1');
    let level = 1;
    for (const heading of document.querySelectorAll('h1,h2,h3,h4')) {
      const own = Number(heading.tagName[1]);
      if (own > level + 1) problems.push('heading level skipped: ' + name(heading));
      level = own;
    }
    const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
    for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) problems.push('id twice: ' + id);
    for (const svg of document.querySelectorAll('svg')) if (svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')) problems.push('unnamed picture');
    for (const input of document.querySelectorAll('input,select')) if (!document.querySelector('label[for="' + input.id + '"]')) problems.push('unnamed field: ' + name(input));
    for (const table of document.querySelectorAll('table')) if (!table.querySelector('th[scope=col]')) problems.push('table without headings');
    for (const link of document.querySelectorAll('a[href^="#"]')) if (!document.querySelector('[id="' + link.getAttribute('href').slice(1) + '"]')) problems.push('link to nowhere: ' + name(link));
    const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = (rgb) => { const [r, g, b] = rgb.slice(0, 3).map((v) => { const c = v / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const background = (node) => { for (let at = node; at; at = at.parentElement) { const own = parse(getComputedStyle(at).backgroundColor); if (own.length === 3 || own[3] > 0) return own; } return [255, 255, 255]; };
    const seen = new Set();
    for (const node of [...document.querySelectorAll('p,td,th,a,code,span,h1,h2,h3,dt,dd,summary,li')].slice(0, 3000)) {
      if (!node.textContent.trim()) continue;
      const style = getComputedStyle(node);
      const [ink, paper] = [parse(style.color), background(node)];
      const key = ink.join() + '/' + paper.join();
      if (seen.has(key)) continue;
      seen.add(key);
      const [a, b] = [light(ink), light(paper)].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < 4.5) problems.push('contrast ' + ratio.toFixed(2) + ': ' + name(node));
    }
    return problems;
  })()`);
  return Array.isArray(found) ? found.map(String) : [];
}
