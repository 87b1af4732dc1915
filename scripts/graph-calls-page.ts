import { callOf, graphCalls, type GraphCall } from '../src/entra/calls.ts';
import { graphAppId, roleIds } from '../src/entra/roles.ts';
import { recordCalls, type Exchange } from './record-calls.ts';

/** Members whose values are secrets, or too long to be read. */
const secretMembers = new Set(['access_token', 'secretText', 'hint', 'key', 'customKeyIdentifier', 'client_secret']);
const shownRequestHeaders = ['content-type', 'client-request-id'];
const shownHeaders = ['location', 'request-id', 'client-request-id', 'retry-after'];
/** The same in every tenant, and worth reading. */
const constants = new Set<string>([graphAppId, ...Object.values(roleIds)]);
/** Of a list only so many items are shown. */
const shownItems = 1;

const by: Readonly<Record<GraphCall['by'], string>> = {
  runner: 'The runner',
  administrator: 'The administrator: start, pause, restart, schema push',
  'set-up': 'Whoever sets up',
};

/** docs/reference/graph-calls.md: the page is recorded anew each time, so that it cannot say anything that the program does not do. */
export async function renderGraphCalls(): Promise<string> {
  const { exchanges, origin } = await recordCalls();
  const sanitise = createSanitiser(origin);
  const token = exchanges.find(({ path }) => path.includes('/oauth2/v2.0/token'));
  const lines = [
    '# Every call of Microsoft Graph, recorded',
    '',
    '<!-- Made by scripts/record-calls.ts; do not edit. -->',
    '',
    'These are all the calls that Joinery can make; its client refuses to send any other. Each was made by Joinery’s own functions against the',
    '[emulator](../emulator.md), and none of them has been compared with a live tenant. Ids are numbered in the order in which they first appear, secrets are',
    `left out, and of a list the first ${shownItems === 1 ? 'item is' : `${String(shownItems)} items are`} shown. Every request to Graph also carries \`Authorization: Bearer\`.`,
    '',
    '| Call | By | Least role |',
    '| --- | --- | --- |',
    ...graphCalls.map((call) => `| [${call.method} ${call.path}](#${anchorOf(call)}) | ${call.by} | \`${call.role}\` |`),
    '',
    '## The token',
    '',
    ...(token === undefined ? [] : render(token, sanitise, 'https://login.microsoftonline.com')),
  ];
  for (const group of ['set-up', 'runner', 'administrator'] as const) {
    lines.push(`## ${by[group]}`, '');
    for (const call of graphCalls) {
      if (call.by !== group) continue;
      lines.push(`### ${call.words}`, '', `Needs \`${call.role}\`.`, '');
      const exchange = exchangeOf(call, exchanges);
      if (exchange !== undefined) lines.push(...render(exchange, sanitise, 'https://graph.microsoft.com'));
    }
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The first that succeeded. */
export function exchangeOf(call: GraphCall, exchanges: readonly Exchange[]): Exchange | undefined {
  return exchanges.find((one) => one.status < 300 && callOf(one.method, one.path.split('?')[0] ?? '') === call);
}

function anchorOf({ words }: GraphCall): string {
  return words
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function render(exchange: Exchange, sanitise: (text: string) => string, origin: string): string[] {
  const fields = (names: readonly string[], from: Readonly<Record<string, string>>): string[] =>
    names.flatMap((name) => (from[name] === undefined ? [] : [`${name}: ${from[name]}`]));
  const request = [`${exchange.method} ${origin}${exchange.path}`, ...fields(shownRequestHeaders, exchange.requestHeaders)];
  const answer = [`HTTP/1.1 ${String(exchange.status)}`, ...fields(shownHeaders, exchange.headers)];
  const [sent, given] = [bodyOf(exchange.requestBody), bodyOf(exchange.body)];
  const text = [...request, ...(sent === '' ? [] : ['', sent]), '', ...answer, ...(given === '' ? [] : ['', given])].join('\n');
  return ['```http', sanitise(text), '```', ''];
}

function bodyOf(text: string): string {
  if (text === '') return '';
  if (text.startsWith('{')) return JSON.stringify(shorten(JSON.parse(text)), undefined, 2);
  return text
    .split('&')
    .filter((pair) => !/^(?:x-client|x-app|x-ms|client_info|client-request-id|claims)/.test(pair))
    .map((pair) => (secretMembers.has(pair.split('=')[0] ?? '') ? `${pair.split('=')[0] ?? ''}=•••` : pair))
    .join('&');
}

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) {
    const rest = value.length - shownItems;
    return [...value.slice(0, shownItems).map(shorten), ...(rest > 0 ? [`… ${String(rest)} more`] : [])];
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, secretMembers.has(name) && typeof member === 'string' ? '•••' : shorten(member)]),
  );
}

/** Ids by the order of their appearance, with and without dashes; the emulator’s address becomes Graph’s. */
function createSanitiser(origin: string): (text: string) => string {
  const ids = new Map<string, string>();
  const numbered = (id: string): string => {
    const key = id.replaceAll('-', '').toLowerCase();
    const known = ids.get(key) ?? `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, '0')}`;
    ids.set(key, known);
    return id.includes('-') ? known : known.replaceAll('-', '');
  };
  return (text) =>
    text
      .replaceAll(origin, 'https://graph.microsoft.com')
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b/gi, (id) =>
        constants.has(id.toLowerCase()) ? id : numbered(id),
      )
      .replaceAll(/(\$skiptoken=)[\w.-]+/g, '$1•••');
}
