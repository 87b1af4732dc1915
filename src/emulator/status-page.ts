import { formatInstant, type Instant } from '../domain/clock.ts';
import type { DeviceCodes } from './device-code.ts';
import type { Answer } from './graph-answer.ts';
import type { Tenant } from './tenant.ts';

/** How many rows of the log are shown. */
const shownRows = 30;

/** The tenant at a glance, for people; no scripts, nothing from elsewhere. */
export function statusPage(tenant: Tenant, devices: DeviceCodes, origin: string, now: Instant): Answer {
  const jobs = [...tenant.jobs.values()];
  const rows = tenant.log.all().slice(-shownRows).toReversed();
  const body = [
    `<h1>Emulated Entra tenant</h1><p>Nothing here is a real tenant. It is ${escape(formatInstant(now))} on its clock.</p>`,
    table('Tenant', ['', ''], [
      ['origin', origin],
      ['tenant', tenant.tenantId],
      ['domains', tenant.domains.join(', ')],
      ['users', String(tenant.directory.size)],
      ['applications', String(tenant.catalog.applications.length)],
      ['sign-ins that wait for a code', devices.waiting.join(', ') || 'none'],
    ]),
    table('Jobs', ['name', 'job', 'state', 'quarantine', 'stored', 'escrowed', 'notification e-mail'], jobs.map((job) => [
      job.identity.displayName,
      job.identity.jobId,
      job.state.schedule,
      job.state.quarantine?.reason ?? '',
      String(job.stored),
      String(job.escrows.size),
      job.state.notificationEmail ?? 'none',
    ])),
    table('Requests', ['request', 'count'], Object.entries(tenant.stats.calls).map(([name, count]) => [name, String(count)])),
    table(`Last ${String(shownRows)} log rows`, ['at', 'worker', 'action', 'status', 'code', 'visible'], rows.map((row) => [
      formatInstant(row.at),
      row.externalId,
      row.action,
      row.status,
      row.error?.errorCode ?? '',
      row.visibleAt <= now ? 'yes' : formatInstant(row.visibleAt),
    ])),
  ]; // prettier-ignore
  const style = 'body{font:14px system-ui;margin:2rem;max-width:80rem}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}'; // prettier-ignore
  return {
    status: 200,
    text: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Emulated Entra tenant</title><style>${style}</style>${body.join('\n')}</html>\n`,
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" },
  };
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
  return `<h2>${escape(title)}</h2><table>${line(head, 'th')}${rows.map((cells) => line(cells, 'td')).join('')}</table>`;
}

/** Everything on the page may have come from a client. */
function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${String(sign.codePointAt(0))};`);
}
