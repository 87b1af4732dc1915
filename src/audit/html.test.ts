import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { html, renderDocument } from './html.ts';

test('nothing that is interpolated can open a tag or leave an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const page = html`<p title="${text}">${text}</p>`.text;
      const inner = page.slice('<p title="'.length, -'</p>'.length);
      expect(inner.split('">')).toHaveLength(2);
      expect(inner.replace('">', '')).not.toMatch(/[<>"']/);
    }),
  );
});

test('lists are joined, Html is kept, nothing is nothing', () => {
  const items = [1, 2].map((n) => html`<li>${n}</li>`);
  expect(
    html`<ul>
      ${items}${undefined}
    </ul>`.text.replaceAll(/\s/g, ''),
  ).toBe('<ul><li>1</li><li>2</li></ul>');
});

test('a page names its own style and script by hash and allows nothing else', () => {
  const page = renderDocument({ title: '<x>', style: 'body{}', script: 'let a=1', body: html`<p>x</p>` });
  expect(page).toContain('default-src &#39;none&#39;');
  expect(page).not.toMatch(/unsafe|https?:|src=|<link|@import|url\(/);
  expect(page).toContain('<title>&lt;x&gt;</title>');
});
