import { createHash } from 'node:crypto';

/** Text that is HTML already; only `html` makes it, so that everything else is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | undefined | readonly Part[];

/** Template tag: what is interpolated is escaped unless it is Html; lists are joined, undefined is nothing. Attribute values must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? '';
  for (let index = 0; index < parts.length; index++) text += textOf(parts[index]) + (strings[index + 1] ?? '');
  return new Html(text);
}

export const nothing = new Html('');

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') {
    let text = '';
    for (const one of part) text += textOf(one);
    return text;
  }
  return escapeHtml(String(part));
}

const special = /[&<>"'\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/; // oxlint-disable-line no-control-regex -- these are what is looked for

/** Control characters, which HTML forbids, become U+FFFD. */
function escapeHtml(text: string): string {
  // Most text has nothing to escape, and a page is made of a hundred thousand of them.
  if (!special.test(text)) return text;
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g, '\uFFFD'); // oxlint-disable-line no-control-regex -- these are what is replaced
}

export interface DocumentParts {
  readonly title: string;
  readonly style: string;
  readonly body: Html;
  readonly script?: string;
  /** Seconds after which a reader loads the page anew, for a run that is under way. */
  readonly refresh?: number;
}

/** A whole page that loads nothing: its content security policy allows its own style and script, by hash, and nothing else. */
export function renderDocument({ title, style, body, script, refresh }: DocumentParts): string {
  const policy = contentSecurityPolicy(style, script);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
${refresh === undefined ? nothing : html`<meta http-equiv="refresh" content="${refresh}">`}
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${body}
${script === undefined ? nothing : html`<script>${new Html(script)}</script>`}
</body>
</html>
`; // prettier-ignore
  return page.text;
}

function contentSecurityPolicy(style: string, script?: string): string {
  const scripts = script === undefined ? `'none'` : `'sha256-${digest(script)}'`;
  return `default-src 'none'; style-src 'sha256-${digest(style)}'; script-src ${scripts}; form-action 'self'; base-uri 'none'`;
}

function digest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64');
}
